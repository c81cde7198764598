/** A policy in the time of a live run: shorter, and what ends first still ends first. */
import { describe, expect, test } from "vitest";
import { inLiveTime, inLiveTimeOf, reorderedInLiveTime } from "../../../models/policy/times.ts";
import type { ConsumePolicy, Policy } from "../../../models/vocabulary/policy.ts";
import { profileNamed } from "../cases.ts";
import { policyWith, sound, stream } from "../policies.ts";

const dialling = (reconnectAttemptsMax: number, reconnectWaitMs: number, deadlineMs: number) =>
  policyWith({ client: { reconnectAttemptsMax, reconnectWaitMs }, startup: { deadlineMs } });

const givesUpMs = ({ client }: ReturnType<typeof inLiveTime>): number =>
  (client.reconnectAttemptsMax ?? 0) * (client.reconnectWaitMs ?? 0);

describe("a client that counts its attempts", () => {
  test.each([
    ["nats.go's defaults, after a deadline of 60 s", 60, 2_000, 60_000],
    ["nats.js's defaults, before a deadline of 60 s", 10, 2_000, 60_000],
    ["many short waits, after a deadline", 100, 1_000, 45_000],
    ["few long waits, before a deadline", 5, 3_000, 600_000],
  ])("gives up on the same side of the deadline: %s", (_what, attempts, waitMs, deadlineMs) => {
    const own = dialling(attempts, waitMs, deadlineMs);
    const live = inLiveTime(own);
    const order = Math.sign(attempts * waitMs - deadlineMs);
    const liveDeadlineMs = live.startup.deadlineMs ?? 0;
    expect(Math.sign(givesUpMs(live) - liveDeadlineMs)).toBe(order);
    expect(Math.abs(givesUpMs(live) / liveDeadlineMs - 1)).toBeGreaterThan(0.15);
    expect(reorderedInLiveTime(own).filter(pair => pair.startsWith("client."))).toEqual([]);
    expect(inLiveTime(live)).toEqual(live);
  });

  test("is told of by name where no wait between dials keeps the order", () => {
    // Longer than the window of 120 s and shorter than the deadline, which in a live run is the shorter of the two.
    const own = dialling(60, 2_100, 600_000);
    expect(
      reorderedInLiveTime(own).some(pair => pair.startsWith("client.reconnectWaitMs × reconnectAttemptsMax and ")),
    ).toBe(true);
  });
});

describe("a supervisor that backs off", () => {
  const kubelet = [0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000];
  const backingOff = (restartMs: readonly number[], more: Parameters<typeof policyWith>[0] = {}) =>
    policyWith({ ...more, supervisor: { restartMs } });

  test("keeps the ratios of its waits, and their order among the other waits where one divisor can", () => {
    const own = backingOff(kubelet, { consume: { ackWaitMs: 30_000 }, startup: { deadlineMs: 200_000 } });
    const live = inLiveTime(own);
    const { restartMs } = live.supervisor;
    if (typeof restartMs === "number") throw new Error("a list stays a list");
    const [, first = 0, ...rest] = restartMs;
    expect(rest.map(ms => Math.round((10 * ms) / first))).toEqual([20, 40, 80, 160, 300]);
    expect(inLiveTime(live)).toEqual(live);
  });

  test("is told of by name where no divisor keeps the order", () => {
    // Both become 2500 ms, with one wait of the list above the first and another below the second.
    const own = backingOff(kubelet, { consume: { ackWaitMs: 30_000 }, startup: { deadlineMs: 250_000 } });
    expect(reorderedInLiveTime(own).filter(pair => pair.startsWith("supervisor.restartMs["))).not.toEqual([]);
  });

  test("keeps its waits where no other wait is shortened", () => {
    const own = inLiveTime(backingOff([0, 7, 9_000]));
    const again = { ...own, supervisor: { ...own.supervisor, restartMs: [0, 7, 9_000] } };
    expect(inLiveTime(again)).toEqual(again);
  });
});

test("a client that dials for ever keeps the shortest wait", () => {
  expect(inLiveTime(dialling(-1, 2_000, 60_000)).client.reconnectWaitMs).toBe(20);
});

