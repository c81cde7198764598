/** Messages as runs: what is taken off a list and put onto it, and what is said of it. */
import { describe, expect, test } from "vitest";
import { expand, hashText, mix } from "../../models/choice.ts";
import { append, arrive, countOf, type FrameRun, lose, newState, take } from "../../models/state.ts";
import type { Event } from "../../models/vocabulary/event.ts";

const run = (first: number, count: number, frameBytes = 34): FrameRun => ({ first, count, frameBytes });

describe("take", () => {
  test("takes whole runs and the beginning of the next, and leaves the rest", () => {
    const list = [run(0, 3), run(7, 4), run(20, 2)];
    expect(take(list, 5)).toEqual([run(0, 3), run(7, 2)]);
    expect(list).toEqual([run(9, 2), run(20, 2)]);
    expect(take(list, 2)).toEqual([run(9, 2)]);
    expect(take(list, 0)).toEqual([]);
    expect(list).toEqual([run(20, 2)]);
  });

  test("says so where more is asked for than there is", () => {
    expect(() => take([run(0, 3)], 4)).toThrow("more messages asked for than there are");
  });
});

describe("append", () => {
  test("goes on with the last run where number and size do", () => {
    const list: FrameRun[] = [];
    for (const one of [run(0, 3), run(3, 2), run(6, 1), run(7, 1, 50), run(8, 0)]) append(list, one);
    expect(list).toEqual([run(0, 5), run(6, 1), run(7, 1, 50)]);
    expect(countOf(list)).toBe(7);
  });

  test("keeps apart what is published in another way", () => {
    const via = { subject: "job.a", payloadBytes: 16, durable: true };
    const list: FrameRun[] = [{ ...run(0, 3), via }];
    append(list, { ...run(3, 1), via });
    append(list, run(4, 1));
    expect(list).toEqual([{ ...run(0, 4), via }, run(4, 1)]);
  });
});

test("what arrives or is lost is said once for each run that is not empty", () => {
  const said: Event[] = [];
  const emit = (event: Event): void => void said.push(event);
  arrive(newState(), [run(0, 0), run(1, 2)], (_label, lo) => lo, emit);
  lose([run(5, 0), run(6, 1)], "link", emit);
  expect(said).toEqual([
    { kind: "delivered", first: 1, count: 2 },
    { kind: "ended", place: "arrived", first: 1, count: 2 },
    { kind: "ended", place: "link", first: 6, count: 1 },
  ]);
});

test("texts are hashed by FNV-1a, words spread by MurmurHash3's finalizer, as their authors published them", () => {
  expect([hashText(""), hashText("a"), hashText("foobar")]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  expect([mix(0), mix(1)]).toEqual([0, 0x514e28b7]);
});

test("a question with one answer is not asked of whoever names the candidates", () => {
  const asked: string[] = [];
  const found: number[] = [];
  expand(
    choose => choose("noticed-at", 4, 4) + choose("dialled-at", 0, 1),
    (label, lo, hi) => {
      asked.push(label);
      return [hi, lo];
    },
    (outcome, answers) => {
      found.push(outcome);
      expect(answers.map(one => one.label)).toEqual(["noticed-at", "dialled-at"]);
      return true;
    },
  );
  expect(found).toEqual([5, 4]);
  expect(asked).toEqual(["dialled-at"]);
});
