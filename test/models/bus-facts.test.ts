/**
 * The model against measured behaviour. Every figure here is typed by hand from tables 1 to 4 of docs/facts.md, rows marked exact;
 * none is computed, and the model must permit no other count.
 */

import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { frameBytes, payloadBytesOf } from "../../models/vocabulary/frame.ts";
import type { Options, Scenario } from "../../models/vocabulary/scenario.ts";
import { ledgerOf, newLedger, recordInLedger } from "../../properties/ledger.ts";
import { permittedLedgers } from "../../src/judge/permitted.ts";
import {
  type Bare,
  type BareCall,
  close,
  cut,
  drain,
  eventsOf,
  flush,
  heal,
  hold,
  limit,
  overlapped,
  profileNamed,
  publish,
  scenarioWith,
  start,
  together,
} from "./cases.ts";

type Name = "nats-go" | "nats-js-2" | "nats-js-3" | "nats-py";
const every: readonly Name[] = ["nats-go", "nats-js-2", "nats-js-3", "nats-py"];
/** Of the others a frame is a byte longer. */
const everyOf34: readonly Name[] = ["nats-go", "nats-js-2", "nats-js-3"];
const twenty = Array.from({ length: 20 }, (_, i) => `fact-${i}`);

/** kept, lost in silence, reported lost: in twenty runs always the same, or the row is not exact. */
function counts(scenario: Scenario, name: Name): readonly [kept: number, silent: number, reported: number] {
  const seen = new Map<string, readonly [number, number, number]>();
  for (const seed of twenty) {
    const state = newLedger();
    for (const event of eventsOf(scenario, profileNamed(name), seed)) recordInLedger(state, event);
    const { classes } = ledgerOf(state);
    const row = [classes.kept, classes.silentLoss, classes.reportedLoss] as const;
    seen.set(row.join(), row);
  }
  const [row, ...others] = seen.values();
  expect(others, "the model permits more than one count").toEqual([]);
  return row ?? [0, 0, 0];
}

function saidBy(name: Name, scenario: Scenario): string[] {
  return eventsOf(scenario, profileNamed(name)).flatMap(event => {
    if (event.kind === "connection") return [event.change];
    if (event.kind !== "called" || event.call === "start") return [];
    return [`${event.call} ${event.outcome.is === "ok" ? "ok" : event.outcome.kind}`];
  });
}

test("the frames of the facts have 34 bytes with 16 of payload and 7 of subject, and 120 with 100 and 8", () => {
  expect(frameBytes("subject", 16, profileNamed("nats-go"))).toBe(34);
  expect(frameBytes("subject8", 100, profileNamed("nats-go"))).toBe(120);
});

test("a frame of nats-py has a byte more: 35, 120 with 100 of payload and 7 of subject, 1021 with 1000", () => {
  const natsPy = profileNamed("nats-py");
  expect([16, 100, 1_000].map(bytes => frameBytes("subject", bytes, natsPy))).toEqual([35, 120, 1_021]);
});

test.each(["nats-go", "nats-py"] as const)(
  "a frame of %s tells its payload, and one that nobody could write tells none",
  name => {
    const profile = profileNamed(name);
    for (const bytes of [0, 8, 9, 10, 99, 100, 999, 1_000, 100_000])
      expect(payloadBytesOf("subject", frameBytes("subject", bytes, profile), profile)).toBe(bytes);
    // One digit less and a byte more of payload make the same frame as none does.
    expect(payloadBytesOf("subject", frameBytes("subject", 9, profile) + 1, profile)).toBeUndefined();
  },
);