test.each([
  ["a window much longer than the attempts", 120_000, 3, 5_000],
  ["a window as long as they are", 15_000, 3, 5_000],
  ["a window shorter than they are", 2_000, 3, 5_000],
  ["a window so short that the server would refuse its share", 500, 1, 5_000],
  ["more attempts than a live run can wait for within 8 s", 600_000, 10, 30_000],
])("a duplicate window stays on its side of all attempts together: %s", (_what, windowMs, attempts, ackTimeoutMs) => {
  const own = policyWith({
    publish: { ackTimeoutMs, attemptsMax: attempts },
    streams: [{ ...stream, duplicateWindowMs: windowMs }],
  });
  const live = inLiveTime(own);
  const [{ duplicateWindowMs = 0 } = {}] = live.streams;
  const order = Math.sign(windowMs - attempts * ackTimeoutMs);
  expect(Math.sign(duplicateWindowMs - attempts * live.publish.ackTimeoutMs)).toBe(order);
  expect(duplicateWindowMs).toBeGreaterThanOrEqual(100);
  expect(inLiveTime(live)).toEqual(live);
});

test.each<[what: string, consume: Partial<ConsumePolicy>]>([
  ["a shorter ack wait that stands", { ackWaitMs: 30_000, stands: { ackWaitMs: 10_000 } }],
  ["a longer one", { ackWaitMs: 1_000, stands: { ackWaitMs: 30_000 } }],
  [
    "a backoff that the code does not ask for",
    { ackWaitMs: 30_000, stands: { ackWaitMs: 1_000, backoffMs: [1_000, 60_000] } },
  ],
  ["a backoff of one wait", { ackWaitMs: 600_000, backoffMs: [600_000] }],
])("the waits of both sides of a consumer keep their order: %s", (_what, consume) => {
  const own = policyWith({ consume });
  const live = inLiveTime(own);
  const waits = ({ ackWaitMs, backoffMs = [], stands = {} }: ConsumePolicy): readonly number[] => [
    ...[ackWaitMs, ...backoffMs, stands.ackWaitMs ?? ackWaitMs],
    ...(stands.backoffMs ?? []),
  ];
  const order = (policy: Policy): readonly number[] =>
    waits(policy.consume).flatMap((ms, _i, all) => all.map(other => Math.sign(ms - other)));
  expect(order(live)).toEqual(order(own));
  expect(Math.max(...waits(live.consume))).toBeLessThanOrEqual(6_000);
  expect(inLiveTime(live)).toEqual(live);
});

test("no live run comes to the end of an inactive threshold, on either side", () => {
  const consume = { inactiveThresholdMs: 5_000, stands: { inactiveThresholdMs: 60_000 } };
  const live = inLiveTime(policyWith({ consume })).consume;
  expect([live.inactiveThresholdMs, live.stands?.inactiveThresholdMs]).toEqual([600_000, 600_000]);
});

test("waits that change places are named in pairs", () => {
  const own = policyWith({ publish: { ackTimeoutMs: 5_000, attemptsMax: 3 }, shutdown: { budgetMs: 20_000 } });
  expect(reorderedInLiveTime(own)).toContain("shutdown.budgetMs and publish.ackTimeoutMs × attemptsMax");
});

test("waits that become equal have not changed places, and a client that makes no attempt has no wait to compare", () => {
  // Both are shortened to the longest that a live run can afford.
  const own = policyWith({ startup: { deadlineMs: 4_000_000 }, consume: { ackWaitMs: 5_000_000 } });
  const live = inLiveTime(own);
  expect(live.startup.deadlineMs).toBe(live.consume.ackWaitMs);
  expect(reorderedInLiveTime(own).filter(pair => /deadline/.test(pair) && /ackWait/.test(pair))).toEqual([]);
  for (const attempts of [0, -1])
    expect(reorderedInLiveTime(dialling(attempts, 2_000, 60_000)).filter(pair => pair.includes("Attempts"))).toEqual(
      [],
    );
});

