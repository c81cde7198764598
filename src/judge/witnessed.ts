/**
 * The number of times that each branch of the model was seen live. A model that permits what no client ever does agrees with all of them.
 * So it counts the answers by which a real run was admitted, and those that it forced, where no explanation of the run has another.
 *
 * A branch is a label with a kind of answer: the least of its range, the most, or between, since the range itself changes from case to
 * case. Cases are judged here, commands add them up, and src/report/witnessed.ts prints them.
 */
import { type Asked, type Label, labels } from "../../models/choice.ts";
import type { Observation } from "../../models/observation.ts";
import { forcedAnswers } from "../../models/oracle.ts";
import type { PlannedCase } from "../../models/plan/plan.ts";

export interface Witnessed {
  readonly label: Label;
  readonly answer: string;
  /** Runs whose first explanation gives this answer. */
  readonly witnessed: number;
  /** Those of them in which every explanation gives it. */
  readonly forced: number;
}

const places = ["least", "between", "most"] as const;

/** Questions with two answers, by their meanings: of 0, and of 1. */
const meanings: Partial<Record<Label, readonly [string, string]>> = {
  "timed-out-first": ["event first", "timeout first"],
  "window-ended": ["still open", "ended"],
  "answered-before-cut": ["cut first", "answered first"],
  "ping-counted": ["not counted", "counted"],
};

/** Every kind of answer to a label. */
export const kindsOf = (label: Label): readonly string[] => meanings[label] ?? places;

const kindOf = ({ label, lo, hi, answer }: Asked): string =>
  meanings[label]?.[answer === 0 ? 0 : 1] ?? (answer === lo ? "least" : answer === hi ? "most" : "between");

/** Step evaluations spent on proving that the answers of one case are forced: enough for 94 to 100 of 100 random cases, by client. */
const evaluationsMax = 2_000;

/** The branches that one admitted run witnesses. */
export function witnessedBy(
  planned: PlannedCase,
  observed: Observation,
  answers: readonly Asked[],
): readonly Witnessed[] {
  const open = answers.filter(one => one.hi > one.lo);
  const isSame = (one: Asked, other: Asked): boolean => other.hi > other.lo && kindOf(one) === kindOf(other);
  // The orders of several publishers' calls are too many to be followed.
  const isFew = !open.some(one => one.label === "turn");
  const forced = new Set(isFew ? forcedAnswers(planned, observed, open, isSame, evaluationsMax) : []);
  const ones = open.map(one => ({
    label: one.label,
    answer: kindOf(one),
    witnessed: 1,
    forced: forced.has(one) ? 1 : 0,
  }));
  return branches(ones)
    .filter(one => one.witnessed > 0)
    .map(one => ({ ...one, witnessed: 1, forced: Math.min(one.forced, 1) }));
}

/** Every branch of the model, with the counts of what was seen of it. */
export function branches(seen: readonly Witnessed[]): readonly Witnessed[] {
  return labels.flatMap(label =>
    kindsOf(label).map(answer => {
      const same = seen.filter(one => one.label === label && one.answer === answer);
      const sum = (of: "witnessed" | "forced"): number => same.reduce((total, one) => total + one[of], 0);
      return { label, answer, witnessed: sum("witnessed"), forced: sum("forced") };
    }),
  );
}
