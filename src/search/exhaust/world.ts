/** The worlds to explore: the model's own step, or a changed one. */
import { step } from "../../../models/bus.ts";
import type { Choose } from "../../../models/choice.ts";
import { type PlannedStep, plan } from "../../../models/plan/plan.ts";
import { type BusState, newState } from "../../../models/state.ts";
import type { Emit, Event } from "../../../models/vocabulary/event.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Options, Scenario } from "../../../models/vocabulary/scenario.ts";

/**
 * Does one planned step, which may be the end of the case. It changes only the state, and is a function of (state, step, answers). A world
 * that remembers anything outside the state must be walked path by path, since equal states would not show it.
 */
export type StepWorld = (planned: PlannedStep, state: BusState, options: Options, choose: Choose, emit: Emit) => void;

/** One run from its start; `choose` answers all its questions. It may remember anything. */
export type PathWorld = (scenario: Scenario, choose: Choose) => readonly Event[];

/** The model of one client; `misreads` changes the options as that client misreads them. */
export const modelSteps =
  (behaves: Profile, misreads = (options: Options): Options => options): StepWorld =>
  (planned, state, options, choose, emit) =>
    step(planned, { state, profile: behaves, options: misreads(options), choose, emit });

/** Whole runs of a world, planned for the declared profile. */
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
