/**
 * What the model asks, and with which range. A question is asked at the first step that could see the answer, and not at all if
 * nobody could; its range has what the real system could do, and nothing else.
 */
import { describe, expect, test } from "vitest";
import { natsPy } from "../../models/profiles/nats-py.ts";
import type { Options } from "../../models/vocabulary/scenario.ts";
import { type Answered, type Answers, answeredRun } from "./answered.ts";
import {
  awaitNoticed,
  type Bare,
  type BareCall,
  blackhole,
  close,
  cut,
  flush,
  heal,
  hold,
  limit,
  overlapped,
  pauseServer,
  profileNamed,
  publish,
  scenarioWith,
  start,
  together,
} from "./cases.ts";

type Name = "nats-go" | "nats-js-2" | "nats-js-3";
const every: readonly Name[] = ["nats-go", "nats-js-2", "nats-js-3"];
const pings: Partial<Options> = { pingIntervalMs: 150, pingsOutMax: 2 };

const run = (name: Name, steps: readonly Bare[], answers: Answers = {}, options: Partial<Options> = {}): Answered =>
  answeredRun(scenarioWith(steps, options), profileNamed(name), answers);
const asked = (...args: Parameters<typeof run>): readonly string[] => run(...args).asked;
const endsOf = (...args: Parameters<typeof run>): readonly string[] =>
  run(...args).said.flatMap(event => (event.kind === "ended" ? [`${event.first}+${event.count} ${event.place}`] : []));
const toldOf = (...args: Parameters<typeof run>): readonly string[] =>
  run(...args).said.flatMap(event =>
    event.kind === "published" ? [`${event.first}+${event.count} ${event.outcome.is}`] : [],
  );

describe.each(every)("nothing is asked of %s", name => {
  test.each<[what: string, steps: readonly Bare[], options?: Partial<Options>]>([
    ["where nothing is wrong", [start, publish(3), flush(), publish(3)]],
    ["of a flushed link that is cut", [start, publish(3), flush(), cut(), heal()]],
    ["of what is published while down", [start, cut(), publish(3), heal()]],
    ["of a hold that is released", [start, publish(3), hold, publish(3), heal()]],
    ["of a paused server that goes on", [start, publish(3), pauseServer, publish(3), awaitNoticed, heal()], pings],
    ["of a byte anchor that the last message reaches", [start, limit(100), publish(3), heal()]],
    ["of a close of a flushed link", [start, flush(), publish(3), close]],
    ["of publishes in the handshake", [start, cut(), heal("handshake"), overlapped(9), heal()]],
  ])("%s", (_what, steps, options = {}) => {
    expect(asked(name, steps, {}, options)).toEqual([]);
  });
});

describe("how much of what was in flight arrived", () => {
  test.each<[what: string, steps: readonly Bare[], questions: readonly string[], options?: Partial<Options>]>([
    ["is asked at the cut", [start, publish(3), publish(4), cut(), heal()], ["fault-3 arrived-before-cut 0..7"]],
    [
      "covers what was sent before a hold",
      [start, publish(3), hold, publish(4), cut()],
      ["fault-4 arrived-before-cut 0..3"],
    ],
    [
      "covers what was sent before a blackhole",
      [start, publish(3), blackhole, publish(4), heal()],
      ["heal-4 arrived-before-cut 0..3"],
    ],
    [
      "is asked where the silence is noticed",
      [start, publish(3), blackhole, publish(4), awaitNoticed, heal()],
      ["await-noticed-4 arrived-before-cut 0..3"],
      pings,
    ],
    [
      "covers a burst that overlaps the cut",
      [start, publish(3), overlapped(4), cut(), heal()],
      ["fault-3 arrived-before-cut 0..7"],
    ],
    [
      "is asked once for each connection",
      [start, publish(3), cut(), heal(), publish(2), cut()],
      ["fault-2 arrived-before-cut 0..3", "fault-5 arrived-before-cut 0..2"],
    ],
  ])("%s", (_what, steps, questions, options = {}) => {
    expect(asked("nats-js-3", steps, {}, options)).toEqual(questions);
  });

  test("is asked where the link of nats.go settles after a close that may have reset it", () => {
    expect(asked("nats-go", [start, publish(4), close])).toEqual(["settle arrived-before-cut 0..4"]);
    expect(asked("nats-js-3", [start, publish(4), close])).toEqual([]);
  });
});

