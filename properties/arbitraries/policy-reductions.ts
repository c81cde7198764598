/**
 * Smaller scenarios under a policy: fewer replicas, waits, subjects and keys, plainer handlers and faults, shorter waits. Called by
 * `reductions`, which yields these beside its own; `inStep` mends what either leaves of a publish whose first is gone or changed.
 */

import { subjectsByTreatment } from "../../models/policy/subjects.ts";
import {
  type CallStep,
  type Fault,
  mustTakeTime,
  type PublishStep,
  partsOf,
  replicaOf,
  type Scenario,
  type Step,
  type SubscribeStep,
} from "../../models/vocabulary/scenario.ts";

const withSteps = (scenario: Scenario, steps: readonly Step[]): Scenario => ({ ...scenario, steps });

/** Reductions that take much away at once, the biggest cut first. */
export function* policyCuts(scenario: Scenario): Generator<Scenario> {
  yield* without(scenario, one => one.kind === "advance");
  const replicas = new Set(scenario.steps.map(replicaOf).filter(one => one > 0));
  for (const replica of replicas) yield* without(scenario, one => replicaOf(one) === replica);
  for (const replica of replicas) yield* doneByTheFirst(scenario, replica);
  yield* without(scenario, one => one.kind === "subscribe");
}

/** Reductions that put something plainer in the place of another. */
export function* policyPlainer(scenario: Scenario): Generator<Scenario> {
  yield* fewerSubjects(scenario);
  yield* changed(scenario, ({ key: _key, ...rest }) => rest);
  yield* changed(scenario, ({ async: _async, ...rest }) => rest);
  for (let i = 0; i < scenario.steps.length; i++) {
    const step = scenario.steps[i];
    if (step === undefined) continue;
    for (const plainer of plainerStep(step)) yield withSteps(scenario, scenario.steps.with(i, plainer));
  }
  yield* startedFirst(scenario);
  yield* earlier(scenario);
}

/** One number of a scenario, and the scenario with another in its place. */
interface PolicyDial {
  readonly value: number;
  readonly least: number;
  turnedTo(value: number): Scenario;
}

/** Every wait, and the time of every handler. */
export const policyDials = (scenario: Scenario): readonly PolicyDial[] =>
  scenario.steps.flatMap((step, at): readonly PolicyDial[] => {
    const dial = (value: number, turned: (value: number) => Step): readonly PolicyDial[] => [
      { value, least: 1, turnedTo: other => withSteps(scenario, scenario.steps.with(at, turned(other))) },
    ];
    if (step.kind === "advance") return dial(step.ms, ms => ({ ...step, ms }));
    if (step.kind === "subscribe" && step.takesMs !== undefined)
      return dial(step.takesMs, takesMs => ({ ...step, takesMs }));
    if (step.kind === "subscribe" && step.nakDelayMs !== undefined)
      return dial(step.nakDelayMs, nakDelayMs => ({ ...step, nakDelayMs }));
    return [];
  });

/** A publish that repeats another says what that says, one whose first is gone repeats nothing; what the policy sets stays set. */
export function inStep(scenario: Scenario): Scenario {
  const before = new Map<string, PublishStep>();
  const mend = <S extends Step>(step: S): S | PublishStep => {
    if (step.kind !== "publish") return step;
    const mended = mendPublish(step, before);
    before.set(mended.id, mended);
    return mended;
  };
  const options = { ...scenario.options, ...scenario.policy?.client };
  return withSteps(
    { ...scenario, options },
    scenario.steps.map(one => inParts(mend(one), mend)),
  );
}

/** The step with each of its parts changed. */
function inParts(step: Step, change: <S extends CallStep>(part: S) => S | PublishStep): Step {
  if (step.kind === "together") return { ...step, steps: step.steps.map((one): CallStep => change(one)) };
  if (step.kind !== "signal" || step.meanwhile === undefined) return step;
  return { ...step, meanwhile: step.meanwhile.map(one => change(one)) };
}

