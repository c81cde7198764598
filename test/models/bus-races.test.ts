/** Where the real system may go more than one way the model may too, to exactly these ends and no others. */
import { describe, expect, test } from "vitest";
import {
  awaitNoticed,
  blackhole,
  close,
  cut,
  endsOf,
  eventsOf,
  flush,
  heal,
  hold,
  overlapped,
  pauseServer,
  profileNamed,
  publish,
  scenarioWith,
  start,
  together,
} from "./cases.ts";

const every = ["nats-go", "nats-js-2", "nats-js-3", "nats-py"] as const;
const pings = { pingIntervalMs: 150, pingsOutMax: 2 };

const prefixesOfFour = ["....", "#...", "##..", "###.", "####"].sort();
const then = (what: string): string[] => prefixesOfFour.map(prefix => prefix + what);

describe.each(every)("with %s", name => {
  test("of what was sent and not flushed before a cut any prefix arrives", () => {
    expect(endsOf(scenarioWith([start, publish(4), cut(), heal()]), name)).toEqual(prefixesOfFour);
  });

  test("of what was sent before a hold any prefix arrives, and nothing that was held when it is cut", () => {
    expect(endsOf(scenarioWith([start, publish(4), hold, publish(3), cut(), heal()]), name)).toEqual(then("..."));
  });

  test("a blackhole swallows what is published into it, and maybe what was under way", () => {
    expect(endsOf(scenarioWith([start, publish(4), blackhole, publish(3), heal()]), name)).toEqual(then("..."));
  });

  test("a silent link that is noticed swallows the same", () => {
    const scenario = scenarioWith([start, publish(4), blackhole, publish(3), awaitNoticed, heal()], pings);
    expect(endsOf(scenario, name)).toEqual(then("..."));
  });

  test("a paused server still reads what the kernel kept for it", () => {
    const scenario = scenarioWith([start, publish(4), pauseServer, publish(3), awaitNoticed, heal()], pings);
    expect(endsOf(scenario, name)).toEqual(["#######"]);
  });

  test("what a paused server has read once it goes on, no later cut can take back", () => {
    const steps = [start, pauseServer, publish(3), awaitNoticed, heal(), publish(4), cut(), heal()];
    expect(endsOf(scenarioWith(steps, pings), name)).toEqual(prefixesOfFour.map(prefix => `###${prefix}`));
  });
});

const burstAndCut = scenarioWith([start, flush(), overlapped(4), cut(), heal()]);

test.each(["nats-js-2", "nats-js-3", "nats-py"] as const)(
  "of a burst of %s that races with a cut any prefix arrives",
  name => {
    expect(endsOf(burstAndCut, name)).toEqual(prefixesOfFour);
  },
);

test("of a burst of nats.go that races with a cut all but one block arrives: what follows the notice is kept", () => {
  const oneBlockLost = ["...#", "..##", ".###", "#..#", "#.##", "##.#"];
  expect(endsOf(burstAndCut, "nats-go")).toEqual([...prefixesOfFour, ...oneBlockLost].sort());
});

test("a burst of nats-py notices the cut only where it waits for its buffer: blocks of 3 frames in a buffer of 100 bytes", () => {
  const scenario = scenarioWith([start, flush(), overlapped(6), cut(), heal()], { reconnectBufferBytesMax: 100 });
  const prefixes = ["......", "#.....", "##....", "###...", "####..", "#####.", "######"];
  // Noticed after a block, and that was lost in part; noticed before the first, 3 are kept and 3 refused.
  expect(endsOf(scenario, "nats-py")).toEqual([...prefixes, "...###", "#..###", "##.###"].sort());
});

test("a flush of nats-py says nothing of what was published in the same tick, and one in the next tick does", () => {
  const inOneTick = scenarioWith([start, flush(), together(publish(4), flush()), cut(), heal()]);
  expect(endsOf(inOneTick, "nats-py")).toEqual(prefixesOfFour);
  expect(endsOf(inOneTick, "nats-go")).toEqual(["####"]);
  expect(endsOf(scenarioWith([start, publish(4), flush(), cut(), heal()]), "nats-py")).toEqual(["####"]);
});

test("a long burst of nats.go that notices the cut in its midst loses one block and keeps the rest", () => {
  const scenario = scenarioWith([start, flush(), overlapped(4_000), cut(), heal(), flush()]);
  const ends = endsOf(scenario, "nats-go");
  expect(ends.length).toBeGreaterThan(50);
  for (const bar of ends) expect(bar).toMatch(/^#*\.*#*$/);
  const revived = ends.filter(bar => /\.#/.test(bar));
  expect(revived.length).toBeGreaterThan(10);
});

test("two write errors of one burst of nats.go are a whole write buffer apart, 964 frames of 34 bytes", () => {
  const scenario = scenarioWith([start, flush(), overlapped(9_000), cut(), heal()]);
  let pairs = 0;
  for (let seed = 0; seed < 300; seed++) {
    const errors = eventsOf(scenario, profileNamed("nats-go"), `write-${seed}`).flatMap(event =>
      event.kind === "published" && event.outcome.is === "unsettled" ? [event.first] : [],
    );
    errors.forEach((message, i) => {
      const before = errors[i - 1];
      if (before === undefined) return;
      expect(message - before).toBeGreaterThanOrEqual(964);
      pairs++;
    });
  }
  expect(pairs).toBeGreaterThan(20);
});

test.each(["nats-js-2", "nats-js-3"] as const)("no publish of %s ever returns a write error", name => {
  const scenario = scenarioWith([start, flush(), overlapped(9_000), cut("none"), publish(10), heal()]);
  for (let seed = 0; seed < 100; seed++) {
    const outcomes = eventsOf(scenario, profileNamed(name), String(seed)).flatMap(event =>
      event.kind === "published" ? [event.outcome.is] : [],
    );
    expect(new Set(outcomes)).toEqual(new Set(["accepted"]));
  }
});

test("a close of nats.go on a connection whose second INFO is unread may reset it; after a flush it never does", () => {
  const fresh = endsOf(scenarioWith([start, publish(4), close]), "nats-go");
  expect(fresh).toEqual(prefixesOfFour);
  expect(endsOf(scenarioWith([start, flush(), publish(4), close]), "nats-go")).toEqual(["####"]);
});
