/**
 * All that the model says is in the vocabulary, word for word and field for field: a trace that is kept can be read by whoever knows
 * that alone. No event speaks of no message.
 */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Event, handledOutcomes } from "../../../models/vocabulary/event.ts";
import { handlers, type Scenario } from "../../../models/vocabulary/scenario.ts";
import {
  type Bare,
  close,
  cut,
  eventsOf,
  fault,
  heal,
  overlapped,
  profilesByName,
  publish,
  randomScenario,
  scenarioWith,
  start,
  times,
  together,
} from "../cases.ts";
import {
  advance,
  job,
  jobAgain,
  kill,
  news,
  policyWith,
  replica,
  sound,
  stream,
  subscribe,
  subscribeSlow,
  term,
  underPolicy,
} from "../policies.ts";

const text = z.string().min(1);
const number = z.int().min(0);
const run = { first: number, count: z.int().positive() };
const rejectKinds = [
  "buffer-full",
  "closed",
  "draining",
  "not-connected",
  "no-responders",
  "no-headers",
  "stream-full",
] as const;
const unsettledKinds = ["timeout", "disconnected", "write-failed", "never-returned"] as const;
const faults = [
  ...["cut", "hold", "limit", "blackhole", "stop-server", "pause-server", "lose-ack", "power-loss"],
  ...["no-jetstream", "refuse-credentials", "silent-handshake", "server-error", "cut-server"],
];
const places = [
  ...["arrived", "refused", "reconnect buffer", "reset at dial", "client outbound", "outbound or socket", "link"],
  ...["no stream", "dedupe window", "no consumer", "stream limit", "server's store", "process exit"],
];
const steps = ["start", "publish", "flush", "drain", "close", "exit", "together", "fault", "await-noticed", "heal"];

const outcome = z.discriminatedUnion("is", [
  z.strictObject({ is: z.literal("accepted") }),
  z.strictObject({ is: z.literal("acked"), duplicate: z.literal(true).optional() }),
  z.strictObject({ is: z.literal("rejected"), kind: z.enum(rejectKinds) }),
  z.strictObject({ is: z.literal("unsettled"), kind: z.enum(unsettledKinds) }),
]);
const callOutcome = z.discriminatedUnion("is", [
  z.strictObject({ is: z.literal("ok") }),
  z.strictObject({ is: z.literal("failed"), kind: z.enum(["timeout", "disconnected", "reconnecting", "other"]) }),
]);
const processEvent = z.discriminatedUnion("change", [
  z.strictObject({
    kind: z.literal("process"),
    change: z.literal("started"),
    replica: number,
    by: z.enum(["scenario", "supervisor"]),
    atMs: number,
  }),
  z.strictObject({ kind: z.literal("process"), change: z.literal("stopping"), replica: number, atMs: number }),
  z.strictObject({
    kind: z.literal("process"),
    change: z.literal("exited"),
    replica: number,
    code: number,
    because: z.enum(["stopped", "startup", "credentials", "client-closed", "killed", "exit"]),
    tookMs: number,
    forced: z.boolean(),
    toldLost: number,
    handlerRanMs: number.optional(),
    atMs: number,
  }),
]);
const word = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("step"), step: text, phase: z.enum(["began", "ended"]) }),
  z.strictObject({ kind: z.literal("skipped"), step: text, what: z.enum(steps), reason: text }),
  z.strictObject({ kind: z.literal("awaits-notice"), step: text }),
  // The model's clients give up when their attempts are spent.
  z.strictObject({ kind: z.literal("dialled"), step: text, count: number, end: z.enum(["gave-up", "healed"]) }),
  // The model's clients stay away.
  z.strictObject({ kind: z.literal("closed-client"), is: z.literal("gone") }),
  z.strictObject({ kind: z.literal("publishers"), step: text, publishers: z.int().min(2), ...run }),
  z.strictObject({
    kind: z.literal("published"),
    step: text,
    frameBytes: z.int().positive(),
    outcome,
    subject: text.optional(),
    key: text.optional(),
    durable: z.literal(true).optional(),
    again: z.literal(true).optional(),
    tookMs: z.int().positive().optional(),
    ...run,
  }),
  z.strictObject({
    kind: z.literal("called"),
    step: text,
    call: z.enum(["start", "flush", "drain", "close", "exit", "subscribe"]),
    outcome: callOutcome,
    unsent: z.strictObject({ messages: number.optional(), bytes: number.optional() }).optional(),
  }),
  z.strictObject({
    kind: z.literal("connection"),
    change: z.enum(["connected", "disconnected", "reconnected", "closed"]),
  }),
  z.strictObject({ kind: z.literal("advanced"), step: text, atMs: number }),
  z.strictObject({
    kind: z.literal("subscribed"),
    replica: number,
    subject: text,
    handler: z.enum(handlers),
    takesMs: number.optional(),
  }),
  z.strictObject({ kind: z.literal("consumer-deleted"), stream: text, subject: text }),
  z.strictObject({ kind: z.literal("holds"), stream: text, ...run }),
  z.strictObject({
    kind: z.literal("discarded"),
    stream: text,
    because: z.enum(["handled", "no-consumer"]).optional(),
    ...run,
  }),
  z.strictObject({ kind: z.literal("may-be-discarded"), stream: text, ...run }),
  z.strictObject({
    kind: z.literal("handled"),
    replica: number,
    subject: text,
    delivery: z.int().positive(),
    outcome: z.enum(handledOutcomes),
    tookMs: number.optional(),
    ...run,
  }),
  processEvent,
  z.strictObject({
    kind: z.literal("probe"),
    replica: number,
    ready: z.boolean(),
    live: z.boolean(),
    connected: z.boolean(),
    durable: z.boolean(),
    atMs: number,
  }),
  z.strictObject({ kind: z.literal("delivered"), ...run }),
  z.strictObject({
    kind: z.literal("fault"),
    step: text,
    fault: z.enum(faults),
    phase: z.enum(["installed", "took-effect"]),
    store: z.literal("lost").optional(),
  }),
  z.strictObject({ kind: z.literal("healed"), step: text }),
  z.strictObject({ kind: z.literal("phase"), phase: z.enum(["disturbed", "healed", "settled"]) }),
  z.strictObject({ kind: z.literal("ended"), place: z.enum(places), ...run }),
  z.strictObject({ kind: z.literal("observed"), complete: z.literal(true) }),
]);

