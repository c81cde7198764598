/**
 * Smaller scenarios, the biggest cut first. `structural` drops steps, merges publishes and puts a plainer step or option in the place of
 * another. `dials` are the numbers that are left, for callers that can tell which of two values still fails. `reductions` is both in one
 * list, for callers that cannot: fast-check's shrinking.
 *
 * The plainest forms are settled here, once, so that one bug shrinks to one case from wherever it was found: a cut that is awaited, a
 * close, 16 bytes, no limit; and a fault stands before the publishes that it affects.
 */
import { frameBytes, oneSpace } from "../../models/vocabulary/frame.ts";
import type { CallStep, Fault, Options, PublishStep, Scenario, Step } from "../../models/vocabulary/scenario.ts";
import { allWithinCount } from "./at-once.ts";
import { inStep, policyCuts, policyDials, policyPlainer } from "./policy-reductions.ts";

const withSteps = (scenario: Scenario, steps: readonly Step[]): Scenario => ({
  ...scenario,
  steps: allWithinCount(steps),
});
const withStep = (scenario: Scenario, at: number, ...by: readonly Step[]): Scenario =>
  withSteps(scenario, scenario.steps.toSpliced(at, 1, ...by));
const withOptions = (scenario: Scenario, options: Options): Scenario => ({ ...scenario, options });

export function* reductions(scenario: Scenario): Generator<Scenario> {
  yield* structural(scenario);
  for (const dial of dials(scenario))
    for (const value of downwards(dial)) yield* changedOnly(scenario, dial.turnedTo(value));
}

export function* structural(scenario: Scenario): Generator<Scenario> {
  if (scenario.policy === undefined) yield* plainStructural(scenario);
  else for (const smaller of policyStructural(scenario)) yield* changedOnly(scenario, inStep(smaller));
}

function* policyStructural(scenario: Scenario): Generator<Scenario> {
  yield* policyCuts(scenario);
  yield* plainStructural(scenario);
  yield* policyPlainer(scenario);
}

/** Mending can undo a reduction, and a scenario that is yielded as smaller than itself would be shrunk forever. */
function* changedOnly(before: Scenario, after: Scenario): Generator<Scenario> {
  const text = ({ options, steps }: Scenario): string => JSON.stringify([options, steps]);
  if (text(after) !== text(before)) yield after;
}

function* plainStructural(scenario: Scenario): Generator<Scenario> {
  yield* withoutCalls(scenario);
  yield* withoutPublishers(scenario);
  yield* withoutChunks(scenario);
  yield* mergedPublishes(scenario);
  yield* simplerOptions(scenario);
  yield* simplerSteps(scenario);
  yield* faultsFirst(scenario);
}

// ---- Fewer steps ----

/**
 * All flushes and all shutdowns at once, then either: what still fails with publishes and faults alone is a finding about
 * messages, and easier to read than one about what a call returned.
 */
function* withoutCalls(scenario: Scenario): Generator<Scenario> {
  const flushes: readonly Step["kind"][] = ["flush"];
  const shutdowns: readonly Step["kind"][] = ["close", "drain", "together"];
  for (const kinds of [[...flushes, ...shutdowns], flushes, shutdowns]) {
    const rest = scenario.steps.filter(one => !kinds.includes(one.kind));
    if (rest.length < scenario.steps.length) yield withSteps(scenario, rest);
  }
}

/** One publisher for every step at once: a finding that does not need several is easier to read. */
function* withoutPublishers(scenario: Scenario): Generator<Scenario> {
  const alone = scenario.steps.map((one): Step => {
    if (one.kind !== "publish") return one;
    const { publishers: _publishers, ...plain } = one;
    return plain;
  });
  if (alone.some((one, i) => one.kind === "publish" && "publishers" in (scenario.steps[i] as Step)))
    yield withSteps(scenario, alone);
}

