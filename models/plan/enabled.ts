/** Which steps can be done here, and why not; which publishes are still running when the next step is done. */
import { frameBytes } from "../vocabulary/frame.ts";
import { isClassifiedDurable } from "../vocabulary/policy-rules.ts";
import type { Profile } from "../vocabulary/profile.ts";
import type { CallStep, Fault, Options, PublishStep, Step } from "../vocabulary/scenario.ts";
import { dialsBeforeGivingUp } from "./attempts.ts";
import { bitOf, isCalm, isDown, isDurable, isSilent, type View } from "./view.ts";

/** Whether the publish step is still running when `next` is done. */
export function overlaps(view: View, step: Step, next: Step | undefined): boolean {
  if (step.kind !== "publish" || step.overlap !== true || next === undefined) return false;
  if (view.hindrance !== "none" || view.ended !== "no") return false;
  if (next.kind === "heal") {
    if (next.awaits !== "connected") return false;
    // A publish that waits for its acknowledgement can outlast an outage.
    return isDurable(view, step) ? view.link === "down" && view.process === "running" : view.link === "handshake";
  }
  if (next.kind !== "fault" || view.client !== "connected" || isDown(view)) return false;
  // Whether a limit or an interval would begin within the burst is not for a byte anchor or a stale clock to say.
  return next.fault.kind === "cut" || next.fault.kind === "stop-server";
}

/** Why the step cannot be done here, or undefined. `next` is the scenario's next step, since a blocked publish needs its heal. */
export function notEnabled(
  view: View,
  step: Step,
  next: Step | undefined,
  options: Options,
  profile: Profile,
): string | undefined {
  if (step.kind === "start") return startNotEnabled(view, step.replica ?? 0);
  if (view.policy !== undefined) {
    if (step.kind === "advance") return timeNotEnabled(view, step.ms, options);
    if (!view.started && step.kind === "fault") return coldFaultNotEnabled(view, step.fault);
    if (step.kind === "signal" && step.replica > 0) return peerNotEnabled(view, step.replica);
    if (step.kind === "subscribe") return subscribeNotEnabled(view, step.replica, step.subject);
  }
  if (!view.started && !(step.kind === "heal" && (view.policy !== undefined || view.process === "exited")))
    return "the bus is not started";
  switch (step.kind) {
    case "publish":
    case "flush":
    case "drain":
    case "close":
    case "exit":
      return callNotEnabled(view, step, next, options, profile);
    case "together":
      return togetherNotEnabled(view, step.steps, options, profile);
    case "fault":
      return faultNotEnabled(view, step.fault, options, profile);
    case "await-noticed":
      if (view.hindrance !== "blackhole" && view.hindrance !== "pause") return "the link is not silent";
      if (options.pingIntervalMs === undefined) return "nothing would let the client notice it";
      return view.client === "connected" && view.ended === "no" ? undefined : "the client has noticed already";
    case "heal":
      return healNotEnabled(view, step.awaits, options);
    case "signal":
      return view.policy === undefined ? noPolicy : signalNotEnabled(view, options);
    case "subscribe":
    case "advance":
      return noPolicy;
  }
}

const noPolicy = "the scenario has no policy";
const faultInForce = "another fault is in force";

function startNotEnabled(view: View, replica: number): string | undefined {
  if (view.policy === undefined) {
    if (replica > 0) return noPolicy;
    if (view.process === "exited") return "nothing starts the process again";
  }
  if (replica > 0) {
    if ((view.peers & bitOf(replica)) > 0) return "the replica is started already";
    return isCalm(view) ? undefined : faultInForce;
  }
  if (view.started) return "the bus is started already";
  return view.hindrance === "none" ? undefined : "what the process left behind is still under way";
}

/** What a replica beyond 0 does is of interest only while nothing is wrong with the server. */
function peerNotEnabled(view: View, replica: number): string | undefined {
  if ((view.peers & bitOf(replica)) === 0) return "the replica is not started";
  return isCalm(view) ? undefined : faultInForce;
}

