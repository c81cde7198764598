/** Chance is even, and where a stream begins follows from seed, name and index alone. */
import { expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { DrawStream, randomOf } from "../../properties/arbitraries/random.ts";
import { scenarioOf, scenariosOf } from "../../properties/arbitraries/scenario.ts";
import { modelCapabilities } from "../../src/worlds/model.ts";

const draws = (stream: DrawStream, index: number): number[] => {
  const random = stream.at(index);
  return Array.from({ length: 8 }, () => random.int(0, 999_999));
};

test("an index has its own draws, whatever was asked before", () => {
  const indices = [0, 1, 2, 1_000_000, 2 ** 32 - 1, 2 ** 32, 2 ** 40, -1];
  const forwards = new DrawStream("1", "scenario");
  const backwards = new DrawStream("1", "scenario");
  const first = indices.map(index => draws(forwards, index).join());
  expect(indices.toReversed().map(index => draws(backwards, index).join())).toEqual(first.toReversed());
  expect(new Set(first).size).toBe(indices.length);
  expect(draws(new DrawStream("2", "scenario"), 0).join()).not.toBe(first[0]);
  expect(draws(new DrawStream("1", "other"), 0).join()).not.toBe(first[0]);
});

test("every value of a range is drawn about as often, from neighbouring indices too", () => {
  const runs = 60_000;
  const along = new Array<number>(6).fill(0);
  const across = new Array<number>(6).fill(0);
  const random = randomOf("even", "stream");
  const stream = new DrawStream("even", "stream");
  for (let i = 0; i < runs; i++) {
    (along[random.int(3, 8) - 3] as number) += 1;
    (across[stream.at(i).int(3, 8) - 3] as number) += 1;
  }
  for (const count of [...along, ...across]) expect(Math.abs(count / (runs / 6) - 1)).toBeLessThan(0.05);
});

test("run k of a seed is the scenario of its word, in whatever order it is asked for", () => {
  const space = { profile: natsGo, capabilities: modelCapabilities(natsGo) };
  const make = scenariosOf("a-b", space);
  for (const k of [7, 0, 1_000_000, 7]) expect(make(k)).toEqual(scenarioOf(`a-b-${k}`, space));
  expect(scenarioOf("a-07", space).steps).not.toEqual(scenarioOf("a-7", space).steps);
});
