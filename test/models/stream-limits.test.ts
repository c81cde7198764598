/** The limits of a stream: what goes to make room, what is too old, and what is stored without an answer. */
import { describe, expect, test } from "vitest";
import { plan } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Policy, StreamPolicy } from "../../models/vocabulary/policy.ts";
import type { Handler } from "../../models/vocabulary/scenario.ts";
import { answeredRun } from "./answered.ts";
import { type Bare, cut, fault, heal, start } from "./cases.ts";
import { advance, job, jobAgain, policyWith, stream, subscribe, subscribeSlow, underPolicy } from "./policies.ts";

const withStream = (part: Partial<StreamPolicy>, more: Partial<Policy["publish"]> = {}): Policy =>
  policyWith({ streams: [{ ...stream, ...part }], publish: { messageIds: [], ...more } });

/** What the stream holds, what its limits took, and what the callers were told. */
function shown(part: Partial<StreamPolicy>, steps: readonly Bare[], more: Partial<Policy["publish"]> = {}) {
  const { said, asked } = answeredRun(underPolicy(withStream(part, more), [start, ...steps]), natsGo, {});
  const each = ({ first, count }: { first: number; count: number }): number[] =>
    Array.from({ length: count }, (_, i) => first + i);
  return {
    held: said.flatMap(event => (event.kind === "holds" ? each(event) : [])),
    gone: said.flatMap(event => (event.kind === "discarded" ? each(event) : [])),
    handled: said.flatMap(event => (event.kind === "handled" ? each(event) : [])),
    told: said.flatMap(event => (event.kind === "published" ? [event.outcome.is] : [])),
    asked,
  };
}

const other = (count = 1): Bare => job(count, { subject: "job.b" });
const large: Bare = { ...job(), bytes: 400 } as Bare;
/** 51 bytes each in a file: 30, the subject of 5, and 16 of payload. */
const three = { bytesMax: 153 };

describe("the oldest make room", () => {
  test.each<[what: string, part: Partial<StreamPolicy>, steps: readonly Bare[], held: number[], gone: number[]]>([
    ["by bytes", three, [job(5)], [2, 3, 4], [0, 1]],
    ["by bytes, one byte below the limit", { bytesMax: 152 }, [job(3)], [1, 2], [0]],
    ["by bytes, as many as the new one needs", { bytesMax: 500 }, [job(3), large], [2, 3], [0, 1]],
    [
      "all of them, and the message itself, where that is larger than the stream",
      three,
      [job(3), large],
      [],
      [0, 1, 2, 3],
    ],
    ["within a subject, and others stay", { messagesPerSubjectMax: 2 }, [job(2), other(), job(2)], [2, 3, 4], [0, 1]],
    [
      "within a subject of a stream that refuses what is new",
      { messagesPerSubjectMax: 1, discard: "new" },
      [job(), other(), job()],
      [1, 2],
      [0],
    ],
    ["by the first limit that is reached", { messagesMax: 2, ...three }, [job(4)], [2, 3], [0, 1]],
  ])("%s", (_, part, steps, held, gone) => {
    expect(shown(part, steps)).toMatchObject({ held, gone, told: steps.map(() => "acked") });
  });

  test("a full stream that refuses takes one in the place of its subject's oldest, if it is no larger", () => {
    const full = { discard: "new", messagesPerSubjectMax: 1, messagesMax: 2 } as const;
    expect(shown(full, [job(), other(), job(1, { subject: "job.c" }), job()])).toMatchObject({
      held: [1, 3],
      told: ["acked", "acked", "rejected", "acked"],
    });
    const bytes = { discard: "new", messagesPerSubjectMax: 1, bytesMax: 102 } as const;
    const longer = { ...job(), bytes: 17 } as Bare;
    expect(shown(bytes, [job(), other(), job(), longer])).toMatchObject({
      held: [1, 2],
      told: ["acked", "acked", "acked", "rejected"],
    });
  });

  test("the id of a message that was larger than its stream is remembered", () => {
    const again = { ...jobAgain(1), bytes: 400 } as Bare;
    const ids = { messageIds: [{ subjects: "job.>", id: "event" }] } as const;
    expect(shown({ bytesMax: 300 }, [large, again], ids)).toMatchObject({
      held: [],
      told: ["acked", "acked"],
      gone: [0],
    });
  });

  test("what a handler was given before it went is counted, and it gets all that comes later", () => {
    const one = shown({ messagesPerSubjectMax: 1 }, [subscribe(0), job(), job(), job()]);
    expect(one).toMatchObject({ handled: [0, 1, 2], held: [2] });
  });
});

test("what a limit takes from a handler that hangs is not given again, and the rest is", () => {
  const steps = [subscribe(0, "hangs"), job(), job(), job(), advance(30_000)];
  expect(shown({ messagesMax: 2 }, steps)).toMatchObject({ held: [1, 2], gone: [0], handled: [0, 1, 2, 1, 2, 1, 2] });
});

test("of a message that was stored twice, the copy that a limit has not taken is given again", () => {
  const steps = [job(), advance(1_000), jobAgain(1), subscribe(0, "hangs"), job(), advance(4_000)];
  const { handled, held, gone } = shown({ messagesPerSubjectMax: 2 }, steps);
  expect([gone, held]).toEqual([[0], [0, 1]]);
  // Both copies once, and the younger one again beside the other message.
  expect(handled.filter(one => one === 0).length).toBe(1 + handled.filter(one => one === 1).length);
});

test("a handler that is at work on what a limit takes goes on, and is not given it again", () => {
  const steps = [subscribeSlow(0, 400), job(), other(), advance(400), advance(60_000)];
  expect(shown({ messagesMax: 1 }, steps)).toMatchObject({ held: [1], gone: [0], handled: [0, 0] });
});