/** The tail first, then every chunk, from half the steps down to single ones; `start` stays. */
function* withoutChunks(scenario: Scenario): Generator<Scenario> {
  const { steps } = scenario;
  for (let size = Math.floor(steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let end = steps.length; end - size >= 0; end -= size) {
      const rest = steps.toSpliced(end - size, size);
      if (rest.length > 0 && rest.some(one => one.kind === "start")) yield withSteps(scenario, rest);
    }
  }
}

/** Two publishes become one, at either's place. */
function* mergedPublishes(scenario: Scenario): Generator<Scenario> {
  const { steps } = scenario;
  for (let i = 0; i < steps.length; i++) {
    const a = steps[i];
    if (a?.kind !== "publish") continue;
    const j = steps.findIndex((one, at) => at > i && one.kind === "publish");
    const b = steps[j];
    if (b?.kind !== "publish") return;
    const both = { count: a.count + b.count, bytes: Math.max(a.bytes, b.bytes) };
    yield withSteps(scenario, steps.with(j, { ...b, ...both }).toSpliced(i, 1));
    yield withSteps(scenario, steps.with(i, { ...a, ...both }).toSpliced(j, 1));
  }
}

// ---- Plainer options ----

const plainBytes = 16;
const plainWaitMs = 20;
/** Enough for a round trip wherever one is possible, and soon over where none is. */
const plainFlushMs = 1_000;
/** No burst grows beyond what random scenarios publish in one. */
const plainCountMax = 4_000;

function* simplerOptions(scenario: Scenario): Generator<Scenario> {
  const { options, steps } = scenario;
  const { reconnectBufferBytesMax, pingIntervalMs, pingsOutMax, ...plain } = options;
  if (reconnectBufferBytesMax !== undefined) yield* simplerLimits(scenario, reconnectBufferBytesMax);
  if (options.reconnectAttemptsMax >= 0) {
    // Dials are counted only where attempts run out.
    yield withOptions(withSteps(scenario, steps.map(inPlainCuts)), { ...options, reconnectAttemptsMax: -1 });
    yield* fewerAttempts(scenario);
  }
  if (pingIntervalMs !== undefined || pingsOutMax !== undefined) {
    const limited = reconnectBufferBytesMax === undefined ? {} : { reconnectBufferBytesMax };
    yield withOptions(scenario, { ...plain, ...limited });
  }
  if (options.reconnectAttemptsMax >= 0 && options.reconnectWaitMs !== plainWaitMs)
    yield withOptions(scenario, { ...options, reconnectWaitMs: plainWaitMs });
  if (options.cutsWith !== "fin") yield withOptions(scenario, { ...options, cutsWith: "fin" });
  if (options.servers !== undefined) yield* fewerServers(scenario, options.servers);
}

/** A single server, or one less. */
function* fewerServers(scenario: Scenario, servers: number): Generator<Scenario> {
  const { servers: _servers, ...alone } = scenario.options;
  yield withOptions(scenario, alone);
  if (servers > 2) yield withOptions(scenario, { ...scenario.options, servers: servers - 1 });
}

/**
 * None, disabled, a byte, one frame; a lower limit is reached by fewer messages, and at a frame's end only by frames of one size. 0 means
 * the default to some clients, and is less plain than a byte.
 */
function* simplerLimits(scenario: Scenario, limitBytes: number): Generator<Scenario> {
  const { reconnectBufferBytesMax: _dropped, ...unlimited } = scenario.options;
  const lower = [1, frameBytes(unlimited.subject, plainBytes, oneSpace)].filter(
    bytes => limitBytes === 0 || bytes < limitBytes,
  );
  for (const simpler of [undefined, ...(limitBytes === -1 ? [] : [-1]), ...lower]) {
    const options = simpler === undefined ? unlimited : { ...unlimited, reconnectBufferBytesMax: simpler };
    const limited = withOptions(scenario, options);
    yield limited;
    if (simpler === undefined) continue;
    yield* changedOnly(limited, withSteps(limited, limited.steps.map(inPlainFrames)));
    yield* changedOnly(limited, withSteps(limited, lastPublishAlone(limited.steps)));
  }
  yield* fewerFramesBelow(scenario, limitBytes);
}

