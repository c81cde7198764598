/** What an outage does to the reconnect buffer, message by message, held against hand-typed figures and a plain simulation. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { profiles } from "../../models/profiles/index.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import { natsPy } from "../../models/profiles/nats-py.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { clientOptions } from "../../src/desk/client-options.ts";
import { fillingCase } from "../../src/desk/size/drilled.ts";
import { fillOf, neededBytes } from "../../src/desk/size/fill.ts";
import { declaredLoads, type Flow, flowsOf, publishedBy } from "../../src/desk/size/flows.ts";
import { declaredOutageMs, sizeOf } from "../../src/desk/size/size.ts";
import { knownPolicy } from "../../src/runs/policies.ts";
import { clean } from "../lint/mistakes.ts";

const { policy: hardened } = knownPolicy("cordum-hardened");
const heartbeats = (perSecond: number, bytes: number) => [
  { family: "sys.heartbeat", subject: "sys.heartbeat", load: { perSecond, bytes } },
];

describe("500 messages of 600 bytes in a second, on sys.heartbeat, into 32 MiB", () => {
  test("nats.go refuses once the limit is reached: 4 + 13 + 1 + 3 + 2 + 600 + 2 = 625 bytes each", () => {
    const size = sizeOf(hardened, natsGo, heartbeats(500, 600), 120_000);
    // 33,554,432 / 625 = 53,687.09: the 53,689th is the first that finds the limit reached, at 500 a second.
    expect(size).toMatchObject({
      limitBytes: 33_554_432,
      accepted: 53_688,
      acceptedBefore: 53_688,
      firstRefusedMs: 107_378,
    });
    // 2 s and 100 ms at most until it is back.
    expect(size).toMatchObject({ published: 61_050, refused: 7_362, returnsWithinMs: 2_100, oldestMs: 122_100 });
    expect([size.neededBytes, size.suggestedBytes]).toEqual([61_050 * 625, 46 * 1_048_576]);
  });

  test("nats-py counts the payload of the new one, frames it with one space more, and waits without chance", () => {
    // floor((33,554,432 - 600) / 626) + 1.
    expect(sizeOf(hardened, natsPy, heartbeats(500, 600), 120_000)).toMatchObject({
      ...{ accepted: 53_601, published: 61_000, returnsWithinMs: 2_000 },
    });
  });

  test("nats.js keeps nothing, and no caller is told", () => {
    expect(sizeOf(hardened, natsJs3, heartbeats(500, 600), 120_000)).toMatchObject({
      ...{ limitBytes: null, accepted: 61_050, refused: 0, lostInSilence: 61_050, neededBytes: null, oldestMs: null },
    });
  });
});

const withClient = (client: Policy["client"], more: Partial<Policy> = {}): Policy => ({ ...hardened, ...more, client });

test.each<[asked: number | undefined, profile: Profile, limitBytes: number]>([
  [undefined, natsGo, 8_388_608],
  [0, natsGo, 8_388_608],
  [-1, natsGo, 0],
  [undefined, natsPy, 2_097_152],
  [0, natsPy, 0],
  [-1, natsPy, 0],
])("a size of %s", (asked, profile, limitBytes) => {
  const client = asked === undefined ? {} : { reconnectBufferBytesMax: asked };
  const size = sizeOf(withClient(client), profile, heartbeats(10, 100), 10_000);
  expect(size.limitBytes).toBe(limitBytes);
  expect(size.firstRefusedMs).toBe(limitBytes === 0 ? 100 : null);
});

test("a client that gives up within the outage loses what it has kept", () => {
  const own = { reconnectAttemptsMax: 3, reconnectWaitMs: 1_000 };
  expect(sizeOf(withClient(own), natsGo, heartbeats(10, 100), 60_000)).toMatchObject({
    ...{ givesUpMs: 3_000, lostInSilence: 611, oldestMs: null },
  });
  // By itself nats.go dials 60 times, 2 s apart.
  expect(sizeOf(withClient({}), natsGo, heartbeats(10, 100), 119_000).givesUpMs).toBe(null);
  expect(sizeOf(withClient({}), natsGo, heartbeats(10, 100), 121_000).givesUpMs).toBe(120_000);
  expect(sizeOf(withClient({ reconnectAttemptsMax: -1 }), natsGo, heartbeats(10, 100), 600_000).givesUpMs).toBe(null);
});

test("a publish through JetStream is kept once for each attempt, and times out", () => {
  const loads = [{ family: "job.>", subject: "job.a", load: { perSecond: 1, bytes: 100 } }];
  const [flow] = flowsOf(clean, natsGo, loads);
  expect(flow).toMatchObject({ durable: true, sendingsMs: [0, 1_000, 2_000] });
  const size = sizeOf(clean, natsGo, loads, 10_000);
  // Published from 1 s to 10 s, and 200 ms until it is back: the last but one has two attempts by then, and the last has one.
  expect(size).toMatchObject({ published: 10, accepted: 10, timedOut: 10, lostInSilence: 0 });
  expect(size.keptBytes).toBe((10 + 9 + 8) * (flow?.frameBytes ?? 0));
});

test("messages that arrive older than their family puts up with are counted", () => {
  const families = hardened.families.map(one =>
    one.subjects === "sys.heartbeat" ? { ...one, staleAfterMs: 5_000, load: { perSecond: 2, bytes: 100 } } : one,
  );
  const policy = { ...hardened, families };
  const loads = declaredLoads(policy);
  expect(loads.map(({ subject }) => subject)).toEqual(["sys.heartbeat"]);
  // Of 24 until 12.1 s, those before 7.1 s.
  expect(sizeOf(policy, natsGo, loads, 10_000).stale).toEqual([
    { family: "sys.heartbeat", staleAfterMs: 5_000, messages: 14 },
  ]);
});

test("the outage is the longest that the policy speaks of", () => {
  expect(declaredOutageMs(hardened)).toBe(undefined);
  expect(declaredOutageMs({ ...hardened, publish: { ...hardened.publish, outlastsMs: 7_000 } })).toBe(7_000);
  const families = hardened.families.map(one => ({ ...one, gaps: { serverRestartMs: 9_000, failoverMs: 8_000 } }));
  expect(declaredOutageMs({ ...hardened, families })).toBe(9_000);
});

// ---- Against a plain simulation ----

interface Shape {
  readonly perSecond: number;
  readonly payloadBytes: number;
  readonly attempts: number;
}

const shapes = fc.array(
  fc.record({
    perSecond: fc.integer({ min: 1, max: 40 }),
    payloadBytes: fc.integer({ min: 0, max: 300 }),
    attempts: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 4 },
);

const flowOf = ({ perSecond, payloadBytes, attempts }: Shape, i: number): Flow => ({
  ...{ family: `f${i}`, subject: `s${i}`, perSecond, payloadBytes, frameBytes: payloadBytes + 20 + i },
  ...{ durable: attempts > 1, sendingsMs: Array.from({ length: attempts }, (_, n) => n * 700) },
});

/** All sendings in the order of their moments, one by one, with the rule of each client as its documentation has it. */
function plainly(flows: readonly Flow[], profile: Profile, limit: number, untilMs: number) {
  const sendings = flows
    .flatMap((flow, at) =>
      flow.sendingsMs.flatMap((offset, attempt) =>
        Array.from({ length: publishedBy(flow, untilMs) }, (_, n) => ({
          ...{ flow, at, attempt, n, ms: offset + ((n + 1) * 1_000) / flow.perSecond },
        })),
      ),
    )
    .filter(({ ms }) => ms <= untilMs)
    .sort((a, b) => a.ms - b.ms || a.at - b.at || a.attempt - b.attempt);
  const taken = new Set<string>();
  let kept = 0;
  let firstRefusedMs: number | null = null;
  for (const { flow, at, attempt, n, ms } of sendings) {
    if (attempt > 0 && !taken.has(`${at}/${n}`)) continue;
    const refuses = profile === natsPy ? kept + flow.payloadBytes > limit : kept >= limit;
    if (!refuses) kept += flow.frameBytes;
    if (attempt > 0) continue;
    if (refuses) firstRefusedMs ??= ms;
    else taken.add(`${at}/${n}`);
  }
  return {
    kept,
    firstRefusedMs,
    accepted: flows.map((_, at) => [...taken].filter(one => one.startsWith(`${at}/`)).length),
  };
}

