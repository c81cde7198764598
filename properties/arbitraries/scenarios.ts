/**
 * Random scenarios, as a fast-check Arbitrary: `generate` draws one seed word and expands it as a search does, `shrink` yields our
 * reductions. Kinds that are switched off are capabilities that are missing; sizes are cut down to what was asked for.
 */
import type fc from "fast-check";
import { frameBytes } from "../../models/vocabulary/frame.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import {
  type CallStep,
  type Capability,
  capabilities,
  type PublishStep,
  type Scenario,
  type Step,
} from "../../models/vocabulary/scenario.ts";
import { withinCount } from "./at-once.ts";
import { drawn } from "./drawn.ts";
import {
  countWithin,
  type Drawable,
  drawableSteps,
  isDrawable,
  isFaultName,
  isStepName,
  type StepBounds,
  type StepSpace,
} from "./kinds.ts";
import { inStep } from "./policy-reductions.ts";
import { policyScenarioOf } from "./policy-scenario.ts";
import { reductions } from "./reductions.ts";
import { scenariosByWord } from "./scenario.ts";

export interface ScenariosSpace extends StepSpace {
  readonly profile: Profile;
  /** The most episodes of one scenario. */
  readonly episodesMax?: number;
}

/** Scenarios for one profile, seeded by fast-check and shrunk by us. @throws RangeError where a kind or a size means nothing */
export function scenarios(space: ScenariosSpace): fc.Arbitrary<Scenario> {
  const { profile, policy, episodesMax } = space;
  const drawable = drawableSteps(space);
  const made = {
    profile,
    capabilities: capabilitiesOf(space, drawable),
    ...(episodesMax === undefined ? {} : { episodesMax }),
  };
  const ofWord = policy === undefined ? scenariosByWord(made) : under(policy, made);
  const isNarrowed = [space.kinds, space.faults, space.countMax, space.bytes].some(one => one !== undefined);
  const { countMax = Number.POSITIVE_INFINITY, bytes } = space;
  const bounds: StepBounds = { ...drawable, countMax, bytes };
  const fits = ({ steps }: Scenario): boolean => steps.every(one => isDrawable(one, bounds));
  return drawn({
    draw(chance) {
      const word = chance.nextInt(-0x80000000, 0x7fffffff) >>> 0;
      const scenario = ofWord(word.toString(36));
      return isNarrowed ? narrowed(scenario, bounds, profile) : scenario;
    },
    isOne: (value): value is Scenario =>
      typeof value === "object" && value !== null && "steps" in value && "options" in value,
    *smaller(scenario) {
      for (const one of reductions(scenario)) if (fits(one)) yield one;
    },
  });
}

type Made = Parameters<typeof scenariosByWord>[0];
const under =
  (policy: Policy, space: Made): ((word: string) => Scenario) =>
  word =>
    policyScenarioOf(word, { ...space, policy });

/** A kind that is switched off is a capability that is missing. */
function capabilitiesOf(
  { capabilities: able = new Set(capabilities) }: StepSpace,
  drawable: Drawable,
): ReadonlySet<Capability> {
  const { steps, faults } = drawable;
  const isOn = (one: Capability): boolean => {
    if (isFaultName(one)) return faults.includes(one);
    if (one === "stale-detection") return steps.includes("await-noticed");
    return !isStepName(one) || steps.includes(one);
  };
  return new Set([...able].filter(isOn));
}

// ---- Cut down to what was asked for ----

/** The scenario without calls that were switched off, though every client has them, and with the sizes that were asked for. */
function narrowed(scenario: Scenario, bounds: StepBounds, profile: Profile): Scenario {
  const kept = scenario.steps.flatMap((step): readonly Step[] => keptOf(step, bounds));
  const sized = inStep({ ...scenario, steps: kept });
  return { ...sized, steps: sized.steps.map((step, at) => reached(step, sized, at, profile)) };
}

function keptOf(step: Step, bounds: StepBounds): readonly Step[] {
  if (step.kind !== "start" && !bounds.steps.includes(step.kind)) return [];
  if (step.kind === "signal" && step.meanwhile !== undefined)
    return [{ ...step, meanwhile: step.meanwhile.map(one => smallerSize(one, bounds)) }];
  if (step.kind !== "together") return [smallerSize(step, bounds)];
  return [{ ...step, steps: step.steps.map((one): CallStep => smallerSize(one, bounds)) }];
}

function smallerSize<S extends Step>(step: S, { countMax, bytes: sizes }: StepBounds): S {
  if (step.kind !== "publish") return step;
  const count = Math.min(step.count, countMax);
  if (sizes === undefined) return withinCount({ ...step, count }) as S & PublishStep;
  const bytes = sizes.includes(step.bytes) ? step.bytes : (sizes[step.bytes % sizes.length] as number);
  return withinCount({ ...step, bytes, count: countWithin(count, bytes) }) as S & PublishStep;
}

/** A byte anchor stays within the publish that follows it. */
function reached(step: Step, { steps, options }: Scenario, at: number, profile: Profile): Step {
  if (step.kind !== "fault" || step.fault.kind !== "limit") return step;
  const next = steps.find((one, i) => i > at && one.kind === "publish");
  if (next?.kind !== "publish") return step;
  const most = next.count * frameBytes(options.subject, next.bytes, profile);
  return { ...step, fault: { ...step.fault, bytes: Math.min(step.fault.bytes, most) } };
}