describe("table 1: core publish and cuts", () => {
  const flushed = [start, publish(10), flush()];
  const downSteps: readonly Bare[] = [...flushed, cut(), publish(50), heal(), flush()];
  test.each([
    ["nats-go", [60, 0, 0]],
    ["nats-js-2", [10, 50, 0]],
    ["nats-js-3", [10, 50, 0]],
    ["nats-py", [60, 0, 0]],
  ] as const)("10 flushed and 50 published while down: %s keeps and loses %j", (name, row) => {
    expect(counts(scenarioWith(downSteps), name)).toEqual(row);
  });

  test.each(every)("10 published during the redial handshake all arrive with %s", name => {
    const steps = [...flushed, cut(), heal("handshake"), overlapped(10), heal(), flush()];
    expect(counts(scenarioWith(steps), name)).toEqual([20, 0, 0]);
  });

  test.each(every)("50 held and then cut are all lost in silence with %s", name => {
    expect(counts(scenarioWith([...flushed, hold, publish(50), cut(), heal()]), name)).toEqual([10, 50, 0]);
  });

  test.each(every)("50 held and then released all arrive with %s", name => {
    expect(counts(scenarioWith([...flushed, hold, publish(50), heal()]), name)).toEqual([60, 0, 0]);
  });

  test.each([
    ["20 frames", 680, 20],
    ["20 frames and one byte", 681, 20],
    ["20 frames less one byte", 679, 19],
  ] as const)("of 50 messages of 34 bytes cut at %s, %i bytes, %i arrive", (_what, bytes, arrive) => {
    for (const name of ["nats-js-2", "nats-js-3"] as const) {
      const scenario = scenarioWith([start, flush(), limit(bytes), publish(50), heal()]);
      expect(counts(scenario, name), name).toEqual([arrive, 50 - arrive, 0]);
    }
  });

  test.each([
    ["20 frames and one byte", 681, 20],
    ["20 frames less one byte", 679, 19],
  ] as const)(
    "of nats-go cut at %s, %i bytes, %i arrive and the message that reached the cut does not",
    (_what, bytes, arrive) => {
      const scenario = scenarioWith([start, flush(), limit(bytes), publish(arrive + 1), heal()]);
      expect(counts(scenario, "nats-go")).toEqual([arrive, 1, 0]);
    },
  );

  test("of 50 messages of nats-go cut at 20 frames 20 arrive, some are lost, and what comes after its notice is kept", () => {
    const { ledgers, complete } = permittedLedgers(
      planCase(scenarioWith([start, flush(), limit(680), publish(50), heal()]), profileNamed("nats-go")),
    );
    const kept = ledgers.map(({ classes }) => classes.kept).toSorted((a, b) => a - b);
    expect(complete).toBe(true);
    expect(kept).toEqual(Array.from({ length: 31 }, (_, i) => 20 + i));
    expect(ledgers.every(({ classes }) => classes.kept + classes.silentLoss === 50)).toBe(true);
  });

  test.each([
    ["20 frames", 700, 20],
    ["20 frames and one byte", 701, 20],
    ["20 frames less one byte", 699, 19],
  ] as const)("of 50 messages of nats-py cut at %s, %i bytes, %i arrive", (_what, bytes, arrive) => {
    const scenario = scenarioWith([start, flush(), limit(bytes), publish(50), heal()]);
    expect(counts(scenario, "nats-py")).toEqual([arrive, 50 - arrive, 0]);
  });

  test.each(everyOf34)("20 messages cut at exactly their 680 bytes all arrive, and %s loses its connection", name => {
    const scenario = scenarioWith([start, flush(), limit(680), publish(20), heal()]);
    expect(counts(scenario, name)).toEqual([20, 0, 0]);
    expect(saidBy(name, scenario)).toEqual(["connected", "flush ok", "disconnected", "reconnected"]);
  });

  test.each([
    ["nats-go", [25, 0, 0]],
    ["nats-js-2", [20, 5, 0]],
    ["nats-js-3", [20, 5, 0]],
  ] as const)(
    "what %s is given after 20 messages that end at the byte of the cut is published while down",
    (name, row) => {
      expect(counts(scenarioWith([start, flush(), limit(680), publish(20), publish(5), heal()]), name)).toEqual(row);
    },
  );

  test.each(everyOf34)("20 messages under a limit of one byte more all arrive, and %s keeps its connection", name => {
    const scenario = scenarioWith([start, flush(), limit(681), publish(20), heal()]);
    expect(counts(scenario, name)).toEqual([20, 0, 0]);
    expect(saidBy(name, scenario)).toEqual(["connected", "flush ok"]);
  });

  test.each(every)("%s says closed when its 3 attempts are spent, and refuses every publish after that", name => {
    const scenario = scenarioWith([start, cut("gave-up"), publish(7)], { reconnectAttemptsMax: 3 });
    expect(saidBy(name, scenario)).toEqual(["connected", "disconnected", "closed"]);
    expect(counts(scenario, name)).toEqual([0, 0, 7]);
  });
});

