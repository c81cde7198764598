/** Messages as runs: what is taken off a list and put onto it, and what is said of it. */

import { describe, expect, test } from "vitest";
import { step } from "../../models/bus.ts";
import { type Choose, expand, hashText, mix } from "../../models/choice.ts";
import { newView } from "../../models/plan/view.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import {
  append,
  arrive,
  type BusState,
  copy,
  countOf,
  type FrameRun,
  key,
  lose,
  newState,
  take,
} from "../../models/state.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import { scenarioWith, start, stepsOf } from "./cases.ts";
import { advance, job, sound, subscribe, underPolicy } from "./policies.ts";

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
  const bus = { state: newState(), view: newView(), profile: natsGo, options: scenarioWith([]).options };
  arrive({ ...bus, choose: (_label, lo) => lo, emit }, [run(0, 0), run(1, 2)]);
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

describe("under a policy a copied state", () => {
  const scenario = underPolicy(sound, [start, subscribe(0), job(2, { key: "k" }), job(1), advance(120_000)]);
  const steps = stepsOf(scenario, natsGo);
  const lowest: Choose = (_label, lo) => lo;
  const after = (count: number): BusState => {
    const state = newState(scenario.policy);
    for (const planned of steps.slice(0, count))
      step(planned, { state, profile: natsGo, options: scenario.options, choose: lowest, emit: () => {} });
    return state;
  };

  test.each(steps.map((planned, i) => [planned.step.id, planned, i] as const))(
    "is of its own through %s",
    (_id, planned, i) => {
      const state = after(i);
      const before = JSON.stringify(state);
      const copied = copy(state);
      expect(key(copied)).toBe(key(state));
      step(planned, { state: copied, profile: natsGo, options: scenario.options, choose: lowest, emit: () => {} });
      expect(JSON.stringify(state)).toBe(before);
      expect(key(copied)).not.toBe(key(state));
    },
  );

  test("has what streams hold and remember, and who was given what, in its key", () => {
    const state = after(steps.length);
    const stream = state.service?.server.streams[0];
    const consumer = state.service?.server.consumers[0];
    if (stream === undefined || consumer === undefined) throw new Error("there is no stream, or no consumer");
    for (const change of [
      () => void stream.log.pop(),
      () => void stream.seen.pop(),
      () => void stream.synced--,
      () => void stream.unconfirmed++,
      () => void consumer.given--,
      () => void consumer.members.pop(),
    ]) {
      const earlier = key(state);
      change();
      expect(key(state)).not.toBe(earlier);
    }
  });
});