describe("where in a burst the client noticed", () => {
  const burst = [start, flush(), overlapped(40), cut(), heal()];

  test("of nats.go is any call that did not arrive; of nats.js none, since its loop is not interrupted", () => {
    expect(asked("nats-go", burst, { "arrived-before-cut": 15 })).toEqual([
      "fault-3 arrived-before-cut 0..40",
      "fault-3 noticed-at 0..25",
    ]);
    expect(asked("nats-js-3", burst, { "arrived-before-cut": 15 })).toEqual(["fault-3 arrived-before-cut 0..40"]);
    expect(asked("nats-go", burst, { "arrived-before-cut": 40 })).toEqual(["fault-3 arrived-before-cut 0..40"]);
  });

  test("decides what is lost in the socket, and what nats.go keeps", () => {
    const answers = { "arrived-before-cut": 15, "noticed-at": 10 };
    expect(endsOf("nats-go", burst, answers)).toEqual(["0+15 arrived", "15+10 outbound or socket", "25+15 arrived"]);
    expect(endsOf("nats-js-3", burst, answers)).toEqual(["0+15 arrived", "15+25 outbound or socket"]);
  });

  test("is asked of a publish after a cut that was not awaited, and of nats.js only once the link is back", () => {
    expect(asked("nats-go", [start, cut("none"), publish(7), heal()])).toEqual(["publish-2 noticed-at 0..7"]);
    expect(asked("nats-js-3", [start, cut("none"), publish(7), heal()])).toEqual([]);
    expect(asked("nats-js-3", [start, cut("none"), heal("none"), publish(7), heal()], { "noticed-at": 1 })).toEqual([
      "publish-3 noticed-at 0..1",
    ]);
    expect(asked("nats-js-3", [start, cut("none"), heal("none"), publish(7), heal()])).toEqual([
      "publish-3 noticed-at 0..1",
      "publish-3 dialled-at 0..1",
    ]);
  });

  test("is asked beyond a byte anchor: of nats.go at any call, but for the one whose bytes reached it", () => {
    expect(asked("nats-go", [start, limit(101), publish(9), heal()])).toEqual(["publish-2 noticed-at 1..7"]);
    expect(asked("nats-go", [start, limit(102), publish(9), heal()])).toEqual(["publish-2 noticed-at 0..6"]);
    expect(asked("nats-js-3", [start, limit(102), publish(9_000), heal()])).toEqual([]);
  });
});

describe("on which side of the dial a publish fell", () => {
  const steps = (count: number): readonly Bare[] => [start, cut(), heal("none"), publish(count), heal()];

  test("of nats.js all of one loop fell on one", () => {
    expect(asked("nats-js-3", steps(7))).toEqual(["publish-3 dialled-at 0..1"]);
    expect(endsOf("nats-js-3", steps(7))).toEqual(["0+7 arrived"]);
    expect(endsOf("nats-js-3", steps(7), { "dialled-at": 1 })).toEqual(["0+7 reset at dial"]);
  });

  test("of nats.go is asked only where the limit could tell: from the frame on that would reach it", () => {
    const limited = { reconnectBufferBytesMax: 103 };
    expect(asked("nats-go", steps(7))).toEqual([]);
    expect(asked("nats-go", steps(3), {}, limited)).toEqual([]);
    expect(asked("nats-go", steps(3), {}, { reconnectBufferBytesMax: 102 })).toEqual(["publish-3 dialled-at 0..3"]);
    expect(asked("nats-go", steps(4), {}, limited)).toEqual(["publish-3 dialled-at 0..4"]);
    // What is kept already counts.
    const kept = [start, cut(), publish(2), heal("none"), publish(1), heal()];
    expect(asked("nats-go", kept, {}, limited)).toEqual([]);
    expect(asked("nats-go", kept, {}, { reconnectBufferBytesMax: 102 })).toEqual(["publish-4 dialled-at 0..1"]);
  });

  test("what comes after the dial is on the new connection, behind what was kept", () => {
    const limited = { reconnectBufferBytesMax: 60 };
    expect(toldOf("nats-go", steps(5), { "dialled-at": 3 }, limited)).toEqual([
      "0+2 accepted",
      "2+1 rejected",
      "3+2 accepted",
    ]);
    expect(endsOf("nats-go", steps(5), { "dialled-at": 3 }, limited)).toEqual([
      "2+1 refused",
      "0+2 arrived",
      "3+2 arrived",
    ]);
  });
});

describe("where nats.go returns a write error", () => {
  const burst = (count: number): readonly Bare[] => [start, flush(), overlapped(count), cut(), heal()];
  const errors = (count: number, answers: Answers): readonly string[] =>
    asked("nats-go", burst(count), { "noticed-at": count, ...answers }).filter(one => one.includes("write-error"));

  test("is where its buffer of 32 KiB fills: not before the 964th frame of 34 bytes", () => {
    expect(errors(963, {})).toEqual([]);
    expect(errors(964, {})).toEqual(["fault-3 write-error-at 963..964"]);
    expect(errors(964, { "write-error-at": 964 })).toEqual(["fault-3 write-error-at 963..964"]);
  });

  test("counts what was sent of the burst before the connection ended, up to a byte below a full buffer", () => {
    // 100 frames are 3400 bytes: (32768 - 3400) / 34 = 863.8.
    expect(errors(2_000, { "arrived-before-cut": 100 })[0]).toBe("fault-3 write-error-at 863..1900");
    expect(errors(4_000, { "arrived-before-cut": 1_500 })[0]).toBe("fault-3 write-error-at 0..2500");
  });

  test("leaves an empty buffer: the next is 964 frames later", () => {
    expect(errors(2_500, { "write-error-at": 1_000 })).toEqual([
      "fault-3 write-error-at 963..2500",
      "fault-3 write-error-at 963..1499",
    ]);
    expect(toldOf("nats-go", burst(2_500), { "noticed-at": 2_500, "write-error-at": 1_000 })).toEqual([
      "0+1000 accepted",
      "1000+1 unsettled",
      "1001+1000 accepted",
      "2001+1 unsettled",
      "2002+498 accepted",
    ]);
  });

  test("nats.js returns none", () => {
    for (const name of ["nats-js-2", "nats-js-3"] as const)
      expect(asked(name, burst(9_000), {})).toEqual(["fault-3 arrived-before-cut 0..9000"]);
  });
});

