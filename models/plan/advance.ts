/** The change that a step makes to the view, and what happens to the process meanwhile. */
import { kindOf } from "../faults/index.ts";
import { mayBeLetGo } from "../policy/deliveries.ts";
import { attemptsInAll } from "../policy/publishing.ts";
import { effective } from "../policy/two-sides.ts";
import { frameBytes } from "../vocabulary/frame.ts";
import type { Profile } from "../vocabulary/profile.ts";
import {
  type Fault,
  type HealAwait,
  type PublishStep,
  partsOf,
  type Step,
  type StepId,
} from "../vocabulary/scenario.ts";
import { attemptsWhileRefused } from "./asking-again.ts";
import { advanceDown, endHindrance } from "./down.ts";
import { dialMeanwhile } from "./giving-up.ts";
import { mayDeleteBesideHang } from "./hanging.ts";
import {
  beginStart,
  dialOn,
  endProcess,
  firstConnected,
  type Life,
  passTime,
  startProcess,
  unknownUnlessUnlimited,
} from "./life.ts";
import { opened } from "./pool.ts";
import { askProbes } from "./probes.ts";
import { fillRoom, leavesUnacked } from "./room.ts";
import { hasPolicy, type Setting } from "./setting.ts";
import { cutSlow, healSlow, leaveSlow, publishToSlow, subscribeSlow } from "./slow.ts";
import { trackUses } from "./unused.ts";
import { bitOf, isCalm, isDown, isDurable, unsubscribe, type View } from "./view.ts";

/** Nothing happens to the process. */
const nothing: readonly Life[] = [];

/** Turns the view into the one after the step, which must be enabled. */
export function advance(view: View, step: Step, overlapping: boolean, setting: Setting): readonly Life[] {
  const life = change(view, step, overlapping, setting);
  if (hasPolicy(setting)) {
    askProbes(view, setting.policy);
    trackUses(view, step);
  }
  return life;
}

function change(view: View, step: Step, overlapping: boolean, setting: Setting): readonly Life[] {
  switch (step.kind) {
    case "start":
      return advanceStart(view, step.replica ?? 0, setting);
    case "fault": {
      const life = advanceFault(view, step.id, step.fault, setting);
      endDrain(view, setting.profile.drain.atDisconnect);
      return life;
    }
    case "heal": {
      const life = advanceHeal(view, step.awaits, setting);
      endDrain(view, { tells: "ok", leaves: "closed" });
      return life;
    }
    case "advance":
      return hasPolicy(setting) ? passTime(view, step.ms, setting, true) : nothing;
    case "publish":
      advancePublish(view, step, overlapping, setting);
      return nothing;
    case "exit":
      if (view.policy !== undefined) view.landed = false;
      endProcess(view);
      return nothing;
    case "signal":
      if (step.signal === "TERM" && mayDeleteBesideHang(view, step.replica, setting)) view.mayLackDurables = true;
      for (const part of partsOf(step)) advance(view, part, false, setting);
      if (step.replica > 0) endPeer(view, step.replica);
      else {
        view.landed = false;
        endProcess(view);
      }
      return nothing;
    case "subscribe":
      view.subscribed |= bitOf(step.replica);
      if (step.handler === "hangs") view.hanging |= bitOf(step.replica);
      view.consumed = [...view.consumed, step.subject];
      if (leavesUnacked(step)) view.unacked = [...view.unacked, step.subject];
      if (hasPolicy(setting) && mayBeLetGo(step.handler, effective(setting.policy.consume)))
        view.freed = [...view.freed, step.subject];
      if (step.handler === "naks") view.nakked = [...view.nakked, step.subject];
      subscribeSlow(view, step);
      fillRoom(view, step.subject);
      return nothing;
    case "flush":
      if (overlapping) view.quiet = false;
      else if (view.client === "connected" && view.link === "up" && view.hindrance === "none") {
        view.quiet = true;
        if (view.policy !== undefined) view.landed = true;
      }
      return nothing;
    case "drain":
    case "close":
      if (overlapping) view.draining = true;
      else advanceEnd(view, step.kind, setting.profile);
      return nothing;
    case "together":
      for (const call of step.steps) {
        if (view.ended !== "no" || !view.started) break;
        advance(view, call, false, setting);
      }
      return nothing;
    case "await-noticed":
      if (view.hindrance === "blackhole") advanceDown(view, "noticed");
      else view.client = "disconnected";
      return nothing;
  }
}

