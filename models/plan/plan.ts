/**
 * The plan: what is done about each step of a scenario, what the harness knows before and after it, and what happens to the process. It
 * follows from the scenario, the profile and the injectors' limits alone. So every world does, overlaps and skips exactly the same steps,
 * and a shrunk scenario is still a scenario. No other code works any of it out again.
 */
import type { Profile } from "../vocabulary/profile.ts";
import type { CallStep, Scenario, Step } from "../vocabulary/scenario.ts";
import { advance } from "./advance.ts";
import { notEnabled, notEnabledMeanwhile, overlaps } from "./enabled.ts";
import type { Life } from "./life.ts";
import { newPool } from "./pool.ts";
import type { NotEnabled } from "./reasons.ts";
import { type InjectorLimits, liveLimits, type Setting } from "./setting.ts";
import { planSettle, type SettleStep } from "./settle.ts";
import { copyView, newView, overwriteView, type View } from "./view.ts";

export type { Life } from "./life.ts";
export type { NotEnabled } from "./reasons.ts";
export { type InjectorLimit, type InjectorLimits, liveLimits, type Setting } from "./setting.ts";
export { type Pass, planSettle, type SettleStep, settleId } from "./settle.ts";
export {
  type ConsumerUse,
  connectPends,
  healStartsServer,
  isCalm,
  isDown,
  isDurable,
  isProbed,
  type View,
} from "./view.ts";

/** A planned step of the scenario. */
export interface ScenarioStep {
  readonly kind: "step";
  readonly step: Step;
  /** The reason why it is skipped. */
  readonly skipped: NotEnabled | undefined;
  /** The step is still running when the next one is done. */
  readonly overlapping: boolean;
  /** The events that this step causes in the life of replica 0, in order. */
  readonly life: readonly Life[];
  readonly before: Readonly<View>;
  readonly after: Readonly<View>;
}

export type PlannedStep = ScenarioStep | SettleStep;

export interface Plan {
  /** The steps of the scenario, in order, and `settle` last. */
  readonly steps: readonly PlannedStep[];
  readonly settle: SettleStep;
}

/** A case with its plan. All code that runs, judges or explains the case reads it here. */
export interface PlannedCase {
  readonly scenario: Scenario;
  readonly profile: Profile;
  readonly plan: Plan;
}

/** `limits`: what the injectors of the worlds concerned cannot do. */
export const planCase = (scenario: Scenario, profile: Profile, limits?: InjectorLimits): PlannedCase => ({
  scenario,
  profile,
  plan: plan(scenario, profile, limits),
});

/** The plan of every step of the scenario, and of its end. */
export function plan(scenario: Scenario, profile: Profile, limits?: InjectorLimits): Plan {
  const planner = new Planner(scenario, profile, limits, true);
  const steps: PlannedStep[] = [];
  for (let planned = planner.next(); planned !== undefined; planned = planner.next()) steps.push(planned);
  return { steps, settle: steps.at(-1) as SettleStep };
}

/**
 * Plans one step after another, for a search that looks at each once. A step and its views stay valid until the next is asked for, unless
 * views are kept. A plan of any length then needs two views.
 */
export class Planner {
  private readonly steps: readonly Step[];
  private readonly setting: Setting;
  private readonly keepsViews: boolean;
  private view: View;
  /** The view before the last, to be written over; absent where views are kept, and before the first step. */
  private spare: View | undefined;
  private index = 0;

  constructor(scenario: Scenario, profile: Profile, limits: InjectorLimits = liveLimits, keepsViews = false) {
    this.steps = scenario.steps;
    this.setting = settingOf(scenario, profile, limits);
    this.keepsViews = keepsViews;
    this.view = firstView(this.setting);
  }

  /** The next step, the last being the end of the case; then undefined. */
  next(): PlannedStep | undefined {
    const { steps, setting, view, index } = this;
    this.index++;
    if (index >= steps.length) return index === steps.length ? planSettle(view, setting) : undefined;
    const step = steps[index] as Step;
    const next = steps[index + 1];
    const skipped = notEnabled(view, step, next, setting);
    if (skipped !== undefined) return skipping(view, step, skipped);
    const overlapping = overlaps(view, step, next) && racesWith(view, step, next, setting);
    const after = this.spare === undefined ? copyView(view) : overwriteView(this.spare, view);
    const life = advance(after, step, overlapping, setting);
    if (!this.keepsViews) this.spare = view;
    this.view = after;
    return { kind: "step", step, skipped, overlapping, life, before: view, after };
  }
}

/**
 * The plan of a bus that is not what it is declared to be. It does, overlaps and skips what `decided` does, but the process lives by this
 * scenario's policy and this profile.
 */
export function planAsDecided(decided: Plan, scenario: Scenario, profile: Profile): Plan {
  const setting = settingOf(scenario, profile);
  let view: Readonly<View> = firstView(setting);
  const steps = decided.steps.map((one): PlannedStep => {
    if (one.kind === "settle") return planSettle(view, setting);
    const { step, skipped, overlapping } = one;
    const planned = skipped === undefined ? planStep(view, step, overlapping, setting) : skipping(view, step, skipped);
    view = planned.after;
    return planned;
  });
  return { steps, settle: steps.at(-1) as SettleStep };
}

export const settingOf = (
  { policy, options }: Pick<Scenario, "policy" | "options">,
  profile: Profile,
  limits: InjectorLimits = liveLimits,
): Setting => ({ policy, profile, options, limits });

/** The view before the first step. */
export const firstView = ({ policy, options, profile }: Setting): View =>
  options.servers === undefined ? newView(policy) : newView(policy, options.servers, newPool(profile, options));

/** Plans one step from this view; the step must be enabled. */
export function planStep(before: Readonly<View>, step: Step, overlapping: boolean, setting: Setting): ScenarioStep {
  const after = copyView(before);
  const life = advance(after, step, overlapping, setting);
  return { kind: "step", step, skipped: undefined, overlapping, life, before, after };
}

const nothing: readonly Life[] = [];

const skipping = (view: Readonly<View>, step: Step, skipped: NotEnabled): ScenarioStep => ({
  kind: "step",
  step,
  skipped,
  overlapping: false,
  life: nothing,
  before: view,
  after: view,
});

/** True where the next step can be done while the publish still runs. */
function racesWith(view: Readonly<View>, step: Step, next: Step | undefined, setting: Setting): boolean {
  const meanwhile = copyView(view);
  advance(meanwhile, step, true, setting);
  return notEnabledMeanwhile(meanwhile, next, setting) === undefined;
}

/** The calls of a `together` that are made: once one of them has ended the connection, only publishes. */
export function callsMade(calls: readonly CallStep[]): readonly CallStep[] {
  const exit = calls.findIndex(call => call.kind === "exit");
  const lived = exit < 0 ? calls : calls.slice(0, exit + 1);
  const end = lived.findIndex(call => call.kind === "close" || call.kind === "drain");
  return lived.filter((call, i) => end < 0 || i <= end || call.kind === "publish" || call.kind === "exit");
}
