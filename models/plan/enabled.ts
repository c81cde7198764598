/**
 * The rules for which steps can be done here, with the reasons against the others. Also the rule for publishes that still run when the next
 * step is done.
 */
import { kindOf } from "../faults/index.ts";
import { longestWaitMs } from "../policy/attempts.ts";
import { covers } from "../policy/pattern.ts";
import { frameBytes } from "../vocabulary/frame.ts";
import type { CallStep, ExitStep, Fault, HealStep, PublishStep, Step, SubscribeStep } from "../vocabulary/scenario.ts";
import { askingAgainNotEnabled, asksAgain, healBetweenRefusals, nothingTries, refusesAll } from "./asking-again.ts";
import { consumerNotEnabled } from "./filters.ts";
import { mayGiveUpWithin } from "./giving-up.ts";
import { hangNotEnabled, lacksDurable } from "./hanging.ts";
import { drainWhileDownNotEnabled, inTurnNotEnabled } from "./in-turn.ts";
import { interestNotEnabled } from "./interest.ts";
import { limitedNotEnabled } from "./limited.ts";
import { hasHandlerFor, isHandledHere, meanwhileNotEnabled } from "./meanwhile.ts";
import { nakNotEnabled } from "./naks.ts";
import { killNotEnabled } from "./probes.ts";
import {
  beyond,
  connectionEnded,
  faultInForce,
  impossible,
  type NotEnabled,
  noPolicy,
  notStarted,
  pings,
  pingsRace,
  resetDrops,
  resets,
  unjudgeable,
} from "./reasons.ts";
import { roomNotEnabled } from "./room.ts";
import type { Setting } from "./setting.ts";
import { settingsNotEnabled } from "./settings.ts";
import { slowNotEnabled } from "./slow.ts";
import { unacknowledgedNotEnabled, waitsInFull } from "./unacknowledged.ts";
import { bitOf, isCalm, isDown, isDurable, isSilent, type View } from "./view.ts";

const startedAlready = impossible("the bus is started already");
const replicaStartedAlready = impossible("the replica is started already");
const replicaNotStarted = impossible("the replica is not started");
const startedByNothing = impossible("nothing starts the process again");
const neverConnected = impossible("the client has never been connected");
const notSilent = impossible("the link is not silent");
const neverNoticed = impossible("nothing would let the client notice it");
const noticedAlready = impossible("the client has noticed already");
const downAlready = impossible("the link is down already");
const nothingToHeal = impossible("nothing is to be healed");
const noDialAwaited = impossible("no dial is awaited");
const processWaits = impossible("the process waits for it");
const nothingRaces = impossible("nothing would race with it");
const nothingFollows = impossible("nothing follows");
const noSuchPublish = impossible("there is no such publish to do again");
const notAcknowledged = impossible("only what is acknowledged is published again");

const leftBehind = unjudgeable("what the process left behind is still under way");
const drainGoesFurther = unjudgeable("how far a drain that nobody waits for has come by then is not known");
const maybeNotConnected = unjudgeable("the client may not be connected");
const connectionUnknown = unjudgeable("whether it meets a live connection is not known");
const stateUnknown = unjudgeable("the client's state is not known");
const givingUpUnknown = unjudgeable("whether the client has given up by then is not known");
const mayBlock = unjudgeable("the call may block until the handshake ends");
const mayBeHeld = unjudgeable("a dial to the paused server may hold the call");
const countsAgainstLimit = unjudgeable("its bytes would count against the limit in force");
const anchorCounts = unjudgeable("a byte anchor counts what is sent without waiting");
const endedByTimers = unjudgeable("nothing would end it but timers");
const endedByClientTimers = unjudgeable("nothing would end it but the client's own timers");

const turnsUnderPolicy = unjudgeable("several publishers are judged for a client without a policy only");
const turnsTogether = impossible("calls of a together follow each other");
const turnOfWriteError = unjudgeable("which publisher's call would meet the write error is not known");

const socketsFull = beyond("socket-buffers", "more than the sockets take would block the call");
const waitTooShort = beyond("machine-load", "on a busy machine its wait may end before the round trip");

