/**
 * Question 3: what a stop loses, how long it takes and how it affects the other replicas, by the policy's own strategy and by the others.
 */

import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { termToKillMs } from "../../models/policy/stops.ts";
import { streamOf } from "../../models/policy/streams.ts";
import { familySubjects } from "../../models/policy/subjects.ts";
import { asAsked, effective } from "../../models/policy/two-sides.ts";
import { beside, stoppedBy } from "../../models/policy/under.ts";
import type { Policy, ShutdownPolicy } from "../../models/vocabulary/policy.ts";
import type { PublishStep } from "../../models/vocabulary/scenario.ts";
import { cut, type Draft, type DrillCase, drillCase, heal, publish, signal, slug, start } from "./drill.ts";
import { rolledSteps, subjectsWithGap } from "./gaps.ts";

type Strategy = ShutdownPolicy["strategy"];

const burstCount = 50;
const durableCount = 3;
const shownBeside: readonly Strategy[] = [
  ...(["close", "subscriptions-then-close", "subscriptions-waited-then-close", "drain", "four-steps"] as const),
];

interface Way {
  readonly policy: Policy;
  readonly variant?: string;
}

export function shutdownCases(policy: Policy): readonly DrillCase[] {
  const own = policy.shutdown.strategy;
  const others: readonly Way[] = shownBeside
    .filter(strategy => strategy !== own)
    .map(strategy => ({
      variant: strategy,
      policy: beside(policy, strategy, { shutdown: stoppedBy(policy, strategy) }),
    }));
  const durable = durableSubject(policy);
  return [
    ...stopsOf({ policy }, durable),
    ...others.flatMap(way => stopsOf(way, durable)),
    ...rolled(policy, durable),
    ...(durable === undefined ? [] : [trap(policy, durable)]),
  ];
}

/** A subject published through JetStream into a stream; people handle dead letters. */
const durableSubject = (policy: Policy): string | undefined =>
  familySubjects(policy).find(
    ({ subject }) =>
      isClassifiedDurable(policy, subject) &&
      streamOf(policy, subject) !== undefined &&
      subject !== policy.consume.deadLetterSubject,
  )?.subject;

function stopsOf({ policy, variant }: Way, durable: string | undefined): readonly DrillCase[] {
  const word = variant ?? "own";
  const core = familySubjects(policy)
    .map(({ subject }) => subject)
    .filter(subject => !isClassifiedDurable(policy, subject));
  const stored = familySubjects(policy)
    .map(({ subject }) => subject)
    .filter(subject => isClassifiedDurable(policy, subject) && streamOf(policy, subject) !== undefined);
  const one = (claim: string, about: string, part: string, steps: readonly Draft[]): DrillCase =>
    drillCase({
      question: "shutdown",
      claim: `${word}-${claim}`,
      about,
      part,
      policy,
      steps,
      ...(variant === undefined ? {} : { variant }),
    });
  const bursts = core.map(subject => publish(subject, burstCount));
  const unsent = core.map(subject => publish(subject, 1));
  const cases = [
    one("stop-while-up", "SIGTERM right after a burst on every family", "stop", [
      start(),
      ...stored.map(subject => publish(subject, durableCount)),
      ...bursts,
      signal("TERM"),
    ]),
  ];
  if (core.length > 0)
    cases.push(
      one("stop-in-an-outage", "SIGTERM while the bus is down, with messages in its buffer", "stop", [
        start(),
        cut,
        ...unsent,
        signal("TERM"),
        heal,
      ]),
      one("stop-in-a-blackhole", "SIGTERM while nothing that is sent arrives, and nobody has noticed", "stop", [
        start(),
        { kind: "flush", timeoutMs: 5_000 },
        { kind: "fault", fault: { kind: "blackhole" } },
        ...unsent,
        signal("TERM"),
        heal,
      ]),
    );
  if (durable === undefined || mayDelete(policy)) return cases;
  cases.push(
    one("stop-with-a-hung-handler", "SIGTERM while a handler never answers", "stop", [
      start(),
      { kind: "subscribe", replica: 0, subject: durable, handler: "hangs" },
      publish(durable, 1),
      signal("TERM"),
    ]),
    one(
      "stop-with-a-handler-at-work",
      "SIGTERM while a handler is at work, which is through within the budget",
      "stop",
      [
        start(),
        { kind: "subscribe", replica: 0, subject: durable, handler: "acks", takesMs: workMs(policy) },
        publish(durable, 1),
        signal("TERM"),
      ],
    ),
    ...publishesDuringStop(policy, durable, [...core, ...stored]).map(steps =>
      one("publishes-during-a-stop", "publishes while a handler at work keeps the stop open", "stop", steps),
    ),
    one(
      "one-replica-of-two-stops",
      "one of two replicas that share a durable stops, and starts again",
      "replicas",
      sharedDurable(durable),
    ),
  );
  return cases;
}

