/** What a step makes of the view. */
import { frameBytes } from "../vocabulary/frame.ts";
import type { Profile } from "../vocabulary/profile.ts";
import type { Fault, Options, Step, StepId } from "../vocabulary/scenario.ts";
import { clientClosed, dialOn, endProcess, firstConnected, passTime, startProcess } from "./life.ts";
import { bitOf, isDown, isDurable, type View } from "./view.ts";

/** The view after the step; only for a step that is enabled. */
export function advance(view: View, step: Step, overlapping: boolean, options: Options, profile: Profile): void {
  switch (step.kind) {
    case "start":
      advanceStart(view, step.replica ?? 0, options, profile);
      return;
    case "publish":
      if (view.policy !== undefined) view.published = [...view.published, step];
      if (overlapping) view.quiet = false;
      else if (view.hindrance === "lose-ack" && isDurable(view, step)) advanceDown(view, "noticed");
      else advancePublish(view, step.count, frameBytes(step.subject ?? options.subject, step.bytes, profile));
      return;
    case "exit":
      endProcess(view);
      return;
    case "signal":
      if (step.replica > 0) endPeer(view, step.replica);
      else endProcess(view);
      return;
    case "advance":
      if (view.policy !== undefined) passTime(view, step.ms, { policy: view.policy, profile, options });
      return;
    case "subscribe":
      view.subscribed |= bitOf(step.replica);
      return;
    case "flush":
      if (view.client === "connected" && view.link === "up" && view.hindrance === "none") view.quiet = true;
      return;
    case "drain":
    case "close":
      advanceEnd(view, step.kind, profile);
      return;
    case "together":
      for (const call of step.steps) {
        if (view.ended !== "no" || !view.started) return;
        advance(view, call, false, options, profile);
      }
      return;
    case "fault":
      advanceFault(view, step.id, step.fault);
      if (view.policy !== undefined && view.started && isDown(view) && view.ended === "no")
        dialOn(view, { policy: view.policy, profile, options });
      return;
    case "await-noticed":
      if (view.hindrance === "blackhole") advanceDown(view, "noticed");
      else view.client = "disconnected";
      return;
    case "heal":
      advanceHeal(view, step.awaits);
      return;
  }
}

function endPeer(view: View, replica: number): void {
  view.peers &= ~bitOf(replica);
  view.subscribed &= ~bitOf(replica);
}

function advancePublish(view: View, count: number, frame: number): void {
  view.quiet = false;
  if (view.hindrance === "hold" || view.hindrance === "pause") view.keptBytes += count * frame;
  if (view.hindrance !== "limit" || view.ended !== "no") return;
  view.limitBytesLeft -= count * frame;
  if (view.limitBytesLeft > 0) return;
  view.hindrance = "none";
  view.link = "down";
  view.client = "disconnected";
}

function advanceEnd(view: View, call: "drain" | "close", profile: Profile): void {
  const down = view.client === "disconnected";
  const leaves = call === "drain" && down ? profile.drain.whileDown.leaves : "closed";
  if (leaves !== "open") view.ended = leaves;
}

function advanceStart(view: View, replica: number, options: Options, profile: Profile): void {
  if (replica > 0) {
    view.peers |= bitOf(replica);
    return;
  }
  if (view.policy !== undefined) {
    startProcess(view, { policy: view.policy, profile, options }, "scenario");
    return;
  }
  view.started = true;
  view.client = "connected";
  view.quiet = true;
}

function advanceFault(view: View, step: StepId, fault: Fault): void {
  switch (fault.kind) {
    case "hold":
      view.hindrance = "hold";
      return;
    case "limit":
      view.hindrance = "limit";
      view.limitBytesLeft = fault.bytes;
      view.limitStep = step;
      return;
    case "pause-server":
      view.hindrance = "pause";
      return;
    case "blackhole":
      view.hindrance = "blackhole";
      return;
    case "lose-ack":
      view.hindrance = "lose-ack";
      view.limitStep = step;
      return;
    case "no-jetstream":
      view.jetStream = false;
      return;
    case "refuse-credentials":
      view.link = "down";
      view.door = "refuses";
      return;
    case "silent-handshake":
      view.link = "down";
      view.door = "silent";
      return;
    case "cut":
    case "stop-server":
    case "power-loss":
      advanceDown(view, fault.awaits);
      if (view.policy === undefined) return;
      view.serverUp = fault.kind === "cut";
      if (fault.awaits === "gave-up") clientClosed(view, view.policy.startup.whenClosed, "client-closed");
      return;
  }
}

function advanceDown(view: View, awaits: "noticed" | "gave-up" | "none"): void {
  view.hindrance = "none";
  view.keptBytes = 0;
  view.link = "down";
  if (view.ended !== "no") return;
  view.client = awaits === "none" ? "unsure" : "disconnected";
  if (awaits === "gave-up") view.ended = "closed";
}

function advanceHeal(view: View, awaits: "connected" | "handshake" | "none"): void {
  view.quiet = false;
  view.hindrance = "none";
  view.keptBytes = 0;
  if (awaits === "handshake") {
    view.link = "handshake";
    return;
  }
  view.link = "up";
  view.door = "shut";
  view.jetStream = true;
  view.serverUp = true;
  view.givesUp = undefined;
  if (!view.started || view.ended === "closed") return;
  if (view.process === "waiting") {
    firstConnected(view);
    return;
  }
  view.client = awaits === "connected" ? "connected" : "unsure";
}