test("waits for one subscription after the other keep their share of the budget", () => {
  const shutdown = { ...sound.shutdown, strategy: "subscriptions-waited-then-close", budgetMs: 30_000 } as const;
  const live = inLiveTime({ ...sound, shutdown: { ...shutdown, drainTimeoutMs: 6_000 } });
  expect(live.shutdown).toMatchObject({ budgetMs: 2_000, drainTimeoutMs: 400 });
  expect(inLiveTime(live)).toEqual(live);
  const short = inLiveTime({ ...sound, shutdown: { ...shutdown, drainTimeoutMs: 600 } });
  expect(short.shutdown.drainTimeoutMs, "no less than a busy machine needs").toBe(300);
});

test("the waits before a publish asks again keep their ratio to the ack timeout", () => {
  const asking = (ackTimeoutMs: number, waitMs: number) =>
    inLiveTime(policyWith({ publish: { ackTimeoutMs, noResponders: { retries: 3, waitMs } } })).publish;
  expect(asking(7_000, 2_000)).toMatchObject({ ackTimeoutMs: 700, noResponders: { retries: 3, waitMs: 200 } });
  expect(asking(800, 300)).toMatchObject({ ackTimeoutMs: 800, noResponders: { waitMs: 300 } });
});

test("the jitter of a client keeps its ratio to the wait", () => {
  const live = inLiveTime(policyWith({ client: { reconnectWaitMs: 2_000, reconnectJitterMs: 1_000 } })).client;
  expect(live).toEqual({ reconnectWaitMs: 20, reconnectJitterMs: 10 });
  const short = { reconnectWaitMs: 50, reconnectJitterMs: 500 };
  expect(inLiveTime(policyWith({ client: short })).client).toEqual(short);
});

test("the waits of a caller that publishes again are shortened, and a window stays on its side of all of them", () => {
  const asking = (duplicateWindowMs: number) =>
    inLiveTime(
      policyWith({
        publish: { ackTimeoutMs: 7_000, onError: { retries: 2, waitMs: 20_000 } },
        streams: [{ ...stream, duplicateWindowMs }],
      }),
    );
  expect(asking(61_000).publish).toMatchObject({ ackTimeoutMs: 700, onError: { retries: 2, waitMs: 200 } });
  expect(asking(30_500).streams[0]?.duplicateWindowMs).toBe(1_250);
  expect(asking(61_001).streams[0]?.duplicateWindowMs).toBe(8_000);
});

test.each([
  ["shorter than all attempts", 12_000, 1_680],
  ["as long as they are", 15_000, 2_100],
  ["a little longer", 15_100, 2_625],
  ["much longer", 60_000, 8_400],
])(
  "a declared outage keeps its ratio to the attempts of a publish, and is clearly longer where it is: %s",
  (_what, outlastsMs, ms) => {
    const live = inLiveTime(policyWith({ publish: { ackTimeoutMs: 5_000, attemptsMax: 3, outlastsMs } }));
    expect(live.publish).toMatchObject({ ackTimeoutMs: 700, outlastsMs: ms });
    expect(inLiveTime(live)).toEqual(live);
  },
);

test.each([
  ["longer than the wait before a dial", 2_000, 2_500, 2_500],
  ["shorter than it", 2_000, 1_500, 1_500],
  ["longer than a run can afford", 2_000, 60_000, 8_000],
])("a wait before a dial stays as it is under a declared gap, and with it the gap: %s", (_what, waitMs, gapMs, ms) => {
  const heartbeats = { subjects: "beat", durability: "best-effort", reason: "periodic", gapMs } as const;
  const live = inLiveTime(
    policyWith({
      families: [heartbeats],
      client: { reconnectWaitMs: waitMs },
      supervisor: { restartMs: 300, killAfterMs: 2_000 },
      shutdown: { budgetMs: 1_500 },
    }),
  );
  expect(live.client.reconnectWaitMs).toBe(waitMs);
  expect(live.families[0]?.gapMs).toBe(ms);
  expect(inLiveTime(live)).toEqual(live);
});