describe("table 2: the reconnect buffer of nats.go refuses at exactly this message", () => {
  const whileDown = (count: number, bytes: number, options: Partial<Options>): Scenario =>
    scenarioWith([start, cut(), publish(count, bytes), heal(), flush()], options);

  test.each([
    [1_024, 31],
    [1_020, 30],
    [1_021, 31],
    [1, 1],
    [-1, 0],
  ] as const)("a limit of %i bytes takes %i of 50 frames of 34 bytes, and all that it takes arrives", (max, taken) => {
    const scenario = whileDown(50, 16, { reconnectBufferBytesMax: max });
    expect(counts(scenario, "nats-go")).toEqual([taken, 0, 50 - taken]);
  });

  test.each([
    ["0", { reconnectBufferBytesMax: 0 }],
    ["none given", {}],
  ] as const)("the default, option %s, takes 8225 frames of 1020 bytes", (_what, options) => {
    expect(frameBytes("subject", 1_000, profileNamed("nats-go"))).toBe(1_020);
    const scenario = whileDown(8_300, 1_000, options);
    expect(counts(scenario, "nats-go")).toEqual([8_225, 0, 75]);
  });

  test("a message larger than the whole buffer is accepted, one", () => {
    const scenario = whileDown(2, 100_000, { reconnectBufferBytesMax: 1_024 });
    expect(counts(scenario, "nats-go")).toEqual([1, 0, 1]);
  });

  test("a flush while down takes 6 bytes of it, and times out", () => {
    const scenario = scenarioWith([start, cut(), publish(29), flush(60), publish(9), heal()], {
      reconnectBufferBytesMax: 1_020,
    });
    // 29 x 34 = 986; with PING\r\n 992; one more frame makes 1026.
    expect(counts(scenario, "nats-go")).toEqual([30, 0, 8]);
    expect(saidBy("nats-go", scenario)).toContain("flush timeout");
  });

  test.each(["nats-js-2", "nats-js-3"] as const)("%s has no limit: it accepts all and delivers none", name => {
    expect(counts(whileDown(20_000, 1_000, {}), name)).toEqual([0, 20_000, 0]);
  });
});

describe("table 2: the reconnect buffer of nats-py counts the payload of the next message, too", () => {
  const whileDown = (count: number, bytes: number, options: Partial<Options>): Scenario =>
    scenarioWith([start, cut(), publish(count, bytes), heal(), flush()], options);

  test.each([
    [1_024, 16, 29],
    [1_024, 100, 8],
    [1_024, 1_000, 1],
    [1_024, 1_025, 0],
    [0, 16, 0],
    [-1, 16, 0],
  ] as const)(
    "a limit of %i bytes takes of 50 payloads of %i bytes %i, and all that it takes arrives",
    (max, bytes, taken) => {
      const scenario = whileDown(50, bytes, { reconnectBufferBytesMax: max });
      expect(counts(scenario, "nats-py")).toEqual([taken, 0, 50 - taken]);
    },
  );

  test("the default takes 2054 frames of 1021 bytes", () => {
    expect(counts(whileDown(2_100, 1_000, {}), "nats-py")).toEqual([2_054, 0, 46]);
  });

  test("a flush while down says ok, and takes none of it", () => {
    const scenario = scenarioWith([start, cut(), publish(28), flush(60), publish(2), heal()], {
      reconnectBufferBytesMax: 1_000,
    });
    // 28 x 35 + 16 = 996, which 6 more would carry over the limit; 29 x 35 + 16 = 1031.
    expect(counts(scenario, "nats-py")).toEqual([29, 0, 1]);
    expect(saidBy("nats-py", scenario)).toContain("flush ok");
  });
});

