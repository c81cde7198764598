/**
 * A schedule: the steps of a scenario with its faults among them, each anchored at its place between two steps. Written by hand out of
 * steps and faults, or drawn; here it is put in order and made a scenario.
 */
import { optionDefaults } from "../../models/policy/under.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { CallStep, Fault, Options, Scenario, Step } from "../../models/vocabulary/scenario.ts";
import { isFaultName, isStepName } from "./kinds.ts";
import { inStep } from "./policy-reductions.ts";

export type Schedule = readonly Step[];

const isFault = (part: Step | Fault): part is Fault => isFaultName(part.kind);

/**
 * A schedule of steps and faults in this order: a fault becomes a step, a start comes first where there is none, and every id tells kind
 * and place, so that no two are alike. A publish that repeats an earlier one still does, and says what that one says.
 */
export function scheduleOf(parts: readonly (Step | Fault)[]): Schedule {
  const steps = parts.map((part): Step => (isFault(part) ? { id: part.kind, kind: "fault", fault: part } : part));
  const started = steps.some(one => one.kind === "start") ? steps : [{ id: "start", kind: "start" } as const, ...steps];
  const renamed = new Map<string, string>();
  const named = <S extends Step>(step: S, place: string): S => {
    const id = `${step.kind === "fault" ? step.fault.kind : step.kind}-${place}`;
    const again = step.kind === "publish" && step.again !== undefined ? renamed.get(step.again) : undefined;
    renamed.set(step.id, id);
    if (step.kind !== "publish" || step.again === undefined) return { ...step, id };
    const { again: _again, ...plain } = step;
    return (again === undefined ? { ...plain, id } : { ...plain, id, again }) as S;
  };
  const all = started.map((step, place): Step => {
    if (step.kind === "signal" && step.meanwhile !== undefined)
      return { ...named(step, String(place)), meanwhile: step.meanwhile.map((one, i) => named(one, `${place}-${i}`)) };
    if (step.kind !== "together") return named(step, String(place));
    return { ...named(step, String(place)), steps: step.steps.map((one, i): CallStep => named(one, `${place}-${i}`)) };
  });
  return inStep(scenarioWith(all)).steps;
}

export interface ScheduleSetting {
  readonly policy?: Policy;
  /** The options that differ from the plain ones: 20 ms between two dials, no end of dials, cuts by FIN. */
  readonly options?: Partial<Options>;
}

/** The scenario that does these steps, and expects nothing. What the policy sets of the options stays set. */
export function scenarioWith(schedule: Schedule, { policy, options = {} }: ScheduleSetting = {}): Scenario {
  return {
    version: 1,
    id: "random/schedule",
    why: "made of a schedule",
    requires: [],
    options: { subject: "subject", ...optionDefaults, cutsWith: "fin", ...options, ...policy?.client },
    ...(policy === undefined ? {} : { policy }),
    steps: schedule,
    mustHappen: [],
    expect: {},
  };
}

/** True where a value is a step as a schedule has it. */
export const isStep = (value: unknown): value is Step =>
  typeof value === "object" &&
  value !== null &&
  "id" in value &&
  "kind" in value &&
  typeof value.kind === "string" &&
  isStepName(value.kind);
