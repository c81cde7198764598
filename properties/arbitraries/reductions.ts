/**
 * Smaller scenarios, largest reduction first: cut the tail, remove chunks, merge publishes, lower sizes and options, await what
 * raced. The same list serves fast-check's shrinking and our own reruns in the live world.
 */
import type { Fault, Options, PublishStep, Scenario, Step } from "../../models/vocabulary/scenario.ts";
import { inStep, policyCuts, policyDials, policyPlainer } from "./policy-reductions.ts";

const withSteps = (scenario: Scenario, steps: readonly Step[]): Scenario => ({ ...scenario, steps });

export function* reductions(scenario: Scenario): Generator<Scenario> {
  if (scenario.policy === undefined) yield* plainReductions(scenario);
  else for (const smaller of policyReductions(scenario)) yield* changedOnly(scenario, inStep(smaller));
}

/** Mending can undo a reduction, and a scenario that is yielded as smaller than itself would be shrunk for ever. */
function* changedOnly(before: Scenario, after: Scenario): Generator<Scenario> {
  const text = ({ options, steps }: Scenario): string => JSON.stringify([options, steps]);
  if (text(after) !== text(before)) yield after;
}

function* policyReductions(scenario: Scenario): Generator<Scenario> {
  yield* policyCuts(scenario);
  yield* plainReductions(scenario);
  yield* policyPlainer(scenario);
  for (const { value, least, turnedTo } of policyDials(scenario))
    for (const lower of new Set([least, Math.floor(value / 2), value - 1])) if (lower < value) yield turnedTo(lower);
}

function* plainReductions(scenario: Scenario): Generator<Scenario> {
  yield* withoutCalls(scenario);
  yield* withoutChunks(scenario);
  yield* mergedPublishes(scenario);
  yield* simplerSteps(scenario);
  yield* simplerOptions(scenario);
}

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

/** The tail first, then every chunk, from half the steps down to single ones; `start` stays. */
function* withoutChunks(scenario: Scenario): Generator<Scenario> {
  const { steps } = scenario;
  for (let size = Math.floor(steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let end = steps.length; end - size >= 0; end -= size) {
      const rest = [...steps.slice(0, end - size), ...steps.slice(end)];
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
    yield withSteps(
      scenario,
      steps.flatMap((one, at) => (at === i ? [] : at === j ? [{ ...b, ...both }] : [one])),
    );
    yield withSteps(
      scenario,
      steps.flatMap((one, at) => (at === j ? [] : at === i ? [{ ...a, ...both }] : [one])),
    );
  }
}

function* simplerSteps(scenario: Scenario): Generator<Scenario> {
  for (let i = 0; i < scenario.steps.length; i++) {
    const step = scenario.steps[i];
    if (step === undefined) continue;
    for (const simpler of simplerStep(step)) yield withSteps(scenario, scenario.steps.with(i, simpler));
  }
}

function* simplerStep(step: Step): Generator<Step> {
  switch (step.kind) {
    case "publish":
      yield* simplerPublish(step);
      return;
    case "together":
      for (const part of step.steps) yield part;
      for (let i = 0; i < step.steps.length && step.steps.length > 1; i++) {
        yield { ...step, steps: step.steps.filter((_, at) => at !== i) };
      }
      for (let i = 0; i < step.steps.length; i++) {
        const part = step.steps[i];
        if (part?.kind === "publish")
          for (const simpler of simplerPublish(part)) yield { ...step, steps: step.steps.with(i, simpler) };
      }
      return;
    case "fault":
      for (const fault of simplerFault(step.fault)) yield { ...step, fault };
      return;
    case "heal":
      if (step.awaits !== "connected") yield { ...step, awaits: "connected" };
      return;
    default:
      return;
  }
}

function* simplerPublish(step: PublishStep): Generator<PublishStep> {
  const { overlap, ...awaited } = step;
  if (overlap) yield awaited;
  const { count } = step;
  for (const smaller of new Set([1, Math.floor(count / 2), Math.floor(count * 0.75), count - 1])) {
    if (smaller >= 1 && smaller < count) yield { ...step, count: smaller };
  }
  if (step.bytes !== 16) yield { ...step, bytes: 16 };
}

function* simplerFault(fault: Fault): Generator<Fault> {
  switch (fault.kind) {
    case "cut":
      if (fault.awaits === "none") yield { ...fault, awaits: "noticed" };
      return;
    case "stop-server":
    case "blackhole":
    case "pause-server":
      yield { kind: "cut", awaits: "noticed" };
      return;
    case "limit":
      yield { kind: "cut", awaits: "noticed" };
      for (const bytes of new Set([1, Math.floor(fault.bytes / 2), fault.bytes - 1]))
        if (bytes >= 1 && bytes < fault.bytes) yield { ...fault, bytes };
      return;
    case "hold":
      return;
  }
}

function* simplerOptions(scenario: Scenario): Generator<Scenario> {
  const { reconnectBufferBytesMax, pingIntervalMs, pingsOutMax, ...plain } = scenario.options;
  const limited: Partial<Options> = reconnectBufferBytesMax === undefined ? {} : { reconnectBufferBytesMax };
  const pings: Partial<Options> =
    pingIntervalMs === undefined || pingsOutMax === undefined ? {} : { pingIntervalMs, pingsOutMax };
  if (reconnectBufferBytesMax !== undefined) {
    yield { ...scenario, options: { ...plain, ...pings } };
    for (const smaller of [1, 34])
      if (smaller < reconnectBufferBytesMax)
        yield { ...scenario, options: { ...plain, ...pings, reconnectBufferBytesMax: smaller } };
  }
  if (plain.reconnectAttemptsMax >= 0)
    yield { ...scenario, options: { ...scenario.options, reconnectAttemptsMax: -1 } };
  if (pingIntervalMs !== undefined) yield { ...scenario, options: { ...plain, ...limited } };
  if (plain.cutsWith !== "fin") yield { ...scenario, options: { ...scenario.options, cutsWith: "fin" } };
}
