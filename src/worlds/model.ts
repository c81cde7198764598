/** The model world: folds the pure model, one answer a question. A mutant is given here as `behaves`; the oracle never sees it. */
import { settle, step } from "../../models/bus.ts";
import { type Answering, sampled } from "../../models/choice.ts";
import { plan, settleId } from "../../models/plan/plan.ts";
import { newState } from "../../models/state.ts";
import type { Emit, EmitStep } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { type Capability, capabilities, type Scenario } from "../../models/vocabulary/scenario.ts";
import type { Case, FaultView, Stage, Watch } from "../world.ts";

/** Runs one case; `behaves` is the profile that the modelled client follows, its declared one unless a mutant is tried. */
export function runModel(
  scenario: Scenario,
  profile: Profile,
  seed: string,
  emit: Emit,
  behaves: Profile = profile,
  watch?: Watch,
): void {
  runAnswered(scenario, profile, sampled(seed), emit, behaves, watch);
}

/** The same, its questions answered by `answering`; `emitStep` as in `step`. */
export function runAnswered(
  scenario: Scenario,
  profile: Profile,
  { choose, at }: Answering,
  emit: Emit,
  behaves: Profile = profile,
  watch?: Watch,
  emitStep?: EmitStep,
): void {
  const { options } = scenario;
  const state = newState(scenario.policy, options.servers);
  emit({ kind: "phase", phase: "disturbed" });
  let client = state.client;
  for (const planned of plan(scenario, profile).steps) {
    at(planned.step.id);
    const before = watch === undefined ? undefined : faultView(state.view);
    step(state, planned, behaves, options, choose, emit, emitStep);
    if (before !== undefined && planned.skipped === undefined)
      watch?.onStep(before, client, planned.step, planned.overlapping, state.client);
    client = state.client;
  }
  at(settleId);
  const before = faultView(state.view);
  settle(state, behaves, options, choose, emit);
  watch?.onStep(before, client, undefined, false, state.client);
  emit({ kind: "observed", complete: true });
}

const faultView = ({ link, hindrance, door, jetStream }: FaultView): FaultView => ({
  link,
  hindrance,
  door,
  jetStream,
});

/** What a modelled client of this profile can do. */
export function modelCapabilities(profile: Profile): ReadonlySet<Capability> {
  const all = new Set<Capability>(capabilities);
  if (profile.reconnectBuffer.kind !== "kept") all.delete("reconnect-buffer-limit");
  return all;
}

export function openModel(profile: Profile): Stage {
  return {
    capabilities: modelCapabilities(profile),
    run: (one: Case, emit: Emit) => runModel(one.scenario, one.profile, one.seed, emit),
    close: async () => {},
  };
}