/** True where the call is still running when `next` is done. */
export function overlaps(view: View, step: Step, next: Step | undefined): boolean {
  if (step.kind === "flush" || step.kind === "drain")
    return step.overlap === true && next !== undefined && isPendingAt(view, step.kind, next);
  if (step.kind !== "publish" || step.overlap !== true || next === undefined || waitsInFull(view, step)) return false;
  if (view.ended !== "no") return false;
  if (next.kind === "heal" && next.afterAttempts !== undefined && view.hindrance === "hold")
    return isDurable(view, step) && view.client === "connected" && view.process === "running";
  if (view.hindrance !== "none") return false;
  if (asksAgain(view.policy, step))
    return (
      next.kind === "heal" && next.afterAttempts !== undefined && view.link === "down" && view.process === "running"
    );
  if (next.kind === "heal") {
    if (next.awaits !== "connected") return false;
    // A publish that waits for its acknowledgement can outlast an outage.
    return isDurable(view, step) ? view.link === "down" && view.process === "running" : view.link === "handshake";
  }
  if (next.kind !== "fault" || view.client !== "connected" || isDown(view)) return false;
  // A byte anchor or a stale clock cannot tell whether a limit or an interval begins within the burst.
  if (next.fault.kind !== "cut" && next.fault.kind !== "stop-server") return false;
  return !losesDeliveries(view, step, next.fault.kind);
}

/**
 * True where handlers are given the messages over a connection that ends meanwhile: which deliveries and acknowledgements it takes with it is
 * not known (F-204 of docs/facts.md).
 */
function losesDeliveries(
  { subscribed, consumed }: View,
  { subject }: PublishStep,
  ends: "cut" | "stop-server",
): boolean {
  const replicas = ends === "cut" ? subscribed & bitOf(0) : subscribed;
  return replicas > 0 && subject !== undefined && consumed.some(one => covers(one, subject));
}

/** True where the call waits for its round trip when `next` begins: surely behind a hindrance, perhaps without one. */
function isPendingAt(view: View, call: "flush" | "drain", next: Step): boolean {
  if (view.policy !== undefined || view.client !== "connected" || view.ended !== "no" || isDown(view)) return false;
  if (call === "drain" && view.hindrance !== "hold") return false;
  if (next.kind === "heal") return isSilent(view) || view.hindrance === "hold" ? next.awaits === "connected" : false;
  const isCut = next.kind === "fault" && next.fault.kind === "cut" && next.fault.awaits === "noticed";
  return isCut && (view.hindrance === "none" || view.hindrance === "hold");
}

/**
 * The reason why the step cannot be done here, or undefined. `next` is the scenario's next step, since a blocked publish needs its heal.
 */
export function notEnabled(view: View, step: Step, next: Step | undefined, setting: Setting): NotEnabled | undefined {
  if (step.kind === "start") return startNotEnabled(view, step.replica ?? 0);
  if (view.policy !== undefined) {
    const slow = slowNotEnabled(view, step, setting);
    if (slow !== undefined) return slow;
    const nak = nakNotEnabled(view, step);
    if (nak !== undefined) return nak;
    const room = roomNotEnabled(view, step);
    if (room !== undefined) return room;
    const settings = settingsNotEnabled(view, step);
    if (settings !== undefined) return settings;
    const ofStream =
      limitedNotEnabled(view, step) ??
      interestNotEnabled(view, step, setting) ??
      unacknowledgedNotEnabled(view, step) ??
      askingAgainNotEnabled(view, step, setting);
    if (ofStream !== undefined) return ofStream;
    if (step.kind === "advance") return timeNotEnabled(view, step.ms, setting);
    if (!view.started && step.kind === "fault") return coldFaultNotEnabled(view, step.fault);
    if (step.kind === "signal" && step.replica > 0)
      return (
        peerNotEnabled(view, step.replica) ??
        (step.signal === "TERM" ? stopRaces(view, step.replica, setting) : undefined)
      );
    if (step.kind === "subscribe") return subscribeNotEnabled(view, step);
  }
  if (!view.started && !(step.kind === "heal" && (view.policy !== undefined || view.process === "exited")))
    return notStarted;
  switch (step.kind) {
    case "publish":
    case "flush":
    case "drain":
    case "close":
    case "exit":
      return callNotEnabled(view, step, next, setting);
    case "together":
      return togetherNotEnabled(view, step.steps, setting);
    case "fault":
      return faultNotEnabled(view, step.fault, setting);
    case "await-noticed":
      if (!isSilent(view)) return notSilent;
      if (setting.options.pingIntervalMs === undefined) return neverNoticed;
      return view.client === "connected" && view.ended === "no" ? undefined : noticedAlready;
    case "heal":
      return healNotEnabled(view, step, setting);
    case "signal":
      if (view.policy === undefined) return noPolicy;
      return (
        (step.signal === "TERM"
          ? (stopRaces(view, 0, setting) ?? drainWhileDownNotEnabled(view, setting))
          : undefined) ??
        signalNotEnabled(view, setting) ??
        meanwhileNotEnabled(view, step.meanwhile ?? [], setting)
      );
    case "subscribe":
    case "advance":
      return noPolicy;
  }
}

