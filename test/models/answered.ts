/** A run of the model whose answers are given by hand, and the questions that it asked. */
import { step } from "../../models/bus.ts";
import type { Choose, Label } from "../../models/choice.ts";
import { plan } from "../../models/plan/plan.ts";
import { newState } from "../../models/state.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";

/** By label; where there is none, or it lies beyond the range, the nearest that is in it, the least first. */
export type Answers = Partial<Record<Label, number>>;

export interface Answered {
  /** `<step> <label> <least>..<most>`. */
  readonly asked: readonly string[];
  readonly said: readonly Event[];
}

export function answeredRun(scenario: Scenario, profile: Profile, answers: Answers = {}): Answered {
  const asked: string[] = [];
  const said: Event[] = [];
  let running = "";
  const choose: Choose = (label, lo, hi) => {
    if (hi <= lo) return lo;
    asked.push(`${running} ${label} ${lo}..${hi}`);
    return Math.min(hi, Math.max(lo, answers[label] ?? lo));
  };
  const emit = (event: Event): void => void said.push(event);
  const state = newState(scenario.policy);
  for (const planned of plan(scenario, profile).steps) {
    running = planned.step.id;
    step(planned, { state, profile, options: scenario.options, choose, emit });
  }
  return { asked, said };
}
