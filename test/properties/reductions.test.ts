/** What a scenario is reduced to: each is smaller or simpler, in the order in which they are tried. */
import { describe, expect, test } from "vitest";
import type { Fault, Options, Scenario, Step } from "../../models/vocabulary/scenario.ts";
import { dials, reductions } from "../../properties/arbitraries/reductions.ts";
import {
  type Bare,
  blackhole,
  close,
  counted,
  cut,
  drain,
  fault,
  flush,
  heal,
  hold,
  limit,
  overlapped,
  pauseServer,
  publish,
  scenarioWith,
  start,
  together,
} from "../models/cases.ts";
import { advance, job, replica, sound, subscribe, underPolicy } from "../models/policies.ts";

const of = (steps: readonly Bare[], options: Partial<Options> = {}): readonly Scenario[] => [
  ...reductions(scenarioWith(steps, options)),
];
/** The step at `place` in those reductions that change nothing else. */
const stepsAt = (place: number, steps: readonly Bare[]): readonly Step[] => {
  const whole = scenarioWith(steps).steps;
  return of(steps).flatMap(({ steps: reduced }) => {
    const step = reduced[place];
    const isAlone =
      reduced.length === whole.length &&
      reduced.every((one, i) => i === place || JSON.stringify(one) === JSON.stringify(whole[i]));
    return step !== undefined && isAlone ? [step] : [];
  });
};
const kindsOf = ({ steps }: Scenario): string => steps.map(step => step.kind).join(" ");

describe("steps are left out", () => {
  test("calls that are no publishes first: all of them, then flushes, then ends", () => {
    const kinds = of([start, publish(1), flush(), together(publish(1)), close, drain]).map(kindsOf);
    expect(kinds.slice(0, 3)).toEqual(["start publish", "start publish together close drain", "start publish flush"]);
    // Where there are none the tail comes first.
    expect(of([start, publish(1), cut()]).map(kindsOf)[0]).toBe("start publish");
  });

  test("then chunks, the tail first, from half the steps down to single ones; the start stays", () => {
    expect(
      of([start, hold, publish(1), heal()])
        .map(kindsOf)
        .slice(0, 4),
    ).toEqual(["start fault", "start fault publish", "start fault heal", "start publish heal"]);
    for (const reduced of of([start, hold, publish(1), heal()])) expect(reduced.steps[0]?.kind).toBe("start");
  });

  test("a scenario of its start alone has nothing left to leave out", () => {
    expect(of([start])).toEqual([]);
  });
});

test("two publishes that follow each other become one, at either's place, with all their messages and the larger payload", () => {
  const merged = of([start, publish(3, 8), cut(), publish(4, 16), heal()]).filter(
    ({ steps }) => steps.filter(step => step.kind === "publish").length === 1 && steps.length === 4,
  );
  const whole = merged.filter(({ steps }) => steps.some(step => step.kind === "publish" && step.count === 7));
  expect(whole.map(kindsOf)).toEqual(["start fault publish heal", "start publish fault heal"]);
  for (const { steps } of whole)
    expect(steps.find(step => step.kind === "publish")).toMatchObject({ count: 7, bytes: 16 });
});

describe("a publish", () => {
  const counts = (count: number): number[] =>
    stepsAt(1, [start, publish(count)]).map(step => (step.kind === "publish" ? step.count : 0));

  test("is made smaller: one, and then by halves of what is left", () => {
    expect(counts(20)).toEqual([1, 10, 15, 17, 18, 19]);
    expect(counts(3)).toEqual([1, 2]);
    expect(counts(2)).toEqual([1]);
    expect(counts(1)).toEqual([]);
  });

  test("waits for its calls, and is given payloads of 16 bytes", () => {
    expect(stepsAt(1, [start, overlapped(1), cut()])).toEqual([
      { id: "publish-1", kind: "publish", count: 1, bytes: 16 },
    ]);
    // Or as many bytes in all: what matters may be a buffer that fills up.
    expect(stepsAt(1, [start, publish(1, 100)])).toEqual([
      { id: "publish-1", kind: "publish", count: 1, bytes: 16 },
      { id: "publish-1", kind: "publish", count: 4, bytes: 16 },
    ]);
  });
});