/** The reason why `next` could not be done while the publish before it still runs; `after` is the view by then. */
export const notEnabledMeanwhile = (after: View, next: Step | undefined, setting: Setting): NotEnabled | undefined =>
  next === undefined ? nothingFollows : notEnabled(after, next, undefined, setting);

function startNotEnabled(view: View, replica: number): NotEnabled | undefined {
  if (view.policy === undefined) {
    if (replica > 0) return noPolicy;
    if (view.process === "exited") return startedByNothing;
  }
  if (replica > 0) {
    if ((view.peers & bitOf(replica)) > 0) return replicaStartedAlready;
    return isCalm(view) ? undefined : faultInForce;
  }
  if (view.started || view.isOutside) return startedAlready;
  if (view.serversCut > 0) return faultInForce;
  return view.hindrance === "none" ? undefined : leftBehind;
}

/** Replicas beyond 0 are of interest only while nothing is wrong with the server. */
function peerNotEnabled(view: View, replica: number): NotEnabled | undefined {
  if ((view.peers & bitOf(replica)) === 0) return replicaNotStarted;
  return isCalm(view) ? undefined : faultInForce;
}

function subscribeNotEnabled(view: View, step: SubscribeStep): NotEnabled | undefined {
  const { replica } = step;
  if (replica > 0) {
    const why = peerNotEnabled(view, replica);
    if (why !== undefined) return why;
  } else if (!view.started || view.client !== "connected" || view.ended !== "no") return maybeNotConnected;
  return isCalm(view) ? (lacksDurable(view) ?? consumerNotEnabled(view, step)) : faultInForce;
}

/** A supervisor that kills stops the process as a scenario does. */
const terminate: Step = { id: "kill", kind: "signal", replica: 0, signal: "TERM" };

function timeNotEnabled(view: View, ms: number, setting: Setting): NotEnabled | undefined {
  if (view.client === "unsure") return connectionUnknown;
  if (isSilent(view) && pings(setting)) return pingsRace;
  const untilMs = view.nowMs + ms;
  const { fromMs = Number.POSITIVE_INFINITY, byMs = 0 } = view.givesUp ?? {};
  if (untilMs >= fromMs && untilMs < byMs) return givingUpUnknown;
  if (view.policy === undefined) return undefined;
  return killNotEnabled(view, view.policy, untilMs, () => notEnabled(view, terminate, undefined, setting));
}

/** The reason against a fault before a process starts. */
function coldFaultNotEnabled(view: View, fault: Fault): NotEnabled | undefined {
  if (!isCalm(view)) return faultInForce;
  return kindOf(fault).notEnabledBeforeStart(fault);
}

/** The reason against an end of the process, in whatever way. */
function endNotEnabled(view: View, setting: Setting): NotEnabled | undefined {
  if (view.link === "handshake") return mayBlock;
  if (view.hindrance === "limit" || view.hindrance === "lose-ack") return countsAgainstLimit;
  if (isSilent(view)) return endedByTimers;
  if (view.client === "unsure") return connectionUnknown;
  return resets(setting) && view.link === "up" ? resetDrops : undefined;
}

/** While down, or beside a handler, a drain does other things before the process ends. */
function exitNotEnabled(view: View, { after }: ExitStep, setting: Setting): NotEnabled | undefined {
  if (after === "drain" && !(isCalm(view) && view.client === "connected" && view.subscribed === 0))
    return drainGoesFurther;
  return endNotEnabled(view, setting);
}

const stopRaces = (view: View, replica: number, setting: Setting): NotEnabled | undefined =>
  drainRaces(view, setting) ?? hangNotEnabled(view, replica, setting) ?? inTurnNotEnabled(view, replica, setting);

