/**
 * Question 1: which messages a restart of the server costs, family by family, and where the durability map differs from what the bus does.
 */

import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { attemptsInAll } from "../../models/policy/publishing.ts";
import { type FamilySubject, familySubjects, subjectsByTreatment, subjectsOf } from "../../models/policy/subjects.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { type Draft, type DrillCase, drillCase, heal, publish, type Sketch, slug, start } from "./drill.ts";
import { outageSteps, subjectsWithGap } from "./gaps.ts";
import { mapCases } from "./maps.ts";

const calmCount = 10;
const burstCount = 20;
/** Small, since every one of them waits out its ack timeout. */
const durableBurstCount = 5;

export function durabilityCases(policy: Policy): readonly DrillCase[] {
  const sketch = (one: Omit<Sketch, "question" | "policy">): DrillCase =>
    drillCase({ question: "durability", policy, ...one });
  const all = familySubjects(policy);
  const durable = all.filter(({ family }) => family.durability === "durable").map(({ subject }) => subject);
  const { uncovered } = subjectsByTreatment(policy);
  const covered = subjectsOf(policy).filter(subject => !uncovered.includes(subject));
  return [
    ...all.map(one => rollingRestart(policy, one)).map(sketch),
    ...all.flatMap(one => serversInTurn(policy, one)).map(sketch),
    sketch({
      claim: "every-pattern-is-published-on",
      about: "one message on a subject of every pattern of the policy",
      part: "map",
      steps: [start(), ...covered.map(subject => publish(subject, 1))],
    }),
    ...uncovered.map(subject =>
      sketch({
        claim: `${slug(subject)}-is-in-no-stream`,
        about: `${subject} is published through JetStream, and no stream takes it`,
        part: "map",
        steps: [start(), publish(subject, 1)],
      }),
    ),
    ...(durable.length === 0
      ? []
      : [...ofTheDurable(durable), ...retriedThrough(policy, durable), ...declaredOutage(policy, durable)].map(sketch)),
    ...declaredGaps(policy).map(sketch),
    ...mapCases(policy),
  ];
}

/** The outages that are to leave a best-effort family no longer gap than it declares. */
const declaredGaps = (policy: Policy) =>
  subjectsWithGap(policy).flatMap(({ subject, gapMs }) => {
    const [moment = [], half = []] = outageSteps(subject, gapMs);
    return [
      {
        claim: `cut-for-a-moment-under-${slug(subject)}`,
        about: `the link is cut for a moment while ${subject} is published`,
        part: "gaps",
        steps: moment,
      },
      {
        claim: `away-for-half-of-a-gap-under-${slug(subject)}`,
        about: `the server is away for half of the gap that is declared, while ${subject} is published`,
        part: "gaps",
        steps: half,
      },
    ];
  });

/** The server stops and comes back twice while the family is published throughout: before, in the middle of a burst, while down, after. */
function rollingRestart(policy: Policy, { subject }: FamilySubject): Omit<Sketch, "question" | "policy"> {
  const isDurable = isClassifiedDurable(policy, subject);
  const burst = isDurable ? durableBurstCount : burstCount;
  const restart = (signal: "TERM" | "KILL"): readonly Draft[] => [
    publish(subject, burst, { overlap: true, ...(isDurable ? { async: true } : {}) }),
    { kind: "fault", fault: { kind: "stop-server", signal, awaits: "noticed" } },
    publish(subject, isDurable ? 1 : calmCount),
    heal,
    publish(subject, calmCount),
  ];
  return {
    claim: `rolling-restart-under-${slug(subject)}`,
    about: `the server restarted twice, by TERM and by KILL, while ${subject} is published`,
    part: "restart",
    steps: [start(), publish(subject, calmCount), ...restart("TERM"), ...restart("KILL")],
  };
}

/** Each server of the pool is lost and comes back, as in a rolling restart of a cluster, while the family is published. */
function serversInTurn({ client }: Policy, { subject }: FamilySubject): readonly Omit<Sketch, "question" | "policy">[] {
  const { servers = 1 } = client;
  if (servers < 2) return [];
  const lost: readonly Draft[] = [
    publish(subject, calmCount),
    { kind: "fault", fault: { kind: "cut-server" } },
    publish(subject, calmCount),
    heal,
  ];
  return [
    {
      claim: `servers-lost-in-turn-under-${slug(subject)}`,
      about: `each of ${servers} servers is lost and comes back, one after the other, while ${subject} is published`,
      part: "pool",
      steps: [start(), ...Array.from({ length: servers }, () => lost).flat()],
    },
  ];
}

/** A bus that tries again after a timeout, and an outage that ends meanwhile. */
function retriedThrough(policy: Policy, [first = ""]: readonly string[]) {
  if (attemptsInAll(policy.publish) < 2) return [];
  return [
    {
      claim: "an-outage-ends-within-the-second-attempt",
      about: "a link holds the first attempt of a publish until it times out, and lets go during the second",
      part: "ids",
      steps: [
        start(),
        { kind: "fault", fault: { kind: "hold" } } as Draft,
        publish(first, 1, { overlap: true }),
        { kind: "heal", awaits: "connected", afterAttempts: 1 } as Draft,
      ],
    },
  ];
}

/** An outage no shorter than the policy declares that a publish outlasts: it ends within an attempt, or after all of them. */
function declaredOutage(
  { publish: { outlastsMs, ackTimeoutMs, attemptsMax } }: Policy,
  [first = ""]: readonly string[],
) {
  if (outlastsMs === undefined) return [];
  const attempts = Math.min(attemptsMax - 1, Math.max(1, Math.floor(outlastsMs / ackTimeoutMs)));
  const isWithin = attempts > 0 && outlastsMs <= ackTimeoutMs * attemptsMax;
  return [
    {
      claim: "an-outage-as-long-as-declared",
      about: "a link holds a publish for as long as the policy declares that it outlasts an outage",
      part: "outage",
      steps: [
        start(),
        { kind: "fault", fault: { kind: "hold" } } as Draft,
        publish(first, 1, isWithin ? { overlap: true } : {}),
        isWithin ? ({ kind: "heal", awaits: "connected", afterAttempts: attempts } as Draft) : heal,
      ],
    },
  ];
}

/** Cases about subjects declared durable; the first subject stands for all where one is enough. */
function ofTheDurable(subjects: readonly [string, ...string[]] | readonly string[]) {
  const [first = ""] = subjects;
  const retried: Draft = publish(first, 1, { id: "first" });
  return [
    {
      claim: "two-messages-about-one-thing",
      about: "two different messages about one job, one after the other, in every durable family",
      part: "ids",
      steps: [start(), ...subjects.map(subject => publish(subject, 2, { key: "job-1" }))],
    },
    {
      claim: "a-lost-acknowledgement-and-a-retry",
      about: "an acknowledgement is lost, and the same message published again",
      part: "ids",
      steps: [
        start(),
        { kind: "fault", fault: { kind: "lose-ack" } } as Draft,
        retried,
        heal,
        publish(first, 1, { again: "first" }),
      ],
    },
    {
      claim: "jetstream-comes-late",
      about: "the process starts while the server has no JetStream yet",
      part: "late",
      steps: [
        { kind: "fault", fault: { kind: "no-jetstream" } } as Draft,
        start(),
        publish(first, 1),
        heal,
        ...subjects.map(subject => publish(subject, 1)),
      ],
    },
    {
      claim: "a-handler-fails-for-good",
      about: "a handler cannot handle a durable message",
      part: "handlers",
      steps: [start(), { kind: "subscribe", replica: 0, subject: first, handler: "fails" } as Draft, publish(first, 1)],
    },
  ];
}
