/**
 * The differences between two sides, family by family. One counts where the live runs differ beyond chance, both in numbers and in shares of what was
 * published, and where the model says that the two differ the same way. A busy machine moves the figures of both sides, and the model of neither; where
 * the two disagree it cannot be told.
 */
import { type CostKind, costKinds, type FamilyCosts, type Side } from "./side.ts";

/** The messages of one side that it cost: the least and the greatest of its live runs, and the mean of the model. */
export interface Rates {
  /** The messages of the family in one run. */
  readonly published: number;
  readonly live: readonly number[];
  readonly least: number;
  readonly most: number;
  /** Those that were observed to their end; 0: the figures of the live runs mean nothing. */
  readonly runs: number;
  readonly model: number;
}

export interface Difference {
  readonly family: string;
  readonly cost: CostKind;
  readonly before: Rates;
  readonly after: Rates;
  readonly is: "better" | "worse" | "cannot-be-told";
}

export interface BeforeAfter {
  readonly verdict: "keep" | "drop" | "cannot-be-told";
  readonly differences: readonly Difference[];
}

/** Families that both sides have; figures that are the same on both, live and in the model, are left out. One that no run was observed of cannot be told. */
export function beforeAfter(before: Side, after: Side): BeforeAfter {
  const families = [...new Set(before.model.flatMap(costs => [...costs.keys()]))].filter(family =>
    after.model.some(costs => costs.has(family)),
  );
  const differences = families.flatMap(family =>
    costKinds.flatMap((cost): readonly Difference[] => {
      const rates = [ratesOf(before, family, cost), ratesOf(after, family, cost)] as const;
      if (rates[0] === undefined || rates[1] === undefined || isSame(rates[0], rates[1])) return [];
      return [{ family, cost, before: rates[0], after: rates[1], is: judged(rates[0], rates[1]) }];
    }),
  );
  return { verdict: verdictOf(differences), differences };
}

function ratesOf(side: Side, family: string, cost: CostKind): Rates | undefined {
  const of = (all: readonly FamilyCosts[], count: CostKind | "published"): readonly number[] =>
    all.flatMap(costs => costs.get(family)?.[count] ?? []);
  const [live, model] = [of(side.live, cost), of(side.model, cost)];
  if (model.length === 0) return undefined;
  const mean = model.reduce((sum, count) => sum + count, 0) / model.length;
  if (live.length === 0) return { published: 0, live, least: 0, most: 0, runs: 0, model: mean };
  const published = Math.max(...of(side.live, "published"));
  return { published, live, least: Math.min(...live), most: Math.max(...live), runs: live.length, model: mean };
}

const isSeen = ({ runs }: Rates): boolean => runs > 0;

const isSame = (one: Rates, other: Rates): boolean =>
  isSeen(one) && isSeen(other) && one.least === other.least && one.most === other.most && one.model === other.model;

function judged(before: Rates, after: Rates): Difference["is"] {
  if (!isSeen(before) || !isSeen(after)) return "cannot-be-told";
  if (isLess(after, before)) return "better";
  return isLess(before, after) ? "worse" : "cannot-be-told";
}

/** True where it costs less, live and in the model. Cases of another length publish more, so that numbers alone tell nothing. */
function isLess(one: Rates, other: Rates): boolean {
  const share = ({ live, published }: Rates): readonly number[] => live.map(count => count / published);
  const isInModel = one.model < other.model && one.model / one.published < other.model / other.published;
  return isInModel && isBelow(one.live, other.live) && isBelow(share(one), share(other));
}

const chanceMax = 0.05;

/** True where all lie below all, or where the runs, dealt anew, would differ so much in one of twenty deals at most. */
function isBelow(low: readonly number[], high: readonly number[]): boolean {
  if (Math.max(...low) < Math.min(...high)) return true;
  const all = [...low, ...high];
  const sums = sumsOf(all, low.length);
  const sum = low.reduce((total, count) => total + count, 0);
  return sums.filter(one => one <= sum).length / sums.length <= chanceMax;
}

/** The sums of every choice of that many numbers. */
function sumsOf([first = 0, ...rest]: readonly number[], count: number): readonly number[] {
  if (count === 0) return [0];
  if (rest.length + 1 === count) return [first + rest.reduce((sum, one) => sum + one, 0)];
  return [...sumsOf(rest, count - 1).map(sum => sum + first), ...sumsOf(rest, count)];
}

/**
 * The worst kind of cost on which the two differ decides, if its families do not contradict each other. What the model alone says differs counts
 * too: a gain elsewhere is no reason to keep a policy that the model has lose more.
 */
function verdictOf(differences: readonly Difference[]): BeforeAfter["verdict"] {
  for (const cost of costKinds) {
    const of = differences.filter(one => one.cost === cost);
    const told = of.map(({ is }) => is).filter(is => is !== "cannot-be-told");
    const foretold = of.filter(({ is }) => is === "cannot-be-told").flatMap(inModel);
    if (told.length === 0 && foretold.length === 0) continue;
    if (told.length === 0) return "cannot-be-told";
    const all = [...told, ...foretold];
    if (all.every(is => is === "better")) return "keep";
    return all.every(is => is === "worse") ? "drop" : "cannot-be-told";
  }
  return "cannot-be-told";
}

const inModel = ({ before, after }: Difference): readonly ("better" | "worse")[] => {
  if (before.model === after.model) return [];
  return [after.model < before.model ? "better" : "worse"];
};