/** A drain that is not waited for, or not to its end, races with the end of its process. What the library made for its handlers may go with it. */
function drainRaces(view: View, { profile }: Setting): NotEnabled | undefined {
  const { policy } = view;
  if (policy === undefined || view.subscribed === 0) return undefined;
  const { strategy, drainTimeoutMs } = policy.shutdown;
  const mayLeaveSome = strategy === "drain" && drainTimeoutMs !== undefined && view.consumed.length > 1;
  if (strategy !== "drain-not-awaited" && !mayLeaveSome) return undefined;
  const isDeleted = policy.consume.durables === "created" && profile.jetStream.drainDeletesItsDurable;
  return isDeleted ? drainGoesFurther : undefined;
}

/** A stop has a budget, or a supervisor that ends it. It needs no client timer to end in a blackhole. */
function signalNotEnabled(view: View, setting: Setting): NotEnabled | undefined {
  const isEndedByItself = setting.options.pingIntervalMs === undefined && view.client === "connected";
  if (view.hindrance !== "blackhole" || !isEndedByItself) return endNotEnabled(view, setting);
  return resets(setting) ? resetDrops : undefined;
}

/** Well below what proxy and kernel take before nats.go's publish blocks; live, 3.7 MiB went into one unread connection. */
const keptBytesMax = 1_048_576;
/** A round trip takes a millisecond, but on a busy machine it may take far longer. */
const calmFlushMsMin = 1_000;

function callNotEnabled(view: View, step: CallStep, next: Step | undefined, setting: Setting): NotEnabled | undefined {
  if (step.kind === "exit") return exitNotEnabled(view, step, setting);
  if (step.kind === "publish") return publishNotEnabled(view, step, next, setting);
  if (view.ended !== "no") return connectionEnded;
  if (view.process === "waiting") return neverConnected;
  if (view.link === "handshake") return mayBlock;
  if (view.hindrance === "limit" || view.hindrance === "lose-ack") return countsAgainstLimit;
  const isPending = overlaps(view, step, next);
  if (isSilent(view) && (!isPending || pings(setting))) return endedByTimers;
  if (step.kind === "flush") {
    const calm = view.client === "connected" && view.hindrance === "none";
    // A client that rejects it at its next dial does so after a wait.
    const leastMs = isPending ? Math.max(calmFlushMsMin, 10 * longestWaitMs(setting.options)) : calmFlushMsMin;
    return (calm || isPending) && step.timeoutMs < leastMs && setting.limits.has("machine-load")
      ? waitTooShort
      : undefined;
  }
  if (step.kind === "drain") {
    const endsAtCut = setting.profile.drain.atDisconnect.tells !== "timers";
    if (view.hindrance === "hold" && !(isPending && (next?.kind === "heal" || endsAtCut))) return endedByClientTimers;
    return view.client === "unsure" ? connectionUnknown : undefined;
  }
  if (resets(setting) && view.link === "up") return resetDrops;
  return view.client === "unsure" && view.link === "up" ? connectionUnknown : undefined;
}

function publishNotEnabled(
  view: View,
  step: PublishStep,
  next: Step | undefined,
  setting: Setting,
): NotEnabled | undefined {
  if (view.policy === undefined) {
    if ((step.subject ?? step.again) !== undefined) return noPolicy;
  } else if (step.again !== undefined) {
    if (!view.published.some(one => isSamePublish(one, step))) return noSuchPublish;
    if (!isDurable(view, step)) return notAcknowledged;
  }
  if (step.publishers !== undefined) {
    const why = turnsNotEnabled(view, step, setting);
    if (why !== undefined) return why;
  }
  if (isDurable(view, step)) {
    if (view.hindrance === "limit") return anchorCounts;
    if (isSilent(view) && pings(setting)) return pingsRace;
  }
  if (mayGiveUpWithin(view, step, overlaps(view, step, next) ? next : undefined, setting)) return givingUpUnknown;
  if (view.hindrance === "pause" && view.client !== "connected") return mayBeHeld;
  if (view.link === "handshake" && !overlaps(view, step, next)) return mayBlock;
  const keeps = view.hindrance === "hold" || view.hindrance === "pause";
  if (!keeps || !setting.limits.has("socket-buffers")) return undefined;
  const bytes = step.count * frameBytes(setting.options.subject, step.bytes, setting.profile);
  return view.keptBytes + bytes > keptBytesMax ? socketsFull : undefined;
}