describe("table 3: 1000 messages of 100 bytes, then the end in the same tick", () => {
  // Flushed first: a close that resets a connection with unread bytes is another fact.
  const ending = (...calls: readonly BareCall[]): Scenario =>
    scenarioWith([start, flush(), together(publish(1_000, 100), ...calls)], { subject: "subject8" });
  test.each([
    ["nats-go", 1_000],
    ["nats-js-2", 822],
    ["nats-js-3", 1_000],
    ["nats-py", 1_000],
  ] as const)("close: of %s %i arrive", (name, arrive) => {
    expect(counts(ending(close), name)).toEqual([arrive, 1_000 - arrive, 0]);
  });

  test.each(every)("flush then close, and drain: of %s all arrive", name => {
    expect(counts(ending(flush(), close), name)).toEqual([1_000, 0, 0]);
    expect(counts(ending(drain), name)).toEqual([1_000, 0, 0]);
  });

  test.each(every)("held, closed and cut: of %s none arrives", name => {
    const scenario = scenarioWith([start, flush(), hold, publish(1_000, 100), close, cut()]);
    expect(counts(scenario, name)).toEqual([0, 1_000, 0]);
  });
});

describe("table 4: the end during an outage, 20 published", () => {
  test("close while down: nats-py raises an error, says nothing and loses all that was kept", () => {
    const scenario = scenarioWith([start, cut(), publish(20), close, heal()]);
    expect(counts(scenario, "nats-py")).toEqual([0, 20, 0]);
    expect(saidBy("nats-py", scenario)).toEqual(["connected", "disconnected", "close disconnected"]);
  });

  test("close while down: nats-py says closed where it keeps nothing", () => {
    expect(saidBy("nats-py", scenarioWith([start, cut(), close]))).toEqual([
      "connected",
      "disconnected",
      "closed",
      "close ok",
    ]);
  });

  test("drain while down: nats-py refuses, stays open and loses nothing", () => {
    const scenario = scenarioWith([start, cut(), publish(20), drain, heal(), publish(3)]);
    expect(counts(scenario, "nats-py")).toEqual([23, 0, 0]);
    expect(saidBy("nats-py", scenario)).toEqual(["connected", "disconnected", "drain reconnecting", "reconnected"]);
  });

  test.each(everyOf34)("close while down: %s says no error and loses all that was kept", name => {
    const scenario = scenarioWith([start, cut(), publish(20), close, heal()]);
    expect(counts(scenario, name)).toEqual([0, 20, 0]);
    expect(saidBy(name, scenario)).toEqual(["connected", "disconnected", "closed", "close ok"]);
  });

  test.each([
    ["nats-go", "drain reconnecting", "closed"],
    ["nats-js-2", "drain ok", "reconnected"],
    ["nats-js-3", "drain disconnected", "reconnected"],
  ] as const)("drain while down: %s says %s, and its last word is %s", (name, told, last) => {
    const scenario = scenarioWith([start, cut(), publish(20), drain, heal(), publish(3)]);
    const said = saidBy(name, scenario);
    expect(said).toContain(told);
    expect(said.filter(word => !word.startsWith("drain")).at(-1)).toBe(last);
    // What comes after it is refused in every client.
    expect(counts(scenario, name)).toEqual([0, 20, 3]);
  });
});
