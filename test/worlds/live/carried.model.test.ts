/** The counts of a link, read from the proxy's own text and from a relay. */
import { describe, expect, test } from "vitest";
import { firstDifference, Openings, sharedTurn } from "../../../src/worlds/live/carried.ts";
import { type CountedBytes, type CountsByTurn, countedIn } from "../../../src/worlds/live/proxy-metrics.ts";
import type { Relay } from "../../../src/worlds/live/relay.ts";

const line = (end: string, direction: string, proxy: string, bytes: string): string =>
  `toxiproxy_proxy_${end}_bytes_total{direction="${direction}",listener="127.0.0.1:1",proxy="${proxy}",upstream="127.0.0.1:2"} ${bytes}`;

test("the proxy's text is read for one link, upstream, by turn", () => {
  const text = [
    "# HELP toxiproxy_proxy_received_bytes_total The total number of bytes received.",
    "# TYPE toxiproxy_proxy_received_bytes_total counter",
    line("received", "downstream", "link-1", "7"),
    line("received", "upstream", "link-1", "1.048576e+06"),
    line("sent", "upstream", "link-1", "1000"),
    line("sent", "upstream", "link-1-3", "5"),
    line("received", "upstream", "link-10", "99"),
  ].join("\n");
  expect([...countedIn(text, "link-1")]).toEqual([
    [0, { received: 1_048_576, sent: 1_000 }],
    [3, { received: 0, sent: 5 }],
  ]);
});

/** A proxy that says the next of these at each call. */
const saying = (...said: (readonly (readonly [turn: number, counted: CountedBytes])[])[]) => ({
  counted: async () => new Map<number, CountedBytes>(said.shift() ?? []),
  settled: undefined as CountsByTurn | undefined,
});

test("what the proxy counted before the case is not the case's", async () => {
  const openings = new Openings(
    saying(
      [[0, { received: 10, sent: 9 }]],
      [
        [0, { received: 25, sent: 23 }],
        [1, { received: 5, sent: 5 }],
      ],
    ),
  );
  expect([await openings.next(undefined), await openings.next(undefined)]).toEqual([0, 1]);
  expect((await openings.carried()).openings).toEqual([
    { taken: 15, given: 14 },
    { taken: 5, given: 5 },
  ]);
});

test("the proxy is asked once for each case whose bytes all came out, and twice after any other", async () => {
  const whole = [[0, { received: 10, sent: 10 }]] as const;
  const lost = [[0, { received: 15, sent: 14 }]] as const;
  const later = [[0, { received: 16, sent: 15 }]] as const;
  const link = saying([], whole, lost, later, later);
  const given: unknown[] = [];
  for (let i = 0; i < 3; i += 1) {
    const openings = new Openings(link);
    await openings.next(undefined);
    given.push(...(await openings.carried()).openings);
  }
  expect(given).toEqual([
    { taken: 10, given: 10 },
    { taken: 5, given: 4 },
    { taken: 0, given: 0 },
  ]);
});

test("a relay on the path says what came out, opening by opening", async () => {
  const relay = { takenBytes: 3 };
  const openings = new Openings(
    saying(
      [],
      [
        [0, { received: 10, sent: 0 }],
        [1, { received: 4, sent: 0 }],
      ],
    ),
  );
  await openings.next(relay as Relay);
  relay.takenBytes = 12;
  await openings.next(relay as Relay);
  relay.takenBytes = 16;
  expect((await openings.carried()).openings).toEqual([
    { taken: 10, given: 9 },
    { taken: 4, given: 4 },
  ]);
});

test("openings that share a turn cannot be told apart", async () => {
  const openings = new Openings(saying());
  const turns: number[] = [];
  for (let i = 0; i < sharedTurn + 2; i += 1) turns.push(await openings.next(undefined));
  expect(turns.slice(-2)).toEqual([sharedTurn, sharedTurn]);
  expect((await openings.carried()).openings.slice(-3)).toEqual([{ taken: 0, given: 0 }, undefined, undefined]);
});

describe("the bytes that come out of a link", () => {
  /** Connections, each in its chunks. */
  const of = (...connections: readonly (readonly string[])[]) =>
    connections.map(chunks => chunks.map(chunk => Buffer.from(chunk)));
  const taken = of(["CONNECT a", "PUB 1"], ["CONNECT a", "PUB 2"], [], ["CONNECT a", "PUB 34"]);

  test.each([
    ["all of them", taken],
    ["in other chunks", of(["CONN", "ECT aPUB 1"], ["CONNECT aPUB 2"], ["CONNECT aPUB 34"])],
    ["the beginning of each", of(["CONNECT a"], ["CONNECT aPUB"], [], ["CONNECT aPUB 3"])],
    ["nothing", of([], [])],
    ["some connections", of(["CONNECT aPUB 2"])],
  ])("are as they went in: %s", (_, given) => {
    expect(firstDifference(taken, given)).toBeUndefined();
  });

  test.each([
    ["a byte less", of(["CONNECT a", "PB 1"]), 11],
    ["a byte more", of(["CONNECT a", "PUB 11"]), 15],
    ["another byte", of(["CONNECT a", "PUB 7"]), 14],
    ["two connections in the opposite order", of(["CONNECT aPUB 2"], ["CONNECT aPUB 1"]), 14],
    ["a connection more", of(["C"], ["C"], ["C"], ["C"]), 1],
  ])("differ from what went in: %s", (_, given, at) => {
    expect(firstDifference(taken, given)).toBe(at);
  });

  test("are held against those that a relay before the link has recorded", async () => {
    const relay = { takenBytes: 0, recorded: of(["PUB 2"]) } as unknown as Relay;
    const openings = new Openings(saying(), { recorded: of(["PUB 1"]) } as unknown as Relay);
    await openings.next(relay);
    expect((await openings.carried()).differsAt).toBe(5);
  });
});
