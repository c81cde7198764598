/** What flush, drain and close tell their caller wherever they may be called: exactly this, or one of exactly these. */
import { describe, expect, test } from "vitest";
import {
  type Bare,
  close,
  cut,
  drain,
  endsOf,
  eventsOf,
  flush,
  heal,
  hold,
  overlapped,
  profileNamed,
  publish,
  scenarioWith,
  start,
  together,
} from "./cases.ts";

type Name = "nats-go" | "nats-js-2" | "nats-js-3";
const every: readonly Name[] = ["nats-go", "nats-js-2", "nats-js-3"];

/** All that the last call may be told, in 60 runs, with what the client says of its connection from then on. */
function told(name: Name, steps: readonly Bare[]): string[] {
  const seen = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const said = eventsOf(scenarioWith(steps), profileNamed(name), `told-${seed}`);
    const last = said.findLastIndex(event => event.kind === "step" && event.phase === "began");
    const words = said.slice(last).flatMap(event => {
      if (event.kind === "connection") return [event.change];
      if (event.kind !== "called") return [];
      return [`${event.call} ${event.outcome.is === "ok" ? "ok" : event.outcome.kind}`];
    });
    seen.add(words.join(", "));
  }
  return [...seen].sort();
}

describe("a start", () => {
  test.each(every)("of %s is told ok, and the client says that it is connected", name => {
    expect(told(name, [start])).toEqual(["connected, start ok"]);
  });
});

describe("a flush", () => {
  test.each(every)("of %s is ok where nothing is wrong, and times out behind a hold", name => {
    expect(told(name, [start, publish(3), flush()])).toEqual(["flush ok"]);
    expect(told(name, [start, hold, publish(3), flush(60)])).toEqual(["flush timeout"]);
    expect(told(name, [start, cut(), heal(), flush()])).toEqual(["flush ok"]);
  });

  test.each<[Name, down: string[]]>([
    ["nats-go", ["flush timeout, reconnected"]],
    ["nats-js-2", ["flush disconnected, reconnected", "flush timeout, reconnected"]],
    ["nats-js-3", ["flush disconnected, reconnected", "flush timeout, reconnected"]],
  ])("of %s while down is told %j", (name, down) => {
    expect(told(name, [start, cut(), flush(60)])).toEqual(down);
  });

  test.each<[Name, racing: string[]]>([
    ["nats-go", ["disconnected, flush disconnected, reconnected", "disconnected, flush timeout, reconnected"]],
    ["nats-js-2", ["disconnected, flush disconnected, reconnected", "disconnected, flush timeout, reconnected"]],
    ["nats-js-3", ["disconnected, flush disconnected, reconnected", "disconnected, flush timeout, reconnected"]],
  ])("of %s that may be in flight at the cut is told %j", (name, racing) => {
    expect(told(name, [start, cut("none"), flush(60)])).toEqual(racing);
  });

  test.each<[Name, healing: string[]]>([
    ["nats-go", ["flush timeout, reconnected", "reconnected, flush ok"]],
    ["nats-js-2", ["flush disconnected, reconnected", "flush timeout, reconnected", "reconnected, flush ok"]],
    ["nats-js-3", ["flush disconnected, reconnected", "flush timeout, reconnected", "reconnected, flush ok"]],
  ])("of %s whose way back was not awaited is told %j", (name, healing) => {
    expect(told(name, [start, cut(), heal("none"), flush(60)])).toEqual(healing);
  });

  test("that waits through the reconnect of nats.go brings all that was kept before it", () => {
    for (let seed = 0; seed < 40; seed++) {
      const steps = [start, cut(), publish(3), heal("none"), flush(2_000), cut()];
      const said = eventsOf(scenarioWith(steps), profileNamed("nats-go"), String(seed));
      if (!said.some(event => event.kind === "called" && event.call === "flush" && event.outcome.is === "ok")) continue;
      const done = said.findIndex(event => event.kind === "called" && event.call === "flush");
      expect(said.slice(0, done)).toContainEqual({ kind: "delivered", first: 0, count: 3 });
    }
  });

  test("leaves nothing in the client's own buffer: a close in the same tick loses nothing of nats.js", () => {
    expect(endsOf(scenarioWith([start, together(publish(4), flush(), close)]), "nats-js-2")).toEqual(["####"]);
    expect(endsOf(scenarioWith([start, together(publish(4), close)]), "nats-js-2")).toEqual(["...."]);
    expect(endsOf(scenarioWith([start, publish(4), close]), "nats-js-2")).toEqual(["####"]);
  });
});

