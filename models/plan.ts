/**
 * What the harness knows before it does a step: the link, the faults in force, whether the client's state was awaited. It
 * follows from the scenario and the profile alone, so every world does, overlaps and skips exactly the same steps, and a
 * shrunk scenario is still a scenario. Read by the model and by every world; never asks what only the client knows.
 */
import { dialsBeforeGivingUp } from "./attempts.ts";
import { clientClosed, dialOn, endProcess, firstConnected, passTime, startProcess } from "./cold-start.ts";
import { frameBytes } from "./vocabulary/frame.ts";
import type { Policy } from "./vocabulary/policy.ts";
import { isClassifiedDurable } from "./vocabulary/policy-rules.ts";
import type { Profile } from "./vocabulary/profile.ts";
import type { CallStep, Fault, Options, PublishStep, Scenario, Step, StepId } from "./vocabulary/scenario.ts";

export interface View {
  started: boolean;
  /** What became of the connection for good; `stuck` reconnects but refuses every publish. */
  ended: "no" | "closed" | "stuck";
  link: "up" | "handshake" | "down";
  /** What else is done to the link or the server while `link` is up. */
  hindrance: "none" | "hold" | "limit" | "blackhole" | "pause" | "lose-ack";
  limitBytesLeft: number;
  /** The step that set the limit. */
  limitStep: StepId;
  /** Published into a link or server that keeps it. */
  keptBytes: number;
  /** The client's state as awaited; `unsure` after an un-awaited cut or heal. */
  client: "connected" | "disconnected" | "unsure";
  /** Nothing was sent since the last flush that succeeded: a byte anchor counts only what follows. */
  quiet: boolean;
  /** The process: none yet; `waiting` for its first connection; it has been connected; ended. Without a policy there is only its end. */
  process: "none" | "waiting" | "running" | "exited";
  /** The scenario's own time, moved by `advance`. */
  nowMs: number;
  startedAtMs: number;
  /** The dials of this outage run out between these two moments. */
  givesUp: { readonly fromMs: number; readonly byMs: number } | undefined;
  /** When it failed; undefined where nobody will start it again. */
  exitedAtMs: number | undefined;
  /** What a dial meets while the link is down: nothing, a server that never greets, one that refuses the credentials. */
  door: "shut" | "silent" | "refuses";
  /** The server runs with JetStream. */
  jetStream: boolean;
  /** Which way this process publishes what its classifier calls durable. */
  path: "jetstream" | "core";
  /** Publish steps done so far, for those that publish the same again. */
  published: readonly PublishStep[];
  /** Replicas that have a consumer, a bit each: the server sends them messages of its own accord. */
  subscribed: number;
  /** The server's process runs. */
  serverUp: boolean;
  /** Replicas beyond 0 that run, a bit each. */
  peers: number;
  /** Servers in the client's pool. */
  readonly servers: number;
  readonly policy: Policy | undefined;
}

export const newView = (policy?: Policy, servers = 1): View => ({
  started: false,
  ended: "no",
  link: "up",
  hindrance: "none",
  limitBytesLeft: 0,
  limitStep: "",
  keptBytes: 0,
  client: "disconnected",
  quiet: true,
  process: "none",
  nowMs: 0,
  startedAtMs: 0,
  givesUp: undefined,
  exitedAtMs: undefined,
  door: "shut",
  jetStream: true,
  path: "jetstream",
  published: [],
  subscribed: 0,
  serverUp: true,
  peers: 0,
  servers,
  policy,
});

/** Field by field: a view is copied twice a step, and a spread costs several times as much. */
export const copyView = (view: Readonly<View>): View => ({
  started: view.started,
  ended: view.ended,
  link: view.link,
  hindrance: view.hindrance,
  limitBytesLeft: view.limitBytesLeft,
  limitStep: view.limitStep,
  keptBytes: view.keptBytes,
  client: view.client,
  quiet: view.quiet,
  process: view.process,
  nowMs: view.nowMs,
  startedAtMs: view.startedAtMs,
  givesUp: view.givesUp,
  exitedAtMs: view.exitedAtMs,
  door: view.door,
  jetStream: view.jetStream,
  path: view.path,
  published: view.published,
  subscribed: view.subscribed,
  serverUp: view.serverUp,
  peers: view.peers,
  servers: view.servers,
  policy: view.policy,
});

