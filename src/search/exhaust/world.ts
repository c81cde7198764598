/** The worlds that are explored: the model's own step, or one in which something goes otherwise. */
import { step } from "../../../models/bus.ts";
import type { Choose } from "../../../models/choice.ts";
import { type PlannedStep, plan } from "../../../models/plan/plan.ts";
import { type BusState, newState } from "../../../models/state.ts";
import type { Emit, Event } from "../../../models/vocabulary/event.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Options, Scenario } from "../../../models/vocabulary/scenario.ts";

/**
 * Does one planned step, the end of the case among them. It changes only the state, and is a function of (state, step, answers): what a world remembers anywhere else equal states would not show, and it must be walked path by path.
 */
export type StepWorld = (planned: PlannedStep, state: BusState, options: Options, choose: Choose, emit: Emit) => void;

/** One run from its start, all of its questions answered by `choose`. It may remember what it likes. */
export type PathWorld = (scenario: Scenario, choose: Choose) => readonly Event[];

/** The model of one client; `misreads` is what it takes its options for. */
export const modelSteps =
  (behaves: Profile, misreads = (options: Options): Options => options): StepWorld =>
  (planned, state, options, choose, emit) =>
    step(planned, { state, profile: behaves, options: misreads(options), choose, emit });

/** Whole runs of a world, as the plan of the declared profile has them. */
export const pathsOf =
  (declared: Profile, world: StepWorld): PathWorld =>
  (scenario, choose) => {
    const events: Event[] = [{ kind: "phase", phase: "disturbed" }];
    const state = newState(scenario.policy);
    const emit = (event: Event): void => void events.push(event);
    for (const planned of plan(scenario, declared).steps) world(planned, state, scenario.options, choose, emit);
    emit({ kind: "observed", complete: true });
    return events;
  };