test("what is done in one breath is done alone, or with a part less, or with a smaller publish", () => {
  const whole = together(publish(2), close);
  const reduced = stepsAt(1, [start, whole]).map(step =>
    step.kind === "together" ? step.steps.map(part => part.kind) : step.kind,
  );
  expect(reduced).toEqual(expect.arrayContaining(["publish", "close", ["close"], ["publish"], ["publish", "close"]]));
  const [smaller] = stepsAt(1, [start, whole]).slice(-1);
  expect(smaller).toMatchObject({ steps: [{ kind: "publish", count: 1 }, { kind: "close" }] });
  for (const alone of stepsAt(1, [start, together(close)])) expect(alone).toMatchObject({ kind: "close" });
});

describe("a fault", () => {
  const faults = (one: Bare): Fault[] =>
    stepsAt(1, [start, one]).flatMap(step => (step.kind === "fault" ? [step.fault] : []));
  const plainCut: Fault = { kind: "cut", awaits: "noticed" };

  test("becomes a cut that is noticed", () => {
    expect(faults(cut("none"))).toEqual([plainCut]);
    expect(faults(blackhole)).toEqual([plainCut]);
    expect(faults(hold)).toEqual([plainCut]);
    expect(faults(pauseServer)[0]).toEqual(plainCut);
    expect(faults(fault({ kind: "stop-server", signal: "TERM", awaits: "none" }))[0]).toEqual(plainCut);
  });

  test("stays where nothing is simpler", () => {
    expect(faults(cut("noticed"))).toEqual([]);
  });

  test("that a client gives up over is one that it comes back from, or its close", () => {
    const whole = [start, cut("gave-up")];
    const forEver = of(whole, { reconnectAttemptsMax: 2 }).filter(
      ({ steps, options }) => steps[1] !== undefined && options.reconnectAttemptsMax === -1,
    );
    expect(forEver.map(({ steps }) => steps[1])).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ fault: plainCut }),
        expect.objectContaining({ kind: "close" }),
      ]),
    );
  });

  test("whose dials are counted ends earlier, or is a cut like any other, which a client without end survives", () => {
    const dialsIn = ({ steps }: Scenario): unknown[] =>
      steps.flatMap(one => (one.kind === "fault" && one.fault.kind === "cut" ? [one.fault.dials ?? "uncounted"] : []));
    const finite = { reconnectAttemptsMax: 5 };
    const reduced = of([start, counted(3), heal(), counted(4)], finite);
    const fewer = reduced.filter(({ options }) => options.reconnectAttemptsMax === 2).map(dialsIn);
    expect(fewer).toContainEqual([1, 1]);
    const oneLess = reduced.filter(({ options }) => options.reconnectAttemptsMax === 4).map(dialsIn);
    expect(oneLess).toContainEqual([2, 3]);
    const forEver = reduced.filter(({ options }) => options.reconnectAttemptsMax === -1).map(dialsIn);
    expect(forEver).toEqual([["uncounted", "uncounted"]]);
    const alone = reduced.filter(({ options }) => options.reconnectAttemptsMax === 5).map(dialsIn);
    expect(alone).toEqual(
      expect.arrayContaining([
        [1, 4],
        [2, 4],
        [3, 1],
        [3, "uncounted"],
      ]),
    );
    expect(of([start, counted("all")], finite).map(dialsIn)).toContainEqual(["uncounted"]);
  });

  test("at a byte becomes a cut, or comes earlier", () => {
    const bytes = (n: number): (number | string)[] =>
      faults(limit(n)).map(one => (one.kind === "limit" ? one.bytes : one.kind));
    expect(bytes(100)).toEqual(["cut", "cut", 1, 50, 75, 87, 93, 96, 98, 99]);
    expect(bytes(2)).toEqual(["cut", "cut", 1]);
    expect(bytes(1)).toEqual(["cut", "cut"]);
  });
});

test("a heal awaits the connection", () => {
  for (const awaits of ["none", "handshake"] as const)
    expect(stepsAt(2, [start, cut(), heal(awaits)])).toMatchObject([{ kind: "heal", awaits: "connected" }]);
  expect(stepsAt(2, [start, cut(), heal()])).toEqual([]);
});