/** What is not of the vocabulary. */
const strange = (events: readonly Event[]): readonly unknown[] =>
  events.flatMap(event => {
    const read = word.safeParse(event);
    return read.success ? [] : [{ event, why: read.error.issues[0] }];
  });

const random = (
  i: number,
  ...asked: Parameters<typeof randomScenario> extends [string, ...infer Rest] ? Rest : never
): Scenario => randomScenario(`words-${i}`, ...asked);

describe.each(profilesByName)("%s", (_name, profile) => {
  test("says only what is in the vocabulary in random scenarios", () => {
    for (let i = 0; i < times(1_000); i++)
      expect(strange(eventsOf(random(i, profile), profile, String(i)))).toEqual([]);
  });

  const captured = policyWith({ streams: [{ ...stream, subjects: ["job.>", "news.>"], messagesMax: 3 }] });
  const fails = policyWith({ startup: { strategy: "fail-fast" } });
  const served: readonly (readonly [string, Scenario])[] = [
    [
      "acknowledged, doubled, handled",
      underPolicy(sound, [start, replica(1), subscribe(1), job(2, { key: "k" }), jobAgain(3, 2, "k")]),
    ],
    ["lost acks and retries", underPolicy(sound, [start, fault({ kind: "lose-ack" }), job(2), heal(), jobAgain(2, 2)])],
    ["a full stream", underPolicy(captured, [start, news(5), job(2)])],
    ["no stream", underPolicy(policyWith({ streams: [] }), [start, job(2)])],
    ["a failed start", underPolicy(fails, [cut("none"), start, advance(2_500), heal("none"), advance(1_000)])],
    ["refused credentials", underPolicy(fails, [fault({ kind: "refuse-credentials" }), start])],
    ["a stop while down", underPolicy(sound, [start, cut(), news(5), job(1), term()])],
    ["a kill", underPolicy(sound, [start, subscribe(0, "hangs"), job(2), advance(30_000), kill()])],
    ["a handler at work", underPolicy(sound, [start, subscribeSlow(0, 400), job(), term()])],
    ["power loss", underPolicy(captured, [start, news(2), fault({ kind: "power-loss", awaits: "noticed" }), heal()])],
    ["a cut amid durable calls", underPolicy(sound, [start, job(9, { overlap: true, async: true }), cut(), heal()])],
  ];
  test.each(served)("says only what is in the vocabulary under a policy: %s", (_what, scenario) => {
    for (let seed = 0; seed < 8; seed++) expect(strange(eventsOf(scenario, profile, String(seed)))).toEqual([]);
  });

  test("no publish call is told of twice, and no message ends twice", () => {
    for (let i = 0; i < times(500); i++) {
      const told = { published: new Set<number>(), ended: new Set<number>() };
      const twice: string[] = [];
      for (const event of eventsOf(random(i, profile), profile, String(i))) {
        if (event.kind !== "published" && event.kind !== "ended") continue;
        for (let m = event.first; m < event.first + event.count; m++) {
          if (told[event.kind].has(m)) twice.push(`${event.kind} ${m}`);
          told[event.kind].add(m);
        }
      }
      expect(twice).toEqual([]);
    }
  });
});

describe("a case is told in order", () => {
  const phases = (steps: readonly Bare[]): string[] =>
    eventsOf(scenarioWith(steps), profilesByName[0]?.[1] ?? expect.fail("there is no profile")).flatMap(event =>
      event.kind === "phase" ? [event.phase] : event.kind === "healed" ? [`by ${event.step}`] : [],
    );

  test("what is still wrong at the end is healed by the harness, and then it settles", () => {
    expect(phases([start, publish(1), cut()])).toEqual(["disturbed", "healed", "by settle", "settled"]);
    expect(phases([start, cut("none"), heal("none")])).toEqual([
      "disturbed",
      "by heal-2",
      "healed",
      "by settle",
      "settled",
    ]);
    expect(phases([start, fault({ kind: "hold" }), publish(1)])).toEqual([
      "disturbed",
      "healed",
      "by settle",
      "settled",
    ]);
  });

  test("where nothing is wrong nothing is healed", () => {
    expect(phases([start, publish(1)])).toEqual(["disturbed", "settled"]);
    expect(phases([start, cut(), heal()])).toEqual(["disturbed", "by heal-2", "settled"]);
    expect(phases([])).toEqual(["disturbed", "settled"]);
  });

  test("a step is begun and ended, one after the other, also where a call overlaps the next", () => {
    const steps = [start, overlapped(3), cut(), together(publish(1), close), heal("none")];
    const said = eventsOf(scenarioWith(steps), profilesByName[0]?.[1] ?? expect.fail("there is no profile")).flatMap(
      event =>
        event.kind === "step"
          ? [`${event.step} ${event.phase}`]
          : event.kind === "skipped"
            ? [`${event.step} skipped`]
            : [],
    );
    expect(said).toEqual([
      ...["start-0 began", "start-0 ended", "publish-1 began", "publish-1 ended", "fault-2 began", "fault-2 ended"],
      ...["together-3 began", "together-3 ended", "heal-4 skipped"],
    ]);
  });
});