test("any mix fills the buffer as a plain simulation does, and what is needed refuses nothing", () => {
  fc.assert(
    fc.property(
      shapes,
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 1_000, max: 8_000 }),
      fc.constantFrom(natsGo, natsPy),
      (all, limit, untilMs, profile) => {
        const flows = all.map(flowOf);
        const options = { ...clientOptions(hardened, profile), reconnectBufferBytesMax: limit };
        const fill = fillOf(flows, profile, options, untilMs);
        const plain = plainly(flows, profile, limit, untilMs);
        expect([fill.keptBytes, fill.firstRefusedMs, fill.accepted]).toEqual([
          plain.kept,
          plain.firstRefusedMs,
          plain.accepted,
        ]);
        expect(fill.pending.at(-1)).toEqual({ ms: untilMs, bytes: fill.keptBytes });
        const needed = neededBytes(flows, untilMs);
        const whole = fillOf(flows, profile, { ...options, reconnectBufferBytesMax: Math.max(1, needed) }, untilMs);
        expect([whole.firstRefusedMs, whole.keptBytes]).toEqual([null, needed]);
      },
    ),
    { numRuns: 300 },
  );
});

// ---- The live case ----

test("the case of a drill goes beyond the limit, and predicts the first refusal in its own order", () => {
  const loads = [
    { family: "sys.heartbeat", subject: "sys.heartbeat", load: { perSecond: 3, bytes: 100 } },
    { family: "sys.alert", subject: "sys.alert", load: { perSecond: 1, bytes: 1_000 } },
    { family: "job.>", subject: "job.a", load: { perSecond: 1, bytes: 10 } },
  ];
  const policy = withClient({ reconnectBufferBytesMax: 65_536 });
  for (const profile of Object.values(profiles)) {
    const { scenario, published, predicted, predictedLost } =
      fillingCase(policy, profile, flowsOf(policy, profile, loads)) ?? {};
    const subjects = new Set(scenario?.steps.flatMap(one => (one.kind === "publish" ? [one.subject] : [])));
    expect(subjects).toEqual(new Set(["sys.heartbeat", "sys.alert"]));
    const isKept = profile.reconnectBuffer.kind === "kept";
    expect(predictedLost).toBe(isKept ? 0 : published);
    if (isKept) expect(predicted).toBeLessThan(published ?? 0);
    else expect(predicted).toBe(null);
  }
  const jobs = flowsOf(policy, natsGo, loads.slice(2));
  expect(fillingCase(policy, natsGo, jobs)).toBe(undefined);
});
