/**
 * The identity of a bug behind two shrunk cases. The normal form has step ids that tell what a step is and where it stands, and not where
 * the case was found. The shape also leaves the numbers out. The names of counterexample files are made of shapes.
 */
import type { Answer } from "../../../models/choice.ts";
import { type Options, partsOf, type Scenario, type Step, type StepId } from "../../../models/vocabulary/scenario.ts";

export interface AnsweredScenario {
  readonly scenario: Scenario;
  readonly answers: readonly Answer[];
}

/** The same case under new step ids. With its answers its run is the same, except for the ids. */
export function normalForm({ scenario, answers }: AnsweredScenario): AnsweredScenario {
  const names = new Map<StepId, StepId>();
  const name = (step: Step, place: string): void => {
    names.set(step.id, place === "0" && step.kind === "start" ? "start" : `${wordOf(step)}-${place}`);
    partsOf(step).forEach((part, i) => void name(part, `${place}-${i + 1}`));
  };
  scenario.steps.forEach((step, i) => void name(step, String(i)));
  const named = (id: StepId): StepId => names.get(id) ?? id;
  const renamed = <S extends Step>(step: S): S => {
    const again = step.kind === "publish" && step.again !== undefined ? { again: named(step.again) } : {};
    return { ...step, id: named(step.id), ...again };
  };
  const steps = scenario.steps.map(renamed).map((step): Step => {
    if (step.kind === "together") return { ...step, steps: step.steps.map(renamed) };
    const isOverlapped = step.kind === "signal" && step.meanwhile !== undefined;
    return isOverlapped ? { ...step, meanwhile: step.meanwhile.map(renamed) } : step;
  });
  const mustHappen = scenario.mustHappen.map(must => ("step" in must ? { ...must, step: named(must.step) } : must));
  return {
    scenario: { ...scenario, steps, mustHappen },
    answers: answers.map(({ step, label, occurrence, answer }) => ({ step: named(step), label, occurrence, answer })),
  };
}

/** The kinds of its steps and faults, their waits, and the options that are not the plain ones; no ids, counts or sizes. */
export const shapeOf = ({ steps, options }: Scenario): string =>
  [...optionWords(options), ...steps.map(stepWord)].join(" ");

const wordOf = (step: Step): string => (step.kind === "fault" ? step.fault.kind : step.kind);

function stepWord(step: Step): string {
  const parts = partsOf(step);
  if (parts.length > 0) return `${step.kind}(${parts.map(stepWord).join(" ")})`;
  const { awaits } = { awaits: undefined, ...(step.kind === "fault" ? step.fault : step) };
  return [
    wordOf(step),
    ...(awaits === undefined ? [] : [awaits]),
    ...(step.kind === "fault" && step.fault.kind === "cut" && step.fault.dials !== undefined ? ["counted"] : []),
    ...("publishers" in step && step.publishers !== undefined ? ["at-once"] : []),
    ...("overlap" in step && step.overlap ? ["raced"] : []),
  ].join("/");
}

function* optionWords({
  reconnectBufferBytesMax: limit,
  reconnectAttemptsMax,
  pingIntervalMs,
  cutsWith,
}: Options): Generator<string> {
  if (limit !== undefined) yield limit > 0 ? "limited" : limit < 0 ? "unbuffered" : "limit-0";
  if (reconnectAttemptsMax >= 0) yield "gives-up";
  if (pingIntervalMs !== undefined) yield "pings";
  if (cutsWith !== "fin") yield cutsWith;
}