function mendPublish(step: PublishStep, before: ReadonlyMap<string, PublishStep>): PublishStep {
  if (step.again === undefined) return step;
  const first = before.get(step.again);
  const { again: _again, ...plain } = step;
  if (first === undefined) return plain;
  const { subject: _subject, key: _key, ...rest } = step;
  const { count, bytes, subject, key } = first;
  const about = { ...(subject === undefined ? {} : { subject }), ...(key === undefined ? {} : { key }) };
  return { ...rest, count, bytes, ...about };
}

// ---- Less ----

/** Only where something goes and a start stays. */
function* without(scenario: Scenario, isGone: (step: Step) => boolean): Generator<Scenario> {
  const rest = scenario.steps.filter(one => !isGone(one));
  if (rest.length < scenario.steps.length && rest.some(one => one.kind === "start")) yield withSteps(scenario, rest);
}

/** One process less: what another did, the first one does. */
function* doneByTheFirst(scenario: Scenario, replica: number): Generator<Scenario> {
  if (!scenario.steps.some(one => one.kind === "start" && replicaOf(one) === 0)) return;
  const rest = scenario.steps.filter(one => one.kind !== "start" || replicaOf(one) !== replica);
  yield withSteps(
    scenario,
    rest.map(one => (replicaOf(one) === replica ? ({ ...one, replica: 0 } as Step) : one)),
  );
}

// ---- Plainer ----

/**
 * One subject less: all that went out on it goes out on another that is used already. Or one publish goes out on the first in the
 * alphabet, and never the other way: shrinking must end.
 */
function* fewerSubjects(scenario: Scenario): Generator<Scenario> {
  yield* plainestSubjects(scenario);
  const used = [...new Set(scenario.steps.flatMap(subjectsOf))].sort();
  const [first, second] = used;
  if (first === undefined || second === undefined) return;
  const moved = (gone: string, into: string) =>
    changed(scenario, step => (step.subject === gone ? { ...step, subject: into } : step));
  for (const gone of used.slice(1)) yield* moved(gone, first);
  for (const smaller of moved(first, second)) {
    yield smaller;
    return;
  }
}

/** Replaces a subject by the first in the alphabet of all that the policy treats alike, so that one gap shrinks to one case. */
function* plainestSubjects(scenario: Scenario): Generator<Scenario> {
  if (scenario.policy === undefined) return;
  const { durable, uncovered, captured, core } = subjectsByTreatment(scenario.policy);
  for (const used of new Set(scenario.steps.flatMap(subjectsOf))) {
    const [first] = [durable, uncovered, captured, core].find(alike => alike.includes(used)) ?? [];
    if (first === undefined || first >= used) continue;
    const moved = (step: Step): Step => {
      if (partsOf(step).length > 0) return inParts(step, one => moved(one) as typeof one);
      const isThere = (step.kind === "publish" || step.kind === "subscribe") && step.subject === used;
      return isThere ? { ...step, subject: first } : step;
    };
    yield withSteps(scenario, scenario.steps.map(moved));
  }
}

const subjectsOf = (step: Step): readonly string[] => {
  if (partsOf(step).length > 0) return partsOf(step).flatMap(subjectsOf);
  return step.kind === "publish" && step.subject !== undefined ? [step.subject] : [];
};

/** All publishes changed at once, and then each alone. */
function* changed(scenario: Scenario, change: (step: PublishStep) => PublishStep): Generator<Scenario> {
  const { steps } = scenario;
  const apply = (step: Step): Step => {
    if (step.kind === "publish") return change(step);
    return inParts(step, one => apply(one) as typeof one);
  };
  const differs = steps.map(one => JSON.stringify(apply(one)) !== JSON.stringify(one));
  const many = differs.filter(Boolean).length;
  if (many > 0) yield withSteps(scenario, steps.map(apply));
  if (many < 2) return;
  for (const [at, step] of steps.entries()) if (differs[at]) yield withSteps(scenario, steps.with(at, apply(step)));
}

const awaitedFaults: readonly Fault[] = [
  { kind: "cut", awaits: "noticed" },
  { kind: "stop-server", signal: "TERM", awaits: "noticed" },
];

