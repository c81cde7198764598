/** The runs in which each promise broke, from which follows how sure a search is that it has met all that can break. */
import { type NextRun, nextRunOf } from "../exhaust/transitions.ts";

export class BrokenRuns {
  readonly #byPromise = new Map<string, { runs: number; readonly first: number }>();

  /** Counts the promises that run `index` broke. */
  count(index: number, broken: readonly string[]): void {
    for (const id of broken) {
      const known = this.#byPromise.get(id);
      if (known === undefined) this.#byPromise.set(id, { runs: 1, first: index });
      else known.runs++;
    }
  }

  /** Runs that broke a promise that no other run broke. */
  get alone(): number {
    return new Set([...this.#byPromise.values()].flatMap(({ runs, first }) => (runs === 1 ? [first] : []))).size;
  }

  /** Promises that two runs broke. */
  get twice(): number {
    return [...this.#byPromise.values()].filter(({ runs }) => runs === 2).length;
  }
}

/** The chance that one more run of these searches breaks a promise that none has broken. */
export const nextBroken = (
  searches: readonly { readonly runs: number; readonly brokenRuns: BrokenRuns }[],
): NextRun => {
  const sum = (of: (one: (typeof searches)[number]) => number): number =>
    searches.reduce((all, one) => all + of(one), 0);
  return nextRunOf(
    sum(one => one.brokenRuns.alone),
    sum(one => one.brokenRuns.twice),
    sum(one => one.runs),
  );
};
