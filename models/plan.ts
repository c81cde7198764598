/**
 * What the harness knows before it does a step: the link, the faults in force, whether the client's state was awaited. It
 * follows from the scenario and the profile alone, so every world does, overlaps and skips exactly the same steps, and a
 * shrunk scenario is still a scenario. Read by the model and by every world; never asks what only the client knows.
 */
import { frameBytes } from "./vocabulary/frame.ts";
import type { Profile } from "./vocabulary/profile.ts";
import type { CallStep, Fault, Options, Scenario, Step, StepId } from "./vocabulary/scenario.ts";

export interface View {
  started: boolean;
  /** What became of the connection for good; `stuck` reconnects but refuses every publish. */
  ended: "no" | "closed" | "stuck";
  link: "up" | "handshake" | "down";
  /** What else is done to the link or the server while `link` is up. */
  hindrance: "none" | "hold" | "limit" | "blackhole" | "pause";
  limitBytesLeft: number;
  /** The step that set the limit. */
  limitStep: StepId;
  /** Published into a link or server that keeps it. */
  keptBytes: number;
  /** The client's state as awaited; `unsure` after an un-awaited cut or heal. */
  client: "connected" | "disconnected" | "unsure";
  /** Nothing was sent since the last flush that succeeded: a byte anchor counts only what follows. */
  quiet: boolean;
}

export const newView = (): View => ({
  started: false,
  ended: "no",
  link: "up",
  hindrance: "none",
  limitBytesLeft: 0,
  limitStep: "",
  keptBytes: 0,
  client: "disconnected",
  quiet: true,
});

/** Field by field: a view is copied twice a step, and a spread costs several times as much. */
const copyView = (view: Readonly<View>): View => ({
  started: view.started,
  ended: view.ended,
  link: view.link,
  hindrance: view.hindrance,
  limitBytesLeft: view.limitBytesLeft,
  limitStep: view.limitStep,
  keptBytes: view.keptBytes,
  client: view.client,
  quiet: view.quiet,
});

const isSilent = (view: View): boolean => view.hindrance === "blackhole" || view.hindrance === "pause";
const isDown = (view: View): boolean => view.link !== "up";

/** Whether the publish step is still running when `next` is done. */
export function overlaps(view: View, step: Step, next: Step | undefined): boolean {
  if (step.kind !== "publish" || step.overlap !== true || next === undefined) return false;
  if (view.hindrance !== "none" || view.ended !== "no") return false;
  if (next.kind === "heal") return view.link === "handshake" && next.awaits === "connected";
  if (next.kind !== "fault" || view.client !== "connected" || isDown(view)) return false;
  // Whether a limit or an interval would begin within the burst is not for a byte anchor or a stale clock to say.
  return next.fault.kind === "cut" || next.fault.kind === "stop-server";
}

/** Why the step cannot be done here, or undefined. `next` is the scenario's next step, since a blocked publish needs its heal. */
export function notEnabled(view: View, step: Step, next: Step | undefined, options: Options): string | undefined {
  if (step.kind === "start") return view.started ? "the bus is started already" : undefined;
  if (!view.started) return "the bus is not started";
  switch (step.kind) {
    case "publish":
    case "flush":
    case "drain":
    case "close":
      return callNotEnabled(view, step, next, options);
    case "together":
      return togetherNotEnabled(view, step.steps, options);
    case "fault":
      return faultNotEnabled(view, step.fault, options);
    case "await-noticed":
      if (view.hindrance !== "blackhole" && view.hindrance !== "pause") return "the link is not silent";
      if (options.pingIntervalMs === undefined) return "nothing would let the client notice it";
      return view.client === "connected" && view.ended === "no" ? undefined : "the client has noticed already";
    case "heal":
      return healNotEnabled(view, step.awaits, options);
    case "exit":
    case "subscribe":
    case "signal":
    case "advance":
      return noPolicy;
  }
}

const noPolicy = "the scenario has no policy";

