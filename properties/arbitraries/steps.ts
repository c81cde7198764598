/**
 * Random steps, as a fast-check Arbitrary. A step stands alone: its id is its kind, which `scheduleOf` makes different for each, and it
 * repeats no other.
 */
import type fc from "fast-check";
import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { killsAfterMs } from "../../models/policy/probes.ts";
import { restartWaitsMs } from "../../models/policy/restarts.ts";
import { isUnacknowledged } from "../../models/policy/streams.ts";
import { subjectsByTreatment } from "../../models/policy/subjects.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { CallStep, HealAwait, PublishStep, Step } from "../../models/vocabulary/scenario.ts";
import { drawn, randomFrom } from "./drawn.ts";
import { faultOf } from "./faults.ts";
import {
  countWithin,
  type Drawable,
  drawableSteps,
  isCallName,
  isDrawable,
  type StepName,
  type StepSpace,
} from "./kinds.ts";
import type { Random } from "./random.ts";
import { reductions } from "./reductions.ts";
import { isStep, scenarioWith } from "./schedule.ts";

/** Steps of the kinds that were asked for. They shrink to a plainer one of these kinds. @throws RangeError where no kind is left */
export function steps(space: StepSpace = {}): fc.Arbitrary<Step> {
  const drawable = drawableSteps(space);
  const kinds = drawable.steps.filter(kind => kind !== "subscribe" || durableSubjects(drawable).length > 0);
  if (kinds.length === 0) throw new RangeError("the capabilities, the faults and the policy leave no kind of step");
  return drawn({
    draw(chance) {
      const random = randomFrom(chance);
      return stepOf(random, random.pick(kinds), drawable);
    },
    isOne: (value): value is Step => isStep(value) && kinds.includes(value.kind) && isDrawable(value, drawable),
    *smaller(step) {
      for (const one of plainerSteps(step, drawable.policy))
        if (kinds.includes(one.kind) && isDrawable(one, drawable)) yield one;
    },
  });
}

export function stepOf(random: Random, kind: StepName, drawable: Drawable): Step {
  if (isCallName(kind)) return callOf(random, kind, drawable);
  switch (kind) {
    case "start": {
      const replica = anyReplica(random, drawable);
      return { id: kind, kind, ...(replica === 0 ? {} : { replica }) };
    }
    case "together":
      return { id: kind, kind, steps: partsOf(random, drawable) };
    case "fault":
      return { id: kind, kind, fault: faultOf(random, random.pick(drawable.faults)) };
    case "heal":
      return { id: kind, kind, awaits: healAwait(random, drawable) };
    case "await-noticed":
      return { id: kind, kind };
    case "subscribe": {
      const subject = random.pick(durableSubjects(drawable));
      const handler = random.pick(["acks", "acks", "fails", "hangs"] as const);
      return { id: kind, kind, replica: anyReplica(random, drawable), subject, handler };
    }
    case "signal":
      return { id: kind, kind, replica: anyReplica(random, drawable), signal: random.pick(["TERM", "TERM", "KILL"]) };
    case "advance":
      return { id: kind, kind, ms: waitMs(random, drawable.policy) };
  }
}

function callOf(random: Random, kind: CallStep["kind"], drawable: Drawable): CallStep {
  if (kind === "publish") return publishOf(random, drawable);
  return kind === "flush" ? { id: kind, kind, timeoutMs: 5_000 } : { id: kind, kind };
}

/** A publish on any subject of the policy, or on the given one. */
export function publishOf(
  random: Random,
  { bytes: sizes, countMax, policy }: Drawable,
  on: string | undefined = policy && anySubject(random, policy),
): PublishStep {
  const bytes = random.pick(sizes);
  const few = Math.min(3, countMax);
  const count = countWithin(random.chance(0.3) ? random.int(1, few) : random.int(1, countMax), bytes);
  const plain: PublishStep = { id: "publish", kind: "publish", count, bytes };
  const overlap = random.chance(0.2) ? { overlap: true as const } : {};
  if (policy === undefined || on === undefined) return { ...plain, ...overlap };
  const key = random.chance(0.15) ? { key: `key-${random.int(0, 3)}` } : {};
  const isAsync = isClassifiedDurable(policy, on) && random.chance(0.25);
  return { ...plain, ...overlap, subject: on, ...key, ...(isAsync ? { async: true } : {}) };
}

function anySubject(random: Random, policy: Policy): string {
  const { durable, uncovered, captured, core } = subjectsByTreatment(policy);
  return random.pick(random.pick([durable, durable, uncovered, captured, core].filter(one => one.length > 0)));
}

export const durableSubjects = ({ policy }: Drawable): readonly string[] =>
  policy === undefined
    ? []
    : subjectsByTreatment(policy).durable.filter(one => one !== policy.consume.deadLetterSubject);

/** Those whose publishes are acknowledged. */
export const acknowledgedSubjects = (drawable: Drawable): readonly string[] => {
  const { policy } = drawable;
  return durableSubjects(drawable).filter(one => policy !== undefined && !isUnacknowledged(policy, one));
};

const anyReplica = (random: Random, { mayReplicate }: Drawable): number =>
  mayReplicate && random.chance(0.3) ? random.int(1, 2) : 0;

/** Calls of the kinds that were asked for; publishes where none were. What ends the connection comes last. */
export function partsOf(random: Random, drawable: Drawable): readonly CallStep[] {
  const asked = drawable.steps.filter(isCallName);
  const open = asked.filter(kind => kind === "publish" || kind === "flush");
  const ends = asked.filter(kind => kind !== "publish" && kind !== "flush");
  const first = Array.from({ length: random.int(1, 2) }, () =>
    random.pick(open.length > 0 ? open : ["publish" as const]),
  );
  const last = ends.length > 0 && random.chance(0.7) ? [random.pick(ends)] : [];
  return [...first, ...last].map((kind, i) => ({ ...callOf(random, kind, drawable), id: `${kind}-part-${i}` }));
}

function healAwait(random: Random, { mayHandshake }: Drawable): HealAwait {
  if (random.chance(0.8)) return "connected";
  return mayHandshake && random.chance(0.5) ? "handshake" : "none";
}

/** The longest step of time. */
const advanceMsMax = 2_592_000_000;

/** Just under, at or just over a time limit of the policy. */
export function waitMs(random: Random, policy: Policy | undefined): number {
  if (policy === undefined) return random.int(1, 1_000);
  const { streams, publish, consume, startup, shutdown, supervisor } = policy;
  const edges = [publish.ackTimeoutMs, consume.ackWaitMs, startup.connectTimeoutMs, startup.deadlineMs ?? 0];
  const more = [shutdown.budgetMs, ...restartWaitsMs(supervisor), ...killsAfterMs(supervisor)];
  const windows = streams.map(one => one.duplicateWindowMs);
  return Math.min(advanceMsMax, Math.max(1, random.pick([...edges, ...more, ...windows]) + random.int(-1, 1)));
}

/** The steps that our reductions put in the place of one that stands alone. */
function* plainerSteps(step: Step, policy: Policy | undefined): Generator<Step> {
  for (const { steps: smaller } of reductions(scenarioWith([step], policy === undefined ? {} : { policy }))) {
    const [one, ...more] = smaller;
    if (one !== undefined && more.length === 0 && JSON.stringify(one) !== JSON.stringify(step)) yield one;
  }
}