/** Field by field, for the same reason: half of the steps change nothing that the harness knows. */
export const isSameView = (a: Readonly<View>, b: Readonly<View>): boolean =>
  a.started === b.started &&
  a.ended === b.ended &&
  a.link === b.link &&
  a.hindrance === b.hindrance &&
  a.limitBytesLeft === b.limitBytesLeft &&
  a.limitStep === b.limitStep &&
  a.keptBytes === b.keptBytes &&
  a.client === b.client &&
  a.quiet === b.quiet &&
  a.process === b.process &&
  a.nowMs === b.nowMs &&
  a.startedAtMs === b.startedAtMs &&
  a.givesUp === b.givesUp &&
  a.exitedAtMs === b.exitedAtMs &&
  a.door === b.door &&
  a.jetStream === b.jetStream &&
  a.path === b.path &&
  a.published === b.published &&
  a.subscribed === b.subscribed &&
  a.serverUp === b.serverUp &&
  a.peers === b.peers &&
  a.servers === b.servers &&
  a.policy === b.policy;

const isSilent = (view: View): boolean => view.hindrance === "blackhole" || view.hindrance === "pause";
const isDown = (view: View): boolean => view.link !== "up";

/** Whether the step publishes through JetStream. */
export function isDurable(view: View, step: Step): boolean {
  if (view.policy === undefined || step.kind !== "publish" || step.subject === undefined) return false;
  return view.path === "jetstream" && isClassifiedDurable(view.policy, step.subject);
}

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

const bitOf = (replica: number): number => 1 << replica;
/** Nothing is wrong with link or server. */
export const isCalm = (view: View): boolean => view.link === "up" && view.hindrance === "none" && view.jetStream;

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

/** The calls of a `together` that are made: once the connection has been ended, only publishes. */
export function callsMade(calls: readonly CallStep[]): readonly CallStep[] {
  const exit = calls.findIndex(call => call.kind === "exit");
  const lived = exit < 0 ? calls : calls.slice(0, exit + 1);
  const end = lived.findIndex(call => call.kind === "close" || call.kind === "drain");
  return lived.filter((call, i) => end < 0 || i <= end || call.kind === "publish" || call.kind === "exit");
}

export interface PlannedStep {
  readonly step: Step;
  /** Why it is skipped. */
  readonly skipped?: string;
  /** It still runs when the next one is done. */
  readonly overlapping: boolean;
}

/** The same with what the harness knows before and after it. */
export interface ViewedStep extends PlannedStep {
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

function planSteps({ steps, options, policy }: Scenario, profile: Profile): Plan {
  const view = newView(policy, options.servers);
  const planned = steps.map((step, i): PlannedStep => {
    const next = steps[i + 1];
    const skipped = notEnabled(view, step, next, options, profile);
    if (skipped !== undefined) return { step, skipped, overlapping: false };
    const overlapping = overlaps(view, step, next) && notEnabledAfter(view, step, next, options, profile) === undefined;
    advance(view, step, overlapping, options, profile);
    return { step, overlapping };
  });
  return { steps: planned, end: view };
}

/** The plan's steps for who looks at more than what is done: a view is three times the size of all else that is planned of a step. */
export function viewedSteps(scenario: Scenario, profile: Profile): readonly ViewedStep[] {
  const { options, policy } = scenario;
  const view = newView(policy, options.servers);
  let before: Readonly<View> = copyView(view);
  return plan(scenario, profile).steps.map(({ step, skipped, overlapping }): ViewedStep => {
    if (skipped !== undefined) return { step, skipped, overlapping, before, after: before };
    advance(view, step, overlapping, options, profile);
    const after = isSameView(view, before) ? before : copyView(view);
    const one = { step, overlapping, before, after };
    before = after;
    return one;
  });
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
  return notEnabled(after, next, undefined, options, profile);
}