/** Well below what proxy and kernel take before nats.go's publish blocks; live, 3.7 MiB went into one unread connection. */
const keptBytesMax = 1_048_576;
/** A round trip takes a millisecond, but who can tell on a busy machine. */
const calmFlushMsMin = 1_000;

/** A proxy that resets drops what it has not yet passed on, on the server's side too. */
const resetDrops = "the proxy would reset the server's side too, and drop what is on its way";

function callNotEnabled(view: View, step: CallStep, next: Step | undefined, options: Options): string | undefined {
  if (step.kind === "publish") {
    if (view.hindrance === "pause" && view.client !== "connected")
      return "a dial to the paused server may hold the call";
    if (view.link === "handshake" && !overlaps(view, step, next)) return "the call may block until the handshake ends";
    const keeps = view.hindrance === "hold" || view.hindrance === "pause";
    const bytes = step.count * frameBytes(options.subject, step.bytes);
    if (keeps && view.keptBytes + bytes > keptBytesMax) return "more than the sockets take would block the call";
    return undefined;
  }
  if (view.ended !== "no") return "the connection has ended";
  if (view.link === "handshake") return "the call may block until the handshake ends";
  if (view.hindrance === "limit") return "its bytes would count against the limit in force";
  if (isSilent(view)) return "nothing would end it but timers";
  if (step.kind === "flush") {
    const calm = view.client === "connected" && view.hindrance === "none";
    return calm && step.timeoutMs < calmFlushMsMin
      ? "on a busy machine its wait may end before the round trip"
      : undefined;
  }
  if (step.kind === "drain") {
    if (view.hindrance === "hold") return "nothing would end it but the client's own timers";
    return view.client === "unsure" ? "whether it meets a live connection is not known" : undefined;
  }
  if (options.cutsWith === "rst" && view.link === "up") return resetDrops;
  return view.client === "unsure" && view.link === "up" ? "whether it meets a live connection is not known" : undefined;
}

function togetherNotEnabled(view: View, steps: readonly CallStep[], options: Options): string | undefined {
  if (view.ended !== "no") return "the connection has ended";
  if (
    view.client === "unsure" ||
    view.link === "handshake" ||
    view.hindrance === "limit" ||
    view.hindrance === "pause"
  ) {
    return "the client's state is not known";
  }
  return steps.map(step => callNotEnabled(view, step, undefined, options)).find(reason => reason !== undefined);
}

function faultNotEnabled(view: View, fault: Fault, options: Options): string | undefined {
  if (isDown(view)) return "the link is down already";
  const gone = view.ended !== "no";
  if (fault.kind === "cut" && gone) return view.ended === "stuck" ? "the connection has ended" : undefined;
  if (gone) return "the connection has ended";
  if (view.client !== "connected") return "the client may not be connected";
  const stale = options.pingIntervalMs !== undefined;
  const finite = options.reconnectAttemptsMax >= 0;
  switch (fault.kind) {
    case "cut":
      if (view.hindrance === "pause") return "the server is paused";
      if (isSilent(view) && stale) return "the client's own PINGs would race with it";
      return awaitNotEnabled(fault.awaits, finite);
    case "stop-server":
      if (view.hindrance !== "none") return "another fault is in force";
      return awaitNotEnabled(fault.awaits, finite);
    case "hold":
    case "limit":
      if (view.hindrance !== "none") return "another fault is in force";
      if (stale || finite) return "the client's own PINGs or its giving up would race with it";
      if (fault.kind === "limit" && !view.quiet) return "a byte anchor needs a flushed link";
      if (fault.kind === "limit" && options.cutsWith === "rst") return resetDrops;
      return undefined;
    case "blackhole":
    case "pause-server":
      if (view.hindrance !== "none") return "another fault is in force";
      if (fault.kind === "pause-server" && options.cutsWith === "rst") return resetDrops;
      return finite ? "the client's giving up would race with it" : undefined;
    default:
      return noPolicy;
  }
}

function awaitNotEnabled(awaits: "noticed" | "gave-up" | "none", finite: boolean): string | undefined {
  if (finite && awaits !== "gave-up") return "the client's giving up would race with what follows";
  if (!finite && awaits === "gave-up") return "this client never gives up";
  return undefined;
}