function subscribeNotEnabled(view: View, replica: number, subject: string): string | undefined {
  if (replica > 0) {
    const why = peerNotEnabled(view, replica);
    if (why !== undefined) return why;
  } else if (!view.started || view.client !== "connected" || view.ended !== "no")
    return "the client may not be connected";
  if (!isCalm(view)) return faultInForce;
  if (subject === view.policy?.consume.deadLetterSubject) return "what is kept there is for people to look at";
  const durable = view.policy !== undefined && isClassifiedDurable(view.policy, subject);
  return durable ? undefined : "only what a stream holds is handled here";
}

function timeNotEnabled(view: View, ms: number, options: Options): string | undefined {
  if (view.client === "unsure") return "whether it meets a live connection is not known";
  if (isSilent(view) && options.pingIntervalMs !== undefined) return "the client's own PINGs would race with it";
  const untilMs = view.nowMs + ms;
  const { fromMs = Number.POSITIVE_INFINITY, byMs = 0 } = view.givesUp ?? {};
  return untilMs >= fromMs && untilMs < byMs ? "whether the client has given up by then is not known" : undefined;
}

/** What may be wrong before a process starts. */
function coldFaultNotEnabled(view: View, fault: Fault): string | undefined {
  if (!isCalm(view)) return faultInForce;
  switch (fault.kind) {
    case "cut":
    case "stop-server":
      return fault.awaits === "none" ? undefined : "nobody would notice it";
    case "no-jetstream":
    case "refuse-credentials":
    case "silent-handshake":
      return undefined;
    default:
      return "the bus is not started";
  }
}

/** The end of the process, in whatever way. */
function endNotEnabled(view: View, options: Options): string | undefined {
  if (view.link === "handshake") return "the call may block until the handshake ends";
  if (view.hindrance === "limit" || view.hindrance === "lose-ack")
    return "its bytes would count against the limit in force";
  if (isSilent(view)) return "nothing would end it but timers";
  if (view.client === "unsure") return "whether it meets a live connection is not known";
  return options.cutsWith === "rst" && view.link === "up" ? resetDrops : undefined;
}

/** A stop has a budget, or a supervisor that ends it: it needs no timer of the client's to end in a blackhole. */
function signalNotEnabled(view: View, options: Options): string | undefined {
  const isEndedByItself = options.pingIntervalMs === undefined && view.client === "connected";
  if (view.hindrance !== "blackhole" || !isEndedByItself) return endNotEnabled(view, options);
  return options.cutsWith === "rst" ? resetDrops : undefined;
}

/** Well below what proxy and kernel take before nats.go's publish blocks; live, 3.7 MiB went into one unread connection. */
const keptBytesMax = 1_048_576;
/** A round trip takes a millisecond, but who can tell on a busy machine. */
const calmFlushMsMin = 1_000;

/** A proxy that resets drops what it has not yet passed on, on the server's side too. */
const resetDrops = "the proxy would reset the server's side too, and drop what is on its way";

