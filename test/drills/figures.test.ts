/** The figures of a drill, on events written by hand. */
import { describe, expect, test } from "vitest";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import {
  familyFigures,
  fillFigures,
  recoveryMs,
  replicaFigures,
  startFigures,
  stopFigures,
} from "../../src/drills/figures.ts";
import { bundledPolicy } from "../../src/files/policies.ts";

const hardened = bundledPolicy("cordum-hardened") as Policy;

const published = (
  first: number,
  count: number,
  outcome: Extract<Event, { kind: "published" }>["outcome"],
  more: Partial<Extract<Event, { kind: "published" }>> = {},
): Event => ({
  kind: "published",
  step: "publish",
  frameBytes: 100,
  subject: "sys.heartbeat",
  first,
  count,
  outcome,
  ...more,
});
const durable = { subject: "job.a", durable: true } as const;
const exited = (replica: number, more: object = {}): Event => ({
  kind: "process",
  change: "exited",
  replica,
  code: 0,
  because: "stopped",
  tookMs: 7,
  forced: false,
  toldLost: 0,
  atMs: 0,
  ...more,
});
const stopping = (replica: number): Event => ({ kind: "process", change: "stopping", replica, atMs: 0 });
const handled = (replica: number, first: number, count: number): Event => ({
  kind: "handled",
  replica,
  subject: "job.a",
  delivery: 1,
  outcome: "acked",
  first,
  count,
});
const observed: Event = { kind: "observed", complete: true };
const step = (id: string, phase: "began" | "ended"): Event => ({ kind: "step", step: id, phase });

test("a family's row counts its own messages, what arrived of them and what was told", () => {
  const events: Event[] = [
    published(0, 3, { is: "accepted" }),
    published(3, 2, { is: "rejected", kind: "buffer-full" }),
    published(5, 2, { is: "acked" }, durable),
    published(7, 1, { is: "unsettled", kind: "timeout" }, durable),
    { kind: "delivered", first: 0, count: 1 },
    { kind: "holds", stream: "CORDUM_JOBS", first: 5, count: 1 },
    observed,
  ];
  const rows = familyFigures(hardened, [events, events]);
  expect(rows.find(({ subjects }) => subjects === "sys.heartbeat")).toEqual({
    subjects: "sys.heartbeat",
    declared: "best-effort",
    published: 10,
    arrived: 2,
    told: { acked: 0, accepted: 6, rejected: 4, unsettled: 0 },
    silentLoss: 4,
    discarded: 0,
    notObserved: 0,
    inDoubt: 0,
    duplicated: 0,
  });
  expect(rows.find(({ subjects }) => subjects === "job.>")).toMatchObject({
    published: 6,
    arrived: 2,
    told: { acked: 4, unsettled: 2 },
    silentLoss: 2,
    inDoubt: 2,
  });
  expect(rows).toHaveLength(hardened.families.length);
});

test("a filled buffer: the first refusal is counted from its own step, and what it took in bytes", () => {
  const events: Event[] = [
    published(0, 5, { is: "accepted" }, { step: "before" }),
    published(5, 10, { is: "accepted" }, { step: "fill" }),
    published(15, 3, { is: "rejected", kind: "buffer-full" }, { step: "fill" }),
    { kind: "delivered", first: 5, count: 9 },
    observed,
  ];
  expect(fillFigures(events, "fill")).toEqual({
    published: 13,
    frameBytes: 100,
    errors: { "buffer-full": 3 },
    firstRefusal: 10,
    takenBytes: 1_000,
    arrived: 9,
    notObserved: 0,
  });
  expect(fillFigures(events, "before").firstRefusal).toBeNull();
});

test("a recovery lasts from the beginning of the heal to the client's word", () => {
  const events: Event[] = [
    { kind: "connection", change: "connected" },
    step("heal", "began"),
    { kind: "connection", change: "reconnected" },
    step("heal", "ended"),
  ];
  expect(recoveryMs(events, [0, 100, 350, 400], "heal")).toBe(250);
  expect(recoveryMs(events.slice(0, 2), [0, 100], "heal")).toBeNull();
});

test("a stop: what was accepted before it, lost of that, and told", () => {
  const events: Event[] = [
    published(0, 5, { is: "accepted" }),
    published(5, 5, { is: "rejected", kind: "closed" }),
    stopping(0),
    published(10, 1, { is: "accepted" }),
    exited(0, { toldLost: 2, tookMs: 1_003, forced: true }),
    { kind: "delivered", first: 0, count: 2 },
    observed,
  ];
  expect(stopFigures(events, hardened)).toEqual({
    accepted: 5,
    arrived: 2,
    lost: 3,
    notObserved: 0,
    toldLost: 2,
    tookMs: 1_003,
    budgetMs: hardened.shutdown.budgetMs,
    forced: true,
    ended: "stopped",
  });
});