test("a gap that is longer than a supervisor's back-off still is in live time", () => {
  const heartbeats = { subjects: "beat", durability: "best-effort", reason: "periodic", gapMs: 40_000 } as const;
  const { families, supervisor } = inLiveTime(
    policyWith({ families: [heartbeats], supervisor: { restartMs: [10_000, 60_000] } }),
  );
  const [shorter = 0, longer = 0] = supervisor.restartMs as readonly number[];
  expect(families[0]?.gapMs).toBeGreaterThan(shorter);
  expect(families[0]?.gapMs).toBeLessThan(longer);
});

test("SIGKILL that comes before the budget ends leaves a stop a second in a live run", () => {
  const live = inLiveTime(
    policyWith({ shutdown: { budgetMs: 10_000 }, supervisor: { killAfterMs: 1_300, preStopMs: 300 } }),
  );
  expect(live.shutdown.budgetMs).toBe(10_000);
  expect(live.supervisor).toMatchObject({ killAfterMs: 1_300, preStopMs: 300 });
  expect(inLiveTime(live)).toEqual(live);
});

test("restarts keep their ratio to the probes that kill", () => {
  const { restartMs, liveness } = inLiveTime(
    policyWith({ supervisor: { restartMs: 1_000, liveness: { periodMs: 2_000, failureThreshold: 3 } } }),
  ).supervisor;
  expect((liveness?.periodMs ?? 0) / Number(restartMs)).toBeCloseTo(2, 1);
});

test("a client's own waits before it asks again are written down where they use up a shorter ack timeout", () => {
  const own = policyWith({ publish: { ackTimeoutMs: 500 } });
  expect(inLiveTimeOf(own, profileNamed("nats-go")).publish).toMatchObject({
    ackTimeoutMs: 700,
    noResponders: { retries: 2, waitMs: 350 },
  });
  for (const [policy, name] of [
    [own, "nats-js-3"],
    [policyWith({ publish: { ackTimeoutMs: 501 } }), "nats-go"],
    [policyWith({ publish: { ackTimeoutMs: 5_000 } }), "nats-go"],
  ] as const)
    expect(inLiveTimeOf(policy, profileNamed(name))).toEqual(inLiveTime(policy));
});

describe("an age", () => {
  const aging = (ageMaxMs: number, duplicateWindowMs = 100, more: Parameters<typeof policyWith>[0] = {}) =>
    policyWith({ ...more, streams: [{ ...stream, ageMaxMs, duplicateWindowMs }] });
  const liveAge = (policy: ReturnType<typeof aging>): number => inLiveTime(policy).streams[0]?.ageMaxMs ?? 0;

  test.each<[what: string, own: ReturnType<typeof aging>, ms: number]>([
    ["of an hour is twelve seconds, after all other waits", aging(3_600_000), 12_000],
    ["of a day is never over in a scenario, and stays", aging(86_400_000), 86_400_000],
    [
      "that is short enough stays where nothing else is scaled",
      { ...inLiveTime(sound), streams: aging(6_000).streams },
      6_000,
    ],
    ["is no shorter than a busy machine needs to read the stream", aging(200), 4_000],
  ])("%s", (_what, own, ms) => {
    expect(liveAge(own)).toBe(ms);
    expect(inLiveTime(inLiveTime(own))).toEqual(inLiveTime(own));
  });

  test("is on the same side of the other waits, or the pairs are named", () => {
    const named = (own: ReturnType<typeof aging>) => reorderedInLiveTime(own).filter(pair => pair.includes("ageMaxMs"));
    expect(named(aging(3_600_000))).toEqual([]);
    expect(named(aging(200))).not.toEqual([]);
  });

  test("bounds the duplicate window of its stream", () => {
    expect(inLiveTime(aging(120_000, 120_000)).streams[0]).toMatchObject({
      ageMaxMs: 12_000,
      duplicateWindowMs: 8_000,
    });
    const early = inLiveTime(aging(16_000, 16_000, { consume: { ackWaitMs: 17_000 } })).streams[0];
    expect(early?.duplicateWindowMs).toBeLessThanOrEqual(early?.ageMaxMs ?? 0);
  });
});