function callNotEnabled(
  view: View,
  step: CallStep,
  next: Step | undefined,
  options: Options,
  profile: Profile,
): string | undefined {
  if (step.kind === "exit") return endNotEnabled(view, options);
  if (step.kind === "publish") {
    if (view.policy === undefined && (step.subject ?? step.again) !== undefined) return noPolicy;
    if (step.again !== undefined && !view.published.some(one => isSamePublish(one, step)))
      return "there is no such publish to do again";
    if (step.again !== undefined && !isDurable(view, step)) return "only what is acknowledged is published again";
    if (isDurable(view, step)) {
      if (view.hindrance === "limit") return "a byte anchor counts what is sent without waiting";
      if (isSilent(view) && options.pingIntervalMs !== undefined) return "the client's own PINGs would race with it";
    }
    if (view.hindrance === "pause" && view.client !== "connected")
      return "a dial to the paused server may hold the call";
    if (view.link === "handshake" && !overlaps(view, step, next)) return "the call may block until the handshake ends";
    const keeps = view.hindrance === "hold" || view.hindrance === "pause";
    const bytes = step.count * frameBytes(options.subject, step.bytes, profile);
    if (keeps && view.keptBytes + bytes > keptBytesMax) return "more than the sockets take would block the call";
    return undefined;
  }
  if (view.ended !== "no") return "the connection has ended";
  if (view.process === "waiting") return "the client has never been connected";
  if (view.link === "handshake") return "the call may block until the handshake ends";
  if (view.hindrance === "limit" || view.hindrance === "lose-ack")
    return "its bytes would count against the limit in force";
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

/** It repeats what an earlier step published, to the byte. */
const isSamePublish = (one: PublishStep, { again, count, bytes, subject, key }: PublishStep): boolean =>
  one.id === again && one.count === count && one.bytes === bytes && one.subject === subject && one.key === key;

function togetherNotEnabled(
  view: View,
  steps: readonly CallStep[],
  options: Options,
  profile: Profile,
): string | undefined {
  if (view.ended !== "no") return "the connection has ended";
  if (
    view.client === "unsure" ||
    view.link === "handshake" ||
    view.hindrance === "limit" ||
    view.hindrance === "lose-ack" ||
    view.hindrance === "pause" ||
    view.process === "waiting" ||
    steps.some(step => isDurable(view, step))
  ) {
    return "the client's state is not known";
  }
  return steps
    .map(step => callNotEnabled(view, step, undefined, options, profile))
    .find(reason => reason !== undefined);
}

function faultNotEnabled(view: View, fault: Fault, options: Options, profile: Profile): string | undefined {
  if (isDown(view)) return "the link is down already";
  const gone = view.ended !== "no";
  if (fault.kind === "cut" && gone) return view.ended === "stuck" ? "the connection has ended" : undefined;
  if (gone) return "the connection has ended";
  if (view.client !== "connected") return "the client may not be connected";
  const stale = options.pingIntervalMs !== undefined;
  const finite = dialsBeforeGivingUp(profile, options) < Number.POSITIVE_INFINITY;
  switch (fault.kind) {
    case "cut":
      if (view.hindrance === "pause") return "the server is paused";
      if (isSilent(view) && stale) return "the client's own PINGs would race with it";
      return awaitNotEnabled(view, fault.awaits, finite);
    case "stop-server":
      if (view.hindrance !== "none") return "another fault is in force";
      if (fault.signal === "KILL" && view.subscribed > 0) return "which acknowledgements its disk has is not known";
      return awaitNotEnabled(view, fault.awaits, finite);
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
    case "lose-ack":
      if (view.policy === undefined) return noPolicy;
      if (view.hindrance !== "none") return faultInForce;
      if ((view.subscribed & bitOf(0)) > 0) return "what the process is given would count against it";
      return stale || finite ? "the client's own PINGs or its giving up would race with it" : undefined;
    case "power-loss":
      if (view.policy === undefined) return noPolicy;
      if (view.hindrance !== "none") return faultInForce;
      return awaitNotEnabled(view, fault.awaits, finite);
    case "no-jetstream":
    case "refuse-credentials":
    case "silent-handshake":
      return view.policy === undefined ? noPolicy : "a process has started";
  }
}

function awaitNotEnabled(view: View, awaits: "noticed" | "gave-up" | "none", finite: boolean): string | undefined {
  // Under a policy time moves by its own steps, and the plan knows when the attempts run out.
  if (finite && awaits === "noticed" && view.policy !== undefined) return undefined;
  if (finite && awaits !== "gave-up") return "the client's giving up would race with what follows";
  if (!finite && awaits === "gave-up") return "this client never gives up";
  return undefined;
}

function healNotEnabled(view: View, awaits: "connected" | "handshake" | "none", options: Options): string | undefined {
  if (isSilent(view) && view.client === "connected" && options.pingIntervalMs !== undefined)
    return "the client's own PINGs would race with it";
  if (isCalm(view) && view.client !== "unsure") return "nothing is to be healed";
  if (!view.started) return awaits === "handshake" ? "no dial is awaited" : undefined;
  if ((view.process === "waiting" || !view.jetStream) && awaits !== "connected") return "the process waits for it";
  if (awaits === "handshake") {
    if (view.link !== "down" || view.client !== "disconnected" || view.ended !== "no") return "no dial is awaited";
  }
  if (awaits === "none" && (view.link !== "down" || view.hindrance === "pause" || view.ended !== "no"))
    return "nothing would race with it";
  return undefined;
}
