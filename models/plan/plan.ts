/**
 * The plan: what is done about each step of a scenario, and what the harness knows when it does it. It follows from the scenario and the
 * profile alone, so every world does, overlaps and skips exactly the same steps, and a shrunk scenario is still a scenario.
 */
import type { Profile } from "../vocabulary/profile.ts";
import type { CallStep, Options, Scenario, Step, StepId } from "../vocabulary/scenario.ts";
import { advance } from "./advance.ts";
import { notEnabled, overlaps } from "./enabled.ts";
import { copyView, isSameView, newView, type View } from "./view.ts";

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