describe("options", () => {
  const plain = { subject: "subject", reconnectWaitMs: 20, reconnectAttemptsMax: -1, cutsWith: "fin" };
  const simpler = (options: Partial<Options>): readonly Options[] => of([start], options).map(one => one.options);

  test("lose their buffer's limit, or get a smaller one", () => {
    const limits = (reconnectBufferBytesMax: number): unknown[] =>
      simpler({ reconnectBufferBytesMax }).map(one => one.reconnectBufferBytesMax);
    expect(simpler({ reconnectBufferBytesMax: 100 })[0]).toEqual(plain);
    expect(limits(100)).toEqual(expect.arrayContaining([undefined, -1, 1, 34, 50, 99]));
    expect(limits(100).every(one => one === undefined || (one as number) < 100)).toBe(true);
    expect(limits(-1).every(one => one === undefined)).toBe(true);
    // To some clients 0 is the default.
    expect(limits(0)).toEqual(expect.arrayContaining([undefined, -1, 1]));
    expect(limits(1)).not.toContain(0);
  });

  test("lose their attempts' limit, their PINGs, their resets, each by itself", () => {
    expect(simpler({ reconnectAttemptsMax: 0 })).toEqual([plain]);
    expect(simpler({ reconnectAttemptsMax: 0, reconnectWaitMs: 100 })).toContainEqual({
      ...plain,
      reconnectAttemptsMax: 0,
    });
    expect(simpler({ pingIntervalMs: 150, pingsOutMax: 2 })).toEqual([plain]);
    expect(simpler({ cutsWith: "rst" })).toEqual([plain]);
    const limited = { reconnectBufferBytesMax: 1 };
    const pings = { pingIntervalMs: 150, pingsOutMax: 2 };
    const reduced = simpler({ ...limited, ...pings, cutsWith: "rst" });
    expect(reduced).toEqual(
      expect.arrayContaining([
        { ...plain, ...pings, cutsWith: "rst" },
        { ...plain, ...limited, cutsWith: "rst" },
        { ...plain, ...limited, ...pings },
      ]),
    );
  });
});

describe("numbers that can be lower", () => {
  const dialled = (options: Partial<Options>): readonly (readonly [value: number, least: number, turned: unknown])[] =>
    dials(scenarioWith([start], options)).map(one => [one.value, one.least, one.turnedTo(one.least).options]);

  test("are the buffer's limit and the attempts, where they bound anything", () => {
    expect(dialled({})).toEqual([]);
    expect(dialled({ reconnectBufferBytesMax: -1, reconnectAttemptsMax: 0 })).toEqual([]);
    expect(dialled({ reconnectAttemptsMax: 5 })).toMatchObject([[5, 1, { reconnectAttemptsMax: 1 }]]);
    expect(dialled({ reconnectBufferBytesMax: 70 })).toMatchObject([[70, 1, { reconnectBufferBytesMax: 1 }]]);
  });
});

test("a byte anchor is tried at the frames of the publish that comes after it, and not before", () => {
  const before = publish(7, 100);
  const anchored = of([start, before, limit(5_000), publish(60, 100)]).filter(({ steps }) => {
    const [, first, fault, second] = steps;
    return (
      steps.length === 4 &&
      fault?.kind === "fault" &&
      fault.fault.kind === "limit" &&
      fault.fault.bytes <= 68 &&
      first?.kind === "publish" &&
      first.bytes === 100 &&
      second?.kind === "publish" &&
      second.bytes === 16
    );
  });
  expect(anchored.length).toBe(5);
  for (const { steps } of anchored) expect(steps[1]).toMatchObject(before);
});

describe("under a policy", () => {
  const kept = (steps: readonly Bare[]): readonly string[] =>
    [...reductions(underPolicy(sound, steps))].map(({ steps: reduced }) => reduced.map(one => one.id).join(" "));

  test("one process goes with all that it did, and the others stay", () => {
    const steps = [start, replica(1), replica(2), subscribe(1), subscribe(2), job()];
    const whole = kept(steps);
    expect(whole).toContain("start-0 start-2 subscribe-4 publish-5");
    expect(whole).toContain("start-0 start-1 subscribe-3 publish-5");
    expect(whole.slice(0, 2)).toEqual([
      "start-0 start-2 subscribe-4 publish-5",
      "start-0 start-1 subscribe-3 publish-5",
    ]);
  });

  test("time and subscriptions go as a whole, but never the last start", () => {
    const whole = kept([replica(1), subscribe(1), advance(100), job(), advance(100)]);
    expect(whole[0]).toBe("start-0 subscribe-1 publish-3");
    expect(whole).toContain("start-0 advance-2 publish-3 advance-4");
    for (const one of whole) expect(one).toContain("start-0");
  });
});