describe("what nats.js 2 loses of a tick that ends in a close is what its inline writes left: whole blocks of 32 KiB are written", () => {
  // Frames of 34 and of 119 bytes.
  test.each<[what: string, calls: readonly BareCall[], arrived: number]>([
    ["less than a block", [publish(963), close], 0],
    ["a block to the frame", [publish(964), close], 964],
    ["two blocks and a rest", [publish(2_000), close], 1_928],
    ["a block made of two bursts", [publish(500), publish(500), close], 964],
    ["a block made of three", [publish(500), publish(400), publish(100), close], 964],
    ["a block whose last frames are larger: 2168 bytes are 19 of them", [publish(900), publish(100, 100), close], 919],
    ["a block that a flush has emptied", [publish(900), flush(), publish(100), close], 900],
  ])("%s", (_what, calls, arrived) => {
    const count = run("nats-js-2", [start, together(...calls)]).said.reduce(
      (sum, event) => sum + (event.kind === "delivered" ? event.count : 0),
      0,
    );
    expect(count).toBe(arrived);
  });
});

describe("a dial that met a silent link", () => {
  const steps = [start, flush(), blackhole, awaitNoticed, publish(1, 8), heal()];
  const py = (answers: Answers): Answered =>
    answeredRun(scenarioWith(steps, { ...pings, reconnectBufferBytesMax: 9 }), natsPy, answers);
  const told = ({ said }: Answered): readonly string[] =>
    said.flatMap(one => (one.kind === "published" ? [one.outcome.is] : []));

  test("may have left its PING in what nats-py counts, and then the limit comes 6 bytes early", () => {
    expect(py({}).asked).toEqual(["await-noticed-3 ping-counted 0..1"]);
    expect(told(py({}))).toEqual(["accepted"]);
    expect(told(py({ "ping-counted": 1 }))).toEqual(["rejected"]);
  });

  test("leaves nothing in any other client", () => {
    for (const name of every) expect(asked(name, steps, {}, pings), name).toEqual([]);
  });
});

describe("a call may end by its wait or by what it waited for", () => {
  test.each<[Name, what: string, steps: readonly Bare[], questions: readonly string[]]>([
    ["nats-go", "while down only by its wait", [start, cut(), flush(60)], []],
    ["nats-js-3", "while down by either", [start, cut(), flush(60)], ["flush-2 timed-out-first 0..1"]],
    [
      "nats-go",
      "where the link is back by either",
      [start, cut(), heal("none"), flush(60)],
      ["flush-3 timed-out-first 0..1"],
    ],
    [
      "nats-js-3",
      "… or by the dial",
      [start, cut(), heal("none"), flush(60)],
      ["flush-3 timed-out-first 0..1", "flush-3 dialled-at 0..1"],
    ],
    ["nats-go", "or by the cut", [start, cut("none"), flush(60)], ["flush-2 noticed-at 0..1"]],
    ["nats-go", "a close is seen by the events it brings", [start, cut("none"), close], ["close-2 noticed-at 0..1"]],
  ])("%s: %s", (name, _what, steps, questions) => {
    expect(asked(name, steps)).toEqual(questions);
  });

  test("a flush that timed out leaves its 6 bytes in the buffer of nats.go, whether the link is down or back", () => {
    const limited = { reconnectBufferBytesMax: 74 };
    const down = [start, cut(), publish(2), flush(60), publish(1), heal()];
    expect(toldOf("nats-go", down, {}, limited)).toEqual(["0+2 accepted", "2+1 rejected"]);
    const isBack = [start, cut(), publish(2), heal("none"), flush(60), publish(1), heal()];
    const timedOut = { "timed-out-first": 1, "dialled-at": 1 };
    expect(toldOf("nats-go", isBack, timedOut, limited)).toEqual(["0+2 accepted", "2+1 rejected"]);
    expect(toldOf("nats-go", isBack, {}, limited)).toEqual(["0+2 accepted", "2+1 accepted"]);
  });
});