function endPeer(view: View, replica: number): void {
  view.peers &= ~bitOf(replica);
  unsubscribe(view, replica);
  leaveSlow(view, replica);
}

function advancePublish(view: View, step: PublishStep, overlapping: boolean, setting: Setting): void {
  const { options, profile } = setting;
  if (view.policy !== undefined) {
    view.published = [...view.published, step];
    view.landed = !overlapping && isDurable(view, step) && isCalm(view) && view.client === "connected";
  }
  publishToSlow(view, step.subject);
  fillRoom(view, step.subject);
  view.attempting = overlapping ? attemptsOf(view, step, setting) : 0;
  if (!overlapping) dialMeanwhile(view, step, setting);
  if (overlapping) view.quiet = false;
  else if (view.hindrance === "lose-ack" && isDurable(view, step)) advanceDown(view, "noticed");
  else spendBytes(view, step.count * frameBytes(step.subject ?? options.subject, step.bytes, profile));
}

/** A single call that is not asynchronous makes all of its attempts. */
function attemptsOf(view: View, step: PublishStep, setting: Setting): number {
  if (view.policy === undefined || step.count > 1 || step.async === true) return 0;
  const whileRefused = attemptsWhileRefused(view, step, setting);
  if (whileRefused > 0) return whileRefused;
  return isDurable(view, step) ? attemptsInAll(view.policy.publish) : 0;
}

function spendBytes(view: View, bytes: number): void {
  view.quiet = false;
  if (view.hindrance === "hold" || view.hindrance === "pause") view.keptBytes += bytes;
  if (view.hindrance !== "limit" || view.ended !== "no") return;
  view.limitBytesLeft -= bytes;
  if (view.limitBytesLeft > 0) return;
  endHindrance(view);
  view.link = "down";
  view.client = "disconnected";
}

function advanceEnd(view: View, call: "drain" | "close", profile: Profile): void {
  const down = view.client === "disconnected";
  const leaves = call === "drain" && down ? profile.drain.whileDown.leaves : "closed";
  if (leaves !== "open") view.ended = leaves;
}

/** The end of a drain that was pending. */
function endDrain(view: View, end: Profile["drain"]["atDisconnect"]): void {
  if (!view.draining) return;
  view.draining = false;
  if (end.tells !== "timers") view.ended = end.leaves;
}

function advanceStart(view: View, replica: number, setting: Setting): readonly Life[] {
  if (replica > 0) {
    view.peers |= bitOf(replica);
    return nothing;
  }
  if (hasPolicy(setting)) return beginStart(view, setting);
  view.started = true;
  view.client = "connected";
  view.quiet = true;
  return nothing;
}

function advanceFault(view: View, step: StepId, fault: Fault, setting: Setting): readonly Life[] {
  view.attempting = 0;
  const life = kindOf(fault).install(view, step, fault, setting);
  cutSlow(view);
  if (view.policy !== undefined && view.started && isDown(view) && view.ended === "no") dialOn(view, setting);
  return life;
}

function advanceHeal(view: View, awaits: HealAwait, setting: Setting): readonly Life[] {
  view.attempting = 0;
  view.quiet = false;
  if (view.policy !== undefined) view.landed = false;
  const wasDown = view.link === "down";
  endHindrance(view);
  view.dialsAwaited = 0;
  view.serversCut = 0;
  view.pool = isDown(view) ? unknownUnlessUnlimited(view.pool) : opened(view.pool);
  if (awaits === "handshake") {
    view.link = "handshake";
    return nothing;
  }
  view.link = "up";
  view.door = "shut";
  view.jetStream = true;
  view.serverUp = true;
  view.givesUp = undefined;
  if (view.isOutside && hasPolicy(setting)) return startProcess(view, setting, "scenario");
  if (!view.started || view.ended === "closed") return nothing;
  if (view.process === "waiting") return firstConnected(view);
  view.client = awaits === "connected" ? "connected" : "unsure";
  healSlow(view, setting, wasDown);
  return nothing;
}