describe("a close", () => {
  test.each<[Name, up: string, down: string, racing: string[]]>([
    ["nats-go", "disconnected, closed, close ok", "closed, close ok", ["disconnected, closed, close ok"]],
    ["nats-js-2", "closed, close ok", "closed, close ok", ["closed, close ok", "disconnected, closed, close ok"]],
    ["nats-js-3", "closed, close ok", "closed, close ok", ["closed, close ok", "disconnected, closed, close ok"]],
  ])("of %s is ok, up, down, and where the client may not have noticed that it is down", (name, up, down, racing) => {
    expect(told(name, [start, close])).toEqual([up]);
    expect(told(name, [start, cut(), close])).toEqual([down]);
    expect(told(name, [start, cut("none"), close])).toEqual(racing);
  });

  test.each(every)("of %s gives up what it kept while down, at that place", name => {
    const places = new Set(
      eventsOf(scenarioWith([start, cut(), publish(3), close]), profileNamed(name)).flatMap(event =>
        event.kind === "ended" ? [event.place] : [],
      ),
    );
    expect([...places]).toEqual([name === "nats-go" ? "reconnect buffer" : "reset at dial"]);
  });

  test("of nats.js 2 loses its unwritten tail in its own buffer, of which a hold frees none", () => {
    const ended = (steps: readonly Bare[]): string[] =>
      eventsOf(scenarioWith(steps), profileNamed("nats-js-2")).flatMap(event =>
        event.kind === "ended" ? [`${event.first}+${event.count} ${event.place}`] : [],
      );
    expect(ended([start, together(publish(1_000), close)])).toEqual(["964+36 client outbound", "0+964 arrived"]);
    expect(ended([start, publish(5), hold, together(publish(3), close)])).toEqual([
      "5+3 client outbound",
      "0+5 arrived",
    ]);
  });
});

describe("a drain", () => {
  test.each<[Name, up: string, down: string]>([
    ["nats-go", "disconnected, closed, drain ok", "closed, drain reconnecting"],
    ["nats-js-2", "closed, drain ok", "drain ok, reconnected"],
    ["nats-js-3", "closed, drain ok", "drain disconnected, reconnected"],
  ])("of %s up, and while down", (name, up, down) => {
    expect(told(name, [start, publish(2), drain])).toEqual([up]);
    expect(told(name, [start, cut(), publish(2), drain])).toEqual([down]);
  });

  test.each(every)("of %s brings all that was sent, and what was kept dies at its place", name => {
    const ended = eventsOf(scenarioWith([start, cut(), publish(2), drain]), profileNamed(name)).flatMap(event =>
      event.kind === "ended" ? [event.place] : [],
    );
    expect(ended).toEqual([name === "nats-go" ? "reconnect buffer" : "reset at dial"]);
    expect(endsOf(scenarioWith([start, publish(4), drain]), name)).toEqual(["####"]);
  });
});

describe("the second INFO of a connection of nats.go", () => {
  const prefixes = ["....", "#...", "##..", "###.", "####"].sort();

  test.each<[what: string, steps: readonly Bare[], ends: readonly string[]]>([
    ["is unread right after a start", [start, publish(4), close], prefixes],
    ["is read with a flush", [start, flush(), publish(4), close], ["####"]],
    ["is unread again after a reconnect", [start, flush(), cut(), heal(), publish(4), close], prefixes],
    [
      "is read with the flush that waited for the reconnect",
      [start, cut(), heal(), flush(), publish(4), close],
      ["####"],
    ],
    [
      "may be unread where the flush behind a hold was in vain",
      [start, flush(), hold, flush(60), publish(4), close],
      prefixes,
    ],
  ])("%s", (_what, steps, ends) => {
    expect(endsOf(scenarioWith(steps), "nats-go")).toEqual(ends);
  });
});

test("a burst that overlaps a cut is told as one step, in order, without a gap", () => {
  for (const name of every) {
    for (let seed = 0; seed < 40; seed++) {
      const said = eventsOf(scenarioWith([start, overlapped(2_500), cut(), heal()]), profileNamed(name), String(seed));
      let next = 0;
      for (const event of said) {
        if (event.kind !== "published") continue;
        expect([event.step, event.first]).toEqual(["publish-1", next]);
        next += event.count;
      }
      expect(next).toBe(2_500);
    }
  }
});