/** Moves a fault that a process met when it started to a time when it runs. */
function* startedFirst(scenario: Scenario): Generator<Scenario> {
  const { steps } = scenario;
  const at = steps.findIndex(one => one.kind === "start" && replicaOf(one) === 0);
  const start = steps[at];
  if (start === undefined || at === 0 || steps.slice(0, at).some(one => one.kind !== "fault")) return;
  for (const fault of awaitedFaults) {
    const met = steps.slice(0, at).map((one): Step => (one.kind === "fault" ? { ...one, fault } : one));
    yield withSteps(scenario, [start, ...met, ...steps.slice(at + 1)]);
  }
}

const overtakes = { start: ["subscribe", "publish", "advance"], subscribe: ["publish", "advance"] };

/** Processes start, then they subscribe, and then come publishes and waits. */
function* earlier(scenario: Scenario): Generator<Scenario> {
  const { steps } = scenario;
  for (let at = 1; at < steps.length; at++) {
    const [before, step] = [steps[at - 1] as Step, steps[at] as Step];
    const overtaken = step.kind === "start" || step.kind === "subscribe" ? overtakes[step.kind] : [];
    if (overtaken.includes(before.kind)) yield withSteps(scenario, steps.with(at - 1, step).with(at, before));
  }
}

function* plainerStep(step: Step): Generator<Step> {
  switch (step.kind) {
    case "heal": {
      const { afterAttempts, ...plain } = step;
      if (afterAttempts !== undefined) yield plain;
      if (afterAttempts !== undefined && afterAttempts > 1) yield { ...step, afterAttempts: 1 };
      return;
    }
    case "exit":
    case "together":
      yield* exitingAlone(step);
      return;
    case "signal": {
      const { meanwhile = [], ...alone } = step;
      if (meanwhile.length > 0) yield alone;
      if (meanwhile.length > 1)
        for (const at of meanwhile.keys()) yield { ...step, meanwhile: meanwhile.toSpliced(at, 1) };
      return;
    }
    case "subscribe":
      yield* plainerHandlers(step);
      return;
    case "fault":
      for (const fault of plainerFaults(step.fault)) yield { ...step, fault };
      return;
    default:
      return;
  }
}

/** One that takes no time, waits for nothing, or only acknowledges. */
function* plainerHandlers(step: SubscribeStep): Generator<Step> {
  const { takesMs, nakDelayMs, ...prompt } = step;
  if (takesMs !== undefined) yield { ...prompt, handler: mustTakeTime(step.handler) ? "acks" : step.handler };
  if (nakDelayMs !== undefined) yield prompt;
  if (step.handler === "acks") return;
  yield takesMs === undefined ? { ...prompt, handler: "acks" } : { ...prompt, takesMs, handler: "acks" };
}

/** An exit without the drain before it. */
function* exitingAlone(step: Extract<Step, { kind: "exit" | "together" }>): Generator<Step> {
  const isDrained = (one: Step): boolean => one.kind === "exit" && one.after !== undefined;
  const alone = <S extends CallStep>(one: S): CallStep => (one.kind === "exit" ? { id: one.id, kind: one.kind } : one);
  if (step.kind === "exit" && isDrained(step)) yield alone(step);
  if (step.kind === "together" && step.steps.some(isDrained)) yield { ...step, steps: step.steps.map(alone) };
}

function* plainerFaults(fault: Fault): Generator<Fault> {
  switch (fault.kind) {
    case "cut-server":
      yield { kind: "cut", awaits: "noticed" };
      if (fault.stays === true) yield { kind: "cut-server" };
      return;
    case "lose-ack":
      yield { kind: "cut", awaits: "noticed" };
      return;
    case "power-loss":
      yield { kind: "cut", awaits: "noticed" };
      yield { kind: "stop-server", signal: "KILL", awaits: fault.awaits };
      return;
    case "stop-server":
      if (fault.awaits === "none") yield { kind: "cut", awaits: "none" };
      if (fault.store === "lost") yield { kind: "stop-server", signal: fault.signal, awaits: fault.awaits };
      return;
    case "silent-handshake":
    case "refuse-credentials":
    case "no-jetstream":
      yield { kind: "cut", awaits: "none" };
      return;
    default:
      return;
  }
}
