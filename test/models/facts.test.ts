/**
 * The model against measured behaviour. Every figure here is typed by hand from tables 1 to 4 of docs/facts.md, rows marked exact;
 * none is computed, and the model must permit no other count.
 */
import { describe, expect, test } from "vitest";
import { frameBytes } from "../../models/vocabulary/frame.ts";
import type { Options, Scenario } from "../../models/vocabulary/scenario.ts";
import { ledgerOf, newLedger, recordInLedger } from "../../properties/ledger.ts";
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

type Name = "nats-go" | "nats-js-2" | "nats-js-3";
const every: readonly Name[] = ["nats-go", "nats-js-2", "nats-js-3"];
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
  expect(frameBytes("subject", 16)).toBe(34);
  expect(frameBytes("subject8", 100)).toBe(120);
});

describe("table 1: core publish and cuts", () => {
  const flushed = [start, publish(10), flush()];
  const downSteps: readonly Bare[] = [...flushed, cut(), publish(50), heal(), flush()];
  test.each([
    ["nats-go", [60, 0, 0]],
    ["nats-js-2", [10, 50, 0]],
    ["nats-js-3", [10, 50, 0]],
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
    for (const name of every) {
      const scenario = scenarioWith([start, flush(), limit(bytes), publish(50), heal()]);
      expect(counts(scenario, name), name).toEqual([arrive, 50 - arrive, 0]);
    }
  });

  test.each(every)("20 messages cut at exactly their 680 bytes all arrive, and %s loses its connection", name => {
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

  test.each(every)("20 messages under a limit of one byte more all arrive, and %s keeps its connection", name => {
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
    expect(frameBytes("subject", 1_000)).toBe(1_020);
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

describe("table 3: 1000 messages of 100 bytes, then the end in the same tick", () => {
  // Flushed first: a close that resets a connection with unread bytes is another fact.
  const ending = (...calls: readonly BareCall[]): Scenario =>
    scenarioWith([start, flush(), together(publish(1_000, 100), ...calls)], { subject: "subject8" });
  test.each([
    ["nats-go", 1_000],
    ["nats-js-2", 822],
    ["nats-js-3", 1_000],
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
  test.each(every)("close while down: %s says no error and loses all that was kept", name => {
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