/** A buffer lower by some frames is as full with as many messages less: one byte over the end stays one byte over it. */
function* fewerFramesBelow(scenario: Scenario, limitBytes: number): Generator<Scenario> {
  const { options, steps } = scenario;
  for (const [at, step] of steps.entries()) {
    if (step.kind !== "publish") continue;
    const frame = frameBytes(options.subject, step.bytes, oneSpace);
    const most = Math.min(step.count, Math.floor((limitBytes - 1) / frame));
    for (const fewer of new Set([most, Math.min(most, step.count - 1)])) {
      if (fewer <= 0) continue;
      const limited = withOptions(scenario, { ...options, reconnectBufferBytesMax: limitBytes - fewer * frame });
      const count = step.count - fewer;
      yield count === 0 ? withStep(limited, at) : withStep(limited, at, { ...step, count });
    }
  }
}

/** Fewer attempts, and as many dials less in every outage: what is one dial before the last stays so. */
function* fewerAttempts(scenario: Scenario): Generator<Scenario> {
  const { options, steps } = scenario;
  const dialsMost = Math.max(0, ...steps.map(dialsOf));
  for (const fewer of new Set([dialsMost - 1, 1])) {
    const reconnectAttemptsMax = options.reconnectAttemptsMax - fewer;
    if (fewer < 1 || fewer >= dialsMost || reconnectAttemptsMax < 1) continue;
    const shorter = steps.map(step => (dialsOf(step) > 1 ? withDials(step, Math.max(1, dialsOf(step) - fewer)) : step));
    yield withOptions(withSteps(scenario, shorter), { ...options, reconnectAttemptsMax });
  }
}

/** The number of dials that its heal waits for; 0 where it waits for none. */
const dialsOf = (step: Step): number =>
  step.kind === "fault" && step.fault.kind === "cut" && typeof step.fault.dials === "number" ? step.fault.dials : 0;

const withDials = (step: Step, dials: number): Step =>
  step.kind === "fault" && step.fault.kind === "cut" ? { ...step, fault: { ...step.fault, dials } } : step;

const inPlainCuts = (step: Step): Step => (dialsOf(step) > 0 ? { id: step.id, kind: "fault", fault: cut } : step);

const inPlainFrames = (step: Step): Step => (step.kind === "publish" ? { ...step, bytes: plainBytes } : step);

/** One message of the last publish, and none of the others. */
function lastPublishAlone(steps: readonly Step[]): readonly Step[] {
  const last = steps.findLastIndex(one => one.kind === "publish");
  return steps
    .filter((one, at) => one.kind !== "publish" || at === last)
    .map(one => (one.kind === "publish" ? { ...one, count: 1, bytes: plainBytes } : one));
}

// ---- Plainer steps ----

function* simplerSteps(scenario: Scenario): Generator<Scenario> {
  for (let i = 0; i < scenario.steps.length; i++) {
    const step = scenario.steps[i];
    if (step === undefined) continue;
    for (const simpler of simplerStep(step, scenario.options)) yield withStep(scenario, i, ...simpler);
    if (step.kind === "heal" && step.awaits === "handshake") yield* withoutHandshake(scenario, i);
    if (step.kind !== "fault") continue;
    if (step.fault.kind === "limit") yield* atFrameEnds(scenario, i, step.fault.bytes);
    if (step.fault.kind === "cut" && step.fault.awaits === "gave-up") yield* stayingInstead(scenario, i);
  }
}