describe("a message that is too old", () => {
  const aged = { ageMaxMs: 2_000, duplicateWindowMs: 1_000 };
  test("is there until its age, and surely gone 400 ms later", () => {
    expect(shown(aged, [job(2), advance(1_999)])).toMatchObject({ held: [0, 1], asked: [] });
    expect(shown(aged, [job(2), advance(2_400)])).toMatchObject({ held: [], gone: [0, 1], asked: [] });
    const between = shown(aged, [job(2), advance(2_100)]).asked;
    expect(between.length).toBeGreaterThan(0);
    expect(new Set(between.map(one => one.replace(/^\S+ /, "")))).toEqual(new Set(["expired 0..2"]));
  });

  test("goes before those that came after it", () => {
    expect(shown(aged, [job(), advance(1_000), job(), advance(1_500)])).toMatchObject({ held: [1], gone: [0] });
  });

  test("leaves room in a full stream", () => {
    const full = { ...aged, discard: "new", messagesMax: 1 } as const;
    expect(shown(full, [job(2), advance(2_400), job()])).toMatchObject({ held: [2], gone: [0] });
  });

  test("is given to no handler that comes later", () => {
    expect(shown(aged, [job(), advance(2_400), subscribe(0), job()])).toMatchObject({ handled: [1] });
  });

  test("grows older while a publish waits for its acknowledgement", () => {
    const steps = [job(), cut(), job(), heal()];
    expect(shown(aged, steps, { ackTimeoutMs: 2_400 })).toMatchObject({ gone: [0] });
  });

  test("is not given again, whatever has become of its delivery", () => {
    const steps = (handler: Handler): readonly Bare[] => [
      subscribe(0, handler),
      job(),
      advance(2_400),
      advance(60_000),
    ];
    for (const handler of ["hangs", "fails", "loses-ack"] as const)
      expect(shown(aged, steps(handler))).toMatchObject({ handled: [0], gone: [0], held: [] });
  });

  test("is not judged with a handler that is at work on it, or one that leaves little room", () => {
    const skipped = (one: Bare, consume: Partial<Policy["consume"]> = {}) =>
      plan(underPolicy(policyWith({ streams: [{ ...stream, ...aged }], consume }), [start, one]), natsGo).steps.flatMap(
        planned => (planned.kind === "step" && planned.skipped !== undefined ? [planned.skipped.reason] : []),
      );
    expect(skipped(subscribeSlow(0, 400))).toEqual([
      "a limit or its age may take a message that its handler is at work on",
    ]);
    expect(skipped(subscribe(0, "hangs"), { ackPendingMax: 2 })).toEqual([
      "when a message that a limit or its age takes makes room in its consumer is not known",
    ]);
    expect(skipped(subscribe(0, "hangs"))).toEqual([]);
  });
});

describe("a stream that acknowledges nothing", () => {
  const quiet = { noAck: true };
  const ids = { messageIds: [{ subjects: "job.>", id: "event" }] } as const;
  test.each<[what: string, more: Partial<Policy["publish"]>, held: number[]]>([
    ["stores what times out", {}, [0, 1]],
    ["stores each attempt", { attemptsMax: 2 }, [0, 0, 1, 1]],
    ["stores attempts with one id once", { attemptsMax: 2, ...ids }, [0, 1]],
  ])("%s", (_, more, held) => {
    expect(shown(quiet, [job(2)], more)).toMatchObject({ held, told: ["unsettled", "unsettled"] });
  });

  test("stores an attempt again where its window is over by then", () => {
    const more = { ...ids, attemptsMax: 3, ackTimeoutMs: 1_000 };
    expect(shown({ ...quiet, duplicateWindowMs: 1_500 }, [job()], more)).toMatchObject({ held: [0, 0] });
  });

  test("stores an asynchronous publish once, since it is sent once", () => {
    expect(shown(quiet, [job(2, { async: true })], { attemptsMax: 2 })).toMatchObject({
      held: [0, 1],
      told: ["unsettled"],
    });
  });

  test("refuses in silence", () => {
    expect(shown({ ...quiet, discard: "new", messagesMax: 1 }, [job(2)])).toMatchObject({ held: [0] });
  });

  test("has no acknowledgement that could be lost, and no publish of its own races with a cut", () => {
    const policy = withStream(quiet);
    const planned = (steps: readonly Bare[]) =>
      plan(underPolicy(policy, [start, ...steps]), natsJs3).steps.flatMap(one => (one.kind === "step" ? [one] : []));
    const lost = planned([fault({ kind: "lose-ack" }), job()]).at(-1);
    expect(lost?.skipped?.reason).toBe("its stream acknowledges nothing, so no acknowledgement can be lost");
    expect(planned([job(1, { overlap: true }), cut()])[1]?.overlapping).toBe(false);
  });

  test("is sent nothing whose window would end at the very moment of another attempt", () => {
    const skipped = (duplicateWindowMs: number, more: Parameters<typeof job>[1] = {}): string | undefined => {
      const policy = {
        ...withStream({ ...quiet, duplicateWindowMs }),
        publish: { ...ids, attemptsMax: 3, ackTimeoutMs: 500 },
      };
      const scenario = underPolicy(policy, [start, job(1, more)]);
      return plan(scenario, natsJs3)
        .steps.flatMap(one => (one.kind === "step" ? [one] : []))
        .at(-1)?.skipped?.reason;
    };
    expect(skipped(500)).toMatch(/window has ended at the moment of another attempt/);
    expect(skipped(1_000)).toMatch(/window has ended at the moment of another attempt/);
    expect([skipped(750), skipped(1_500), skipped(500, { async: true })]).toEqual([undefined, undefined, undefined]);
  });
});
