/**
 * The differences between two sides, family by family. One counts where every live run of one side lies beyond every live run of the other, and the
 * model says that the two differ the same way. A busy machine moves the figures of both sides, and the model of neither; where the two disagree it
 * cannot be told.
 */
import { type CostKind, costKinds, type FamilyCosts, type Side } from "./side.ts";

/** The messages of one side that it cost: the least and the greatest of its live runs, and the mean of the model. */
export interface Rates {
  /** The messages of the family in one run. */
  readonly published: number;
  readonly least: number;
  readonly most: number;
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

/** Families that both sides have; figures that are the same on both, live and in the model, are left out. */
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
  if (live.length === 0 || model.length === 0) return undefined;
  const mean = model.reduce((sum, count) => sum + count, 0) / model.length;
  const published = Math.max(...of(side.live, "published"));
  return { published, least: Math.min(...live), most: Math.max(...live), runs: live.length, model: mean };
}

const isSame = (one: Rates, other: Rates): boolean =>
  one.least === other.least && one.most === other.most && one.model === other.model;

function judged(before: Rates, after: Rates): Difference["is"] {
  if (after.most < before.least && after.model < before.model) return "better";
  if (after.least > before.most && after.model > before.model) return "worse";
  return "cannot-be-told";
}

/** The worst kind of cost on which the two differ decides, if its families do not contradict each other. */
function verdictOf(differences: readonly Difference[]): BeforeAfter["verdict"] {
  for (const cost of costKinds) {
    const told = differences.filter(one => one.cost === cost && one.is !== "cannot-be-told").map(({ is }) => is);
    if (told.length === 0) continue;
    if (told.every(is => is === "better")) return "keep";
    return told.every(is => is === "worse") ? "drop" : "cannot-be-told";
  }
  return "cannot-be-told";
}