test("replicas: what the other handled while the first was away, and what was handled again", () => {
  const away = (survivor: readonly Event[], after: readonly Event[]): Event[] => [
    published(0, 2, { is: "acked" }, durable),
    handled(1, 0, 2),
    stopping(1),
    exited(1),
    published(2, 2, { is: "acked" }, durable),
    ...survivor,
    { kind: "process", change: "started", replica: 1, by: "scenario", atMs: 0 },
    ...after,
    { kind: "holds", stream: "CORDUM_JOBS", first: 0, count: 4 },
    observed,
  ];
  const well = { storedAfterStop: 2, handledByOthers: 2, handledAgain: 0, handled: 4, stored: 4 };
  expect(replicaFigures(away([handled(2, 2, 2)], []))).toEqual(well);
  expect(replicaFigures(away([], [handled(1, 0, 4)]))).toEqual({ ...well, handledByOthers: 0, handledAgain: 2 });
});

test("a start: restarts before the first connection, time from the heal, probes in order", () => {
  const probe = (atMs: number, ready: boolean, connected: boolean): Event => ({
    kind: "probe",
    replica: 0,
    ready,
    live: true,
    connected,
    durable: connected,
    atMs,
  });
  const events: Event[] = [
    { kind: "process", change: "started", replica: 0, by: "scenario", atMs: 0 },
    exited(0, { because: "startup", code: 1, atMs: 0 }),
    { kind: "process", change: "started", replica: 0, by: "supervisor", atMs: 100 },
    published(0, 2, { is: "accepted" }),
    probe(100, false, false),
    step("heal", "began"),
    { kind: "advanced", step: "advance", atMs: 160 },
    { kind: "connection", change: "connected" },
    probe(160, true, true),
    { kind: "delivered", first: 0, count: 1 },
    observed,
  ];
  expect(startFigures(events, "heal")).toMatchObject({
    observed: true,
    restarts: 1,
    exits: [{ because: "startup", code: 1, atMs: 0, tookMs: 7 }],
    connectedAfterMs: 60,
    readyAfterMs: 60,
    acceptedEarly: 2,
    arrivedEarly: 1,
    notObservedEarly: 0,
    probes: [{ ready: false }, { ready: true }],
  });
  expect(startFigures(events, undefined).connectedAfterMs).toBeNull();
});

test("what a limit has discarded, as declared, is no silent loss of its family", () => {
  const events: Event[] = [
    published(0, 5, { is: "acked" }, durable),
    { kind: "holds", stream: "CORDUM_JOBS", first: 3, count: 2 },
    { kind: "discarded", stream: "CORDUM_JOBS", first: 0, count: 2 },
    observed,
  ];
  const jobs = { published: 5, arrived: 2, discarded: 2, silentLoss: 1, notObserved: 0 };
  expect(familyFigures(hardened, [events]).find(({ subjects }) => subjects === "job.>")).toMatchObject(jobs);
  const open = events.map(one => (one.kind === "discarded" ? { ...one, kind: "may-be-discarded" as const } : one));
  const untold = { ...jobs, discarded: 0, notObserved: 2 };
  expect(familyFigures(hardened, [open]).find(({ subjects }) => subjects === "job.>")).toMatchObject(untold);
});

describe("of a case that was given up no figure says more than was seen", () => {
  const givenUp: Event[] = [
    { kind: "not-awaited", step: "publish", what: "the server to let go of a connection" },
    { kind: "observed", complete: false, why: "the case was given up there" },
  ];

  test("by family: neither lost nor arrived", () => {
    const events = [
      published(0, 3, { is: "accepted" }),
      published(3, 2, { is: "rejected", kind: "buffer-full" }),
      published(5, 2, { is: "unsettled", kind: "timeout" }),
      { kind: "delivered", first: 0, count: 1 } as Event,
      ...givenUp,
    ];
    expect(familyFigures(hardened, [events]).find(({ subjects }) => subjects === "sys.heartbeat")).toMatchObject({
      published: 7,
      arrived: 1,
      silentLoss: 0,
      inDoubt: 0,
      notObserved: 4,
    });
  });

  test("a filled buffer", () => {
    const events = [
      published(0, 4, { is: "accepted" }, { step: "fill" }),
      { kind: "delivered", first: 0, count: 1 } as Event,
      ...givenUp,
    ];
    expect(fillFigures(events, "fill")).toMatchObject({ published: 4, arrived: 1, notObserved: 3 });
  });

  test("a stop: what was accepted before it is not lost, and nobody was told of an end that was not seen", () => {
    const figures = { accepted: 5, arrived: 2, lost: 0, notObserved: 3, toldLost: null, tookMs: null, ended: null };
    const before = [published(0, 5, { is: "accepted" }), { kind: "delivered", first: 0, count: 2 } as Event];
    expect(stopFigures([...before, ...givenUp], hardened)).toMatchObject(figures);
    expect(stopFigures([...before, stopping(0), ...givenUp], hardened)).toMatchObject(figures);
  });

  test("two replicas", () => {
    const events = [published(0, 2, { is: "acked" }, durable), handled(1, 0, 2), stopping(1), exited(1), ...givenUp];
    expect(replicaFigures(events)).toEqual({
      storedAfterStop: null,
      handledByOthers: null,
      handledAgain: null,
      handled: null,
      stored: null,
    });
    expect(replicaFigures(events.slice(0, -1))).toMatchObject({ handledByOthers: null });
  });

  test("a start", () => {
    const events = [published(0, 2, { is: "accepted" }), ...givenUp];
    expect(startFigures(events, "heal")).toMatchObject({
      observed: false,
      acceptedEarly: 2,
      arrivedEarly: 0,
      notObservedEarly: 2,
    });
  });
});