/** An inline write that fails is told to the publisher whose call filled the buffer, and the order of their calls does not show that. */
function turnsNotEnabled(view: View, step: PublishStep, { options, profile }: Setting): NotEnabled | undefined {
  if (view.policy !== undefined) return turnsUnderPolicy;
  if (!profile.writeErrorsReturned) return undefined;
  const isSafe = step.overlap !== true && view.hindrance !== "limit" && view.client !== "unsure";
  const bytes = step.count * frameBytes(options.subject, step.bytes, profile);
  const mayWrite = profile.inlineFlushBytes !== "over-limit" && bytes >= profile.inlineFlushBytes;
  return isSafe || !mayWrite ? undefined : turnOfWriteError;
}

/** True where the step publishes what an earlier step published, to the byte. */
const isSamePublish = (one: PublishStep, { again, count, bytes, subject, key }: PublishStep): boolean =>
  one.id === again && one.count === count && one.bytes === bytes && one.subject === subject && one.key === key;

function togetherNotEnabled(view: View, steps: readonly CallStep[], setting: Setting): NotEnabled | undefined {
  if (view.ended !== "no") return connectionEnded;
  if (
    view.client === "unsure" ||
    view.link === "handshake" ||
    view.hindrance === "limit" ||
    view.hindrance === "lose-ack" ||
    view.hindrance === "pause" ||
    view.process === "waiting" ||
    steps.some(step => isDurable(view, step))
  ) {
    return stateUnknown;
  }
  if (steps.some(step => step.kind === "publish" && step.publishers !== undefined)) return turnsTogether;
  if (endsBesideHandler(view, steps)) return isHandledHere;
  return steps.map(step => callNotEnabled(view, step, undefined, setting)).find(reason => reason !== undefined);
}

/** The server stores a message while it reads on, so the end of the connection may overtake its delivery: F-271 of docs/facts.md. */
function endsBesideHandler(view: View, steps: readonly CallStep[]): boolean {
  const end = steps.findIndex(({ kind }) => kind === "drain" || kind === "close" || kind === "exit");
  return steps.slice(0, Math.max(0, end)).some(step => step.kind === "publish" && hasHandlerFor(view, step));
}

function faultNotEnabled(view: View, fault: Fault, setting: Setting): NotEnabled | undefined {
  if (isDown(view)) return downAlready;
  const kind = kindOf(fault);
  if (view.serversCut > 0 && fault.kind !== "cut-server") return faultInForce;
  if (view.ended !== "no") return kind.outlivesClient ? kind.notEnabled(view, fault, setting) : connectionEnded;
  if (view.client !== "connected") return maybeNotConnected;
  if (kind.needsPolicy && view.policy === undefined) return noPolicy;
  return kind.notEnabled(view, fault, setting);
}

function healNotEnabled(view: View, { awaits, afterAttempts }: HealStep, setting: Setting): NotEnabled | undefined {
  if (afterAttempts !== undefined) {
    if (awaits !== "connected" || afterAttempts >= view.attempting) return nothingTries;
    if (view.link === "down" && setting.options.reconnectBufferBytesMax !== undefined) {
      // A buffer with a limit may refuse an attempt, which ends the call.
      const why = refusesAll(setting.profile, setting.options)
        ? healBetweenRefusals(view, afterAttempts, setting)
        : nothingTries;
      if (why !== undefined) return why;
    }
  }
  if (isSilent(view) && view.client === "connected" && pings(setting)) return pingsRace;
  if (isCalm(view) && view.client !== "unsure" && view.serversCut === 0) return nothingToHeal;
  if (view.isOutside) return awaits === "connected" ? undefined : processWaits;
  if (!view.started) return awaits === "handshake" ? noDialAwaited : undefined;
  if ((view.process === "waiting" || !view.jetStream) && awaits !== "connected") return processWaits;
  if (awaits === "handshake") {
    if (view.link !== "down" || view.client !== "disconnected" || view.ended !== "no") return noDialAwaited;
  }
  if (awaits === "none" && (view.link !== "down" || view.hindrance === "pause" || view.ended !== "no"))
    return nothingRaces;
  return undefined;
}