function healNotEnabled(view: View, awaits: "connected" | "handshake" | "none", options: Options): string | undefined {
  if (isSilent(view) && view.client === "connected" && options.pingIntervalMs !== undefined)
    return "the client's own PINGs would race with it";
  if (view.link === "up" && view.hindrance === "none" && view.client !== "unsure") return "nothing is to be healed";
  if (awaits === "handshake") {
    if (view.link !== "down" || view.client !== "disconnected" || view.ended !== "no") return "no dial is awaited";
  }
  if (awaits === "none" && (view.link !== "down" || view.hindrance === "pause" || view.ended !== "no"))
    return "nothing would race with it";
  return undefined;
}

/** The view after the step; only for a step that is enabled. */
export function advance(view: View, step: Step, overlapping: boolean, options: Options, profile: Profile): void {
  switch (step.kind) {
    case "start":
      view.started = true;
      view.client = "connected";
      view.quiet = true;
      return;
    case "publish":
      if (!overlapping) advancePublish(view, step.count, frameBytes(options.subject, step.bytes));
      else view.quiet = false;
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
        if (view.ended !== "no") return;
        advance(view, call, false, options, profile);
      }
      return;
    case "fault":
      advanceFault(view, step.id, step.fault);
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
  view.ended = call === "drain" && down && profile.drain.whileDown.leaves === "stuck" ? "stuck" : "closed";
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
    case "cut":
    case "stop-server":
      advanceDown(view, fault.awaits);
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
  if (view.ended === "closed") return;
  view.client = awaits === "connected" ? "connected" : "unsure";
}

/** The calls of a `together` that are made: once the connection has been ended, only publishes. */
export function callsMade(calls: readonly CallStep[]): readonly CallStep[] {
  const end = calls.findIndex(call => call.kind === "close" || call.kind === "drain");
  return calls.filter((call, i) => end < 0 || i <= end || call.kind === "publish");
}

export interface PlannedStep {
  readonly step: Step;
  /** Why it is skipped. */
  readonly skipped?: string;
  /** It still runs when the next one is done. */
  readonly overlapping: boolean;
  /** What the harness knows before and after it. */
  readonly before: Readonly<View>;
  readonly after: Readonly<View>;
}

/** The last step of every case, appended by the harness: heal all, settle, observe. */
export const settleId: StepId = "settle";

export interface Plan {
  readonly steps: readonly PlannedStep[];
  readonly end: Readonly<View>;
}

/** The plan made last: world, oracle and coverage ask for that of the same case in turn. */
let last: { readonly scenario: Scenario; readonly profile: Profile; readonly plan: Plan } | undefined;

/** Every step of the scenario with what is done about it. */
export function plan(scenario: Scenario, profile: Profile): Plan {
  if (last?.scenario !== scenario || last.profile !== profile)
    last = { scenario, profile, plan: planSteps(scenario, profile) };
  return last.plan;
}

function planSteps({ steps, options }: Scenario, profile: Profile): Plan {
  const view = newView();
  let before: Readonly<View> = copyView(view);
  const planned = steps.map((step, i): PlannedStep => {
    const next = steps[i + 1];
    const skipped = notEnabled(view, step, next, options);
    if (skipped !== undefined) return { step, skipped, overlapping: false, before, after: before };
    const overlapping = overlaps(view, step, next) && notEnabledAfter(view, step, next, options, profile) === undefined;
    advance(view, step, overlapping, options, profile);
    const after = copyView(view);
    const one = { step, overlapping, before, after };
    before = after;
    return one;
  });
  return { steps: planned, end: view };
}

function notEnabledAfter(
  view: View,
  step: Step,
  next: Step | undefined,
  options: Options,
  profile: Profile,
): string | undefined {
  if (next === undefined) return "nothing follows";
  const after = copyView(view);
  advance(after, step, true, options, profile);
  return notEnabled(after, next, undefined, options);
}
