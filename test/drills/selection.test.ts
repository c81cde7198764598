/** What of the corpus a drill runs live. */
import { expect, test } from "vitest";
import { inLiveTime } from "../../models/policy/times.ts";
import { underPolicy } from "../../models/policy/under.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Step } from "../../models/vocabulary/scenario.ts";
import { estimatedMs, selectCorpus } from "../../src/drills/selection.ts";
import { type CorpusEntry, loadCorpus } from "../../src/files/corpus.ts";
import { bundledPolicy } from "../../src/files/policies.ts";

const corpus = loadCorpus();
const idOf = ({ scenario }: CorpusEntry): string => scenario.id;
const cost = (entries: readonly CorpusEntry[]): number =>
  entries.reduce((sum, one) => sum + estimatedMs(one.scenario), 0);

test("what is chosen stays within the budget, in the order of the corpus, and nothing is forgotten", () => {
  for (const budgetMs of [0, 1_000, 5_000, 20_000, 1_000_000]) {
    const { chosen, leftOut } = selectCorpus(corpus, budgetMs);
    expect(cost(chosen)).toBeLessThanOrEqual(budgetMs);
    expect([...chosen, ...leftOut].map(idOf).sort()).toEqual(corpus.map(idOf).sort());
    expect(chosen.map(idOf)).toEqual(corpus.map(idOf).filter(id => chosen.some(one => idOf(one) === id)));
  }
  expect(selectCorpus(corpus, 1_000_000).leftOut).toEqual([]);
});

test("every concern has its turn before any has another, and the cheapest of each comes first", () => {
  const { chosen } = selectCorpus(corpus, 8_000);
  const concerns = (entries: readonly CorpusEntry[]) => new Set(entries.map(one => idOf(one).split("/")[0]));
  expect(concerns(chosen)).toEqual(concerns(corpus));
  for (const concern of concerns(corpus)) {
    const of = (entries: readonly CorpusEntry[]) =>
      entries.filter(one => idOf(one).startsWith(`${concern}/`)).map(one => estimatedMs(one.scenario));
    const left = of(selectCorpus(corpus, 8_000).leftOut);
    expect(Math.max(...of(chosen))).toBeLessThanOrEqual(Math.min(...left));
  }
});

test("an estimate knows what a live case waits for", () => {
  const bare = corpus.map(({ scenario }) => scenario).find(({ policy }) => policy === undefined);
  if (bare === undefined) throw new Error("the corpus has no bare client");
  const served = underPolicy(bare, inLiveTime(bundledPolicy("cordum-hardened") as Policy));
  const withSteps = (...steps: readonly Step[]): number => estimatedMs({ ...served, steps });
  const cut: Step = { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "noticed" } };
  const publish: Step = { id: "publish", kind: "publish", count: 2, bytes: 16, subject: "job.a" };
  expect(withSteps(cut, publish) - withSteps(cut)).toBeGreaterThan(2 * 3 * 700);
  expect(withSteps(publish)).toBeLessThan(withSteps() + 1);
  expect(withSteps({ id: "advance", kind: "advance", ms: 4_000 }) - withSteps()).toBe(4_000);
  expect(withSteps()).toBeGreaterThan(estimatedMs({ ...bare, steps: [] }));
});