/** A process that is told to stop and started again, with a handler at work where it has one. */
function rolled(policy: Policy, durable: string | undefined): readonly DrillCase[] {
  const atWork: readonly Draft[] =
    durable === undefined || mayDelete(policy)
      ? []
      : [
          { kind: "subscribe", replica: 0, subject: durable, handler: "acks", takesMs: workMs(policy) },
          publish(durable, 1),
        ];
  return subjectsWithGap(policy).map(({ subject }) =>
    drillCase({
      question: "shutdown",
      claim: `rolled-under-${slug(subject)}`,
      about: `the process is stopped and started again while ${subject} is published`,
      part: "gaps",
      policy,
      steps: rolledSteps(subject, atWork),
    }),
  );
}

/** True where nobody waits for a drain that may delete a consumer: nobody knows how far it comes beside a handler. */
const mayDelete = ({ shutdown, consume }: Policy): boolean =>
  shutdown.strategy === "drain-not-awaited" && consume.durables === "created";

const workMsMax = 10_000;

const roomMs = 300;

/** Well within the stop's bound and the ack wait, and longer than the wait for one subscription: on a busy machine clearly so. */
function workMs({ shutdown, supervisor, consume }: Policy): number {
  const { ackWaitMs } = effective(consume);
  const boundMs = Math.min(shutdown.budgetMs, termToKillMs(supervisor));
  const waitMs = shutdown.drainTimeoutMs ?? 0;
  const leftMs = waitMs < boundMs ? Math.max(1, Math.round((boundMs - waitMs) / 2)) : roomMs;
  const leastMs = waitMs === 0 ? 1 : waitMs + Math.min(roomMs, leftMs);
  return Math.max(leastMs, Math.min(workMsMax, Math.round(0.4 * boundMs), Math.round(0.5 * ackWaitMs)));
}

const duringStopMax = 4;

/** Only four steps wait for a handler with every client. */
function publishesDuringStop(
  policy: Policy,
  durable: string,
  subjects: readonly string[],
): readonly (readonly Draft[])[] {
  const others = subjects.filter(one => one !== durable).slice(0, duringStopMax);
  if (policy.shutdown.strategy !== "four-steps" || others.length === 0) return [];
  const meanwhile = others.map((subject, i) => ({ id: `meanwhile-${i + 1}`, ...publish(subject, 1) }) as PublishStep);
  return [
    [
      start(),
      { kind: "subscribe", replica: 0, subject: durable, handler: "acks", takesMs: workMs(policy) },
      publish(durable, 1),
      { kind: "signal", replica: 0, signal: "TERM", meanwhile },
    ],
  ];
}

const handles = (replica: number, subject: string): Draft => ({ kind: "subscribe", replica, subject, handler: "acks" });

/** Replica 1 subscribes first, and so has made the durable where the library makes it. It is the one that stops. */
const sharedDurable = (subject: string): readonly Draft[] => [
  start(),
  start(1),
  handles(1, subject),
  start(2),
  handles(2, subject),
  publish(subject, 5),
  signal("TERM", 1),
  publish(subject, 5),
  start(1),
  handles(1, subject),
  publish(subject, 5),
];

/** The obvious repair, combined with a durable that its library made (nats.go#874). */
function trap(policy: Policy, durable: string): DrillCase {
  const { consume } = policy;
  const trapped = beside(policy, "drain-and-created", {
    shutdown: stoppedBy(policy, "drain"),
    consume: { ...asAsked(consume), durables: "created" },
  });
  return drillCase({
    question: "shutdown",
    claim: "drain-and-created-one-replica-of-two-stops",
    about: "the same, where the library made the durable and the replica drains",
    part: "replicas",
    policy: trapped,
    variant: "drain, durables created",
    steps: sharedDurable(durable),
  });
}
