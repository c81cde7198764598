/** Stored answers lead a run where they led it before, whatever the seed and the hash; where they no longer fit, that is told. */
import { expect, test } from "vitest";
import type { Label } from "../../models/choice.ts";
import { type Answer, type Choose, expand, leaning, replaying, sampled, wholeRange } from "../../models/choice.ts";
import { digestOf } from "../../src/judge/judge.ts";
import { runAnsweredCase } from "../../src/judge/run.ts";
import { normalForm } from "../../src/search/shrink/normal-form.ts";
import { allProfiles, enough, randomScenario, times } from "./cases.ts";

const cut: Label = "arrived-before-cut";
const noticed: Label = "noticed-at";
const answer = (step: string, label: Label, answer: number, occurrence = 0): Answer => ({
  step,
  label,
  occurrence,
  answer,
});

/** Two questions of one label and one of another, then one of the next step. */
function ask({ choose, at }: { choose: Choose; at(step: string): void }): readonly number[] {
  at("one");
  const first = [choose(cut, 0, 9), choose(noticed, 0, 9), choose(cut, 0, 9)];
  at("two");
  return [...first, choose(cut, 3, 5)];
}

test("each question gets the answer stored for its step, label and occurrence", () => {
  const stored = [answer("two", cut, 4), answer("one", cut, 2, 1), answer("one", noticed, 1), answer("one", cut, 0)];
  const again = replaying(stored, sampled("any"));
  expect(ask(again)).toEqual([0, 1, 2, 4]);
  expect(again.departures()).toEqual([]);
  expect(again.asked.map(one => [one.lo, one.hi])).toEqual([
    [0, 9],
    [0, 9],
    [0, 9],
    [3, 5],
  ]);
});

test("an answer outside its range is clamped, a missing one is sampled, one too many was never asked for: each is told", () => {
  const stored = [answer("one", cut, 12), answer("two", cut, -1), answer("three", noticed, 1)];
  const again = replaying(stored, sampled("any"));
  const fresh = ask(sampled("any"));
  expect(ask(again)).toEqual([9, fresh[1], fresh[2], 3]);
  expect(again.departures().map(one => one.kind)).toEqual(["clamped", "sampled", "sampled", "clamped", "never-asked"]);
});

test("a question with one answer is none: nothing is missed where nothing is stored", () => {
  const again = replaying([], sampled("any"));
  again.at("one");
  expect(again.choose(cut, 7, 7)).toBe(7);
  expect([again.asked, again.departures()]).toEqual([[], []]);
});

test("a leaning answer lies at its place of the range", () => {
  const at = (place: number): number => leaning(place).choose(cut, 2, 8);
  expect([at(0), at(0.5), at(1)]).toEqual([2, 5, 8]);
});

test("expansion names the occurrence of each question", () => {
  const seen: string[] = [];
  const once = (choose: Choose): void => void [choose(cut, 0, 1), choose(noticed, 0, 0), choose(cut, 0, 1)];
  expand(once, wholeRange, (_, answers) => {
    seen.push(answers.map(one => `${one.label}.${one.occurrence}=${one.answer}`).join(" "));
    return true;
  });
  expect(seen[1]).toBe("arrived-before-cut.0=0 noticed-at.0=0 arrived-before-cut.1=1");
  expect(seen).toHaveLength(4);
});

test.each(allProfiles.map(one => [one.name, one] as const))(
  "a run of %s comes again from its answers under any seed, also with its steps renamed",
  (_name, profile) => {
    let racy = 0;
    for (let i = 0; i < times(300); i++) {
      const scenario = randomScenario(`answers-${i}`, profile);
      const one = { scenario, profile, answers: [] };
      const { asked, judgement } = runAnsweredCase({ ...one, otherwise: sampled("1") });
      const again = runAnsweredCase({ ...one, answers: asked, otherwise: sampled("another") });
      expect(again.judgement.digest).toBe(judgement.digest);
      expect(again.departures).toEqual([]);
      if (
        asked.length > 0 &&
        digestOf(runAnsweredCase({ ...one, otherwise: sampled("another") }).events) !== judgement.digest
      )
        racy++;
      const renamed = runAnsweredCase({
        profile,
        ...normalForm({ scenario, answers: asked }),
        otherwise: sampled("another"),
      });
      expect(renamed.departures).toEqual([]);
      expect(renamed.judgement.ledger).toEqual(judgement.ledger);
    }
    expect(racy).toBeGreaterThan(enough(50));
  },
);
