/**
 * The model world: folds the pure model, with one answer to each question. A mutant is given here as `behaves`; the oracle never sees it.
 */
import { type Given, step } from "../../models/bus.ts";
import { type Answering, sampled } from "../../models/choice.ts";
import { liveLimits, type PlannedCase, type PlannedStep, planAsDecided } from "../../models/plan/plan.ts";
import { newState } from "../../models/state.ts";
import type { Emit, EmitStep } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { type Capability, capabilities, type Scenario } from "../../models/vocabulary/scenario.ts";
import type { Case, Stage, Watch } from "../world.ts";

/** Runs one case. `behaves` is the profile that the modelled client follows: its declared one, unless a mutant is tried. */
export function runModel(
  planned: PlannedCase,
  seed: string,
  emit: Emit,
  behaves: Profile = planned.profile,
  watch?: Watch,
): void {
  runAnswered(planned, { answering: sampled(seed), emit, behaves, watch });
}

/** The arguments of a run besides its case. */
export interface ModelRun {
  readonly answering: Answering;
  readonly emit: Emit;
  /** The same as in `step`. */
  readonly emitStep?: EmitStep | undefined;
  readonly behaves?: Profile;
  readonly watch?: Watch | undefined;
}

/** The same with any source of answers. */
export function runAnswered({ scenario, profile, plan }: PlannedCase, run: ModelRun): void {
  const { behaves = profile } = run;
  const { steps } = behaves === profile ? plan : planAsDecided(plan, scenario, behaves);
  let index = 0;
  runPlanned({ next: () => steps[index++] }, scenario, { ...run, behaves });
}

/** Runs every planned step. Each may be planned as late as it is done. */
export function runPlanned(
  planned: { next(): PlannedStep | undefined },
  { policy, options }: Scenario,
  { answering, emit, emitStep = emit, behaves: profile, watch }: ModelRun & { readonly behaves: Profile },
): void {
  const state = newState(policy);
  const given: Given = { state, profile, options, choose: answering.choose, emit, emitStep };
  emit({ kind: "phase", phase: "disturbed" });
  for (let one = planned.next(); one !== undefined; one = planned.next()) {
    answering.at(one.step.id);
    const { client } = state;
    step(one, given);
    if (watch !== undefined && one.skipped === undefined) watch.onStep(one, client, state.client);
  }
  emit({ kind: "observed", complete: true });
}

/** The capabilities of a modelled client of this profile. */
export function modelCapabilities(profile: Profile): ReadonlySet<Capability> {
  const all = new Set<Capability>(capabilities);
  if (profile.reconnectBuffer.kind !== "kept") all.delete("reconnect-buffer-limit");
  if (!profile.reconnect.takesJitter) all.delete("reconnect-jitter");
  return all;
}

/** The model has no injector. It keeps to the limits of the live one, so that both do the same steps. */
export const modelLimits = liveLimits;

export function openModel(profile: Profile): Stage {
  return {
    capabilities: modelCapabilities(profile),
    limits: modelLimits,
    run: (one: Case, emit: Emit) => runModel(one, one.seed, emit),
    close: async () => {},
  };
}