/** The steps that may stand in its place, in order. */
function* simplerStep(step: Step, { subject }: Options): Generator<readonly Step[]> {
  switch (step.kind) {
    case "publish":
      for (const simpler of simplerPublish(step, subject)) yield [simpler];
      return;
    case "together":
      for (const part of step.steps) yield [part];
      if (step.steps.length > 1) yield step.steps;
      for (const calls of simplerCalls(step.steps, subject)) yield [{ ...step, steps: calls }];
      return;
    case "fault":
      for (const fault of simplerFaults(step.fault)) yield [{ ...step, fault }];
      return;
    case "heal":
      if (step.awaits !== "connected") yield [{ ...step, awaits: "connected" }];
      return;
    case "flush":
      if (step.overlap) yield [{ id: step.id, kind: "flush", timeoutMs: step.timeoutMs }];
      if (step.timeoutMs !== plainFlushMs) yield [{ ...step, timeoutMs: plainFlushMs }];
      return;
    case "drain":
      if (step.overlap) yield [{ id: step.id, kind: "drain" }];
      yield [{ id: step.id, kind: "close" }];
      return;
    default:
      return;
  }
}

function* simplerCalls(calls: readonly CallStep[], subject: string): Generator<readonly CallStep[]> {
  for (let i = 0; i < calls.length && calls.length > 1; i++) yield calls.toSpliced(i, 1);
  for (const [i, call] of calls.entries()) {
    if (call.kind === "drain") yield calls.with(i, { id: call.id, kind: "close" });
    if (call.kind === "publish") for (const simpler of simplerPublish(call, subject)) yield calls.with(i, simpler);
  }
}

function* simplerPublish(step: PublishStep, subject: string): Generator<PublishStep> {
  const { overlap, ...awaited } = step;
  const { publishers, ...alone } = step;
  if (publishers !== undefined) yield alone;
  if (overlap) yield awaited;
  if (step.bytes === plainBytes) return;
  yield { ...step, bytes: plainBytes };
  // As many bytes in all: what matters may be a buffer that fills up.
  const bytes = step.count * frameBytes(subject, step.bytes, oneSpace);
  const count = Math.ceil(bytes / frameBytes(subject, plainBytes, oneSpace));
  if (count <= plainCountMax) yield { ...step, bytes: plainBytes, count };
}

const cut: Fault = { kind: "cut", awaits: "noticed" };
const unawaited: Fault = { kind: "cut", awaits: "none" };

function* simplerFaults(fault: Fault): Generator<Fault> {
  switch (fault.kind) {
    case "cut":
      if (fault.awaits === "none") yield cut;
      if (fault.dials !== undefined) yield { kind: "cut", awaits: fault.awaits };
      return;
    case "stop-server":
      yield cut;
      if (fault.awaits === "none") yield { ...fault, awaits: "noticed" };
      if (fault.signal !== "TERM") yield { ...fault, signal: "TERM" };
      return;
    case "pause-server":
      yield cut;
      yield { kind: "blackhole" };
      return;
    case "limit":
      yield cut;
      yield unawaited;
      return;
    case "blackhole":
    case "hold":
      yield cut;
      return;
    case "cut-server":
      yield cut;
      if (fault.stays === true) yield { kind: "cut-server" };
      return;
  }
}

/** The burst that meets a handshake meets a dial that was not waited for. */
function* withoutHandshake(scenario: Scenario, at: number): Generator<Scenario> {
  const heal = scenario.steps[at];
  const burst = scenario.steps[at + 1];
  if (heal?.kind !== "heal" || burst?.kind !== "publish") return;
  const { overlap: _overlap, ...awaited } = burst;
  yield withSteps(scenario, scenario.steps.toSpliced(at, 2, { ...heal, awaits: "none" }, awaited));
}

/** A byte anchor at the ends of the first frames, with a publish that reaches it. */
function* atFrameEnds(scenario: Scenario, at: number, limitBytes: number): Generator<Scenario> {
  const { steps, options } = scenario;
  const j = steps.findIndex((one, i) => i > at && one.kind === "publish");
  const fault = steps[at];
  const publish = steps[j];
  if (fault?.kind !== "fault" || publish?.kind !== "publish") return;
  const frame = frameBytes(options.subject, plainBytes, oneSpace);
  for (const bytes of [1, frame - 1, frame, frame + 1, 2 * frame - 1]) {
    if (bytes >= limitBytes && publish.bytes === plainBytes) return;
    const anchored: Step = { ...fault, fault: { kind: "limit", bytes } };
    const reaching: Step = { ...publish, bytes: plainBytes, count: Math.ceil(bytes / frame) };
    yield withSteps(scenario, steps.with(at, anchored).with(j, reaching));
  }
}

/** A client that gives up could go on; or it is closed, as is one that is asked to close. */
function* stayingInstead(scenario: Scenario, at: number): Generator<Scenario> {
  const step = scenario.steps[at] as Step;
  const forEver = { ...scenario.options, reconnectAttemptsMax: -1 };
  yield withOptions(withStep(scenario, at, { id: step.id, kind: "fault", fault: cut }), forEver);
  yield withOptions(withStep(scenario, at, { id: step.id, kind: "close" }), forEver);
}

/** A fault changes places with the publish before it; one that raced with it then meets a client that knows, or does not. */
function* faultsFirst(scenario: Scenario): Generator<Scenario> {
  const { steps } = scenario;
  for (let i = 0; i + 1 < steps.length; i++) {
    const [a, b] = [steps[i], steps[i + 1]];
    if (a?.kind !== "publish" || b?.kind !== "fault") continue;
    const { overlap, ...publish } = a;
    yield withSteps(scenario, steps.with(i, b).with(i + 1, publish));
    if (!overlap) continue;
    yield withSteps(scenario, steps.with(i, { ...b, fault: unawaited }).with(i + 1, publish));
  }
}

// ---- Lower numbers ----

/** One number of a scenario, and the scenario with another in its place. */
export interface Dial {
  readonly value: number;
  readonly least: number;
  turnedTo(value: number): Scenario;
}

/** Every number that could be lower. Turning one leaves the others where they are in the list. */
export function dials(scenario: Scenario): readonly Dial[] {
  if (scenario.policy === undefined) return plainDials(scenario);
  return [...plainDials(scenario), ...policyDials(scenario)].map(dial => ({
    ...dial,
    turnedTo: value => inStep(dial.turnedTo(value)),
  }));
}

function plainDials(scenario: Scenario): readonly Dial[] {
  const { options, steps } = scenario;
  const { reconnectBufferBytesMax: limitBytes, reconnectAttemptsMax: attempts } = options;
  const found: Dial[] = steps.flatMap((step, at) => stepDials(step, by => withStep(scenario, at, by)));
  if (limitBytes !== undefined && limitBytes > 0)
    found.push({
      value: limitBytes,
      least: 1,
      turnedTo: value => withOptions(scenario, { ...options, reconnectBufferBytesMax: value }),
    });
  if (attempts > 0)
    found.push({
      value: attempts,
      least: 1,
      turnedTo: value => withOptions(scenario, { ...options, reconnectAttemptsMax: value }),
    });
  return found;
}

function stepDials(step: Step, put: (step: Step) => Scenario): readonly Dial[] {
  switch (step.kind) {
    case "publish":
      return [{ value: step.count, least: 1, turnedTo: count => put({ ...step, count }) }];
    case "together":
      return step.steps.flatMap((call, at) =>
        stepDials(call, by => put({ ...step, steps: step.steps.with(at, by as CallStep) })),
      );
    case "fault": {
      const { fault } = step;
      if (fault.kind === "cut" && typeof fault.dials === "number")
        return [{ value: fault.dials, least: 1, turnedTo: dials => put({ ...step, fault: { ...fault, dials } }) }];
      if (fault.kind !== "limit") return [];
      return [{ value: fault.bytes, least: 1, turnedTo: bytes => put({ ...step, fault: { ...fault, bytes } }) }];
    }
    default:
      return [];
  }
}

/** Values from the least upwards by halves of the rest: 1, n/2, 3n/4, … n - 1. */
function* downwards({ value, least }: Dial): Generator<number> {
  for (let lower = least; lower < value; lower = lower + Math.max(1, Math.floor((value - lower) / 2))) yield lower;
}
