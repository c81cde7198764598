/** Rules on the durability map: what is declared, what the code publishes through JetStream, and what the streams take. */
import { declaredDurability, familyOf, isClassifiedDurable } from "../../../models/policy/classifier.ts";
import { isTapped, isUnacknowledged, isUnanswered, streamOf } from "../../../models/policy/streams.ts";
import { subjectsOf } from "../../../models/policy/subjects.ts";
import type { Family, Policy } from "../../../models/vocabulary/policy.ts";
import { publish, start } from "../../drills/drill.ts";
import type { Hit, Rule, WitnessSketch } from "../rule.ts";

/** The shortest subject of which the condition is true. */
const shortest = (policy: Policy, isMeant: (subject: string) => boolean): string | undefined =>
  subjectsOf(policy)
    .filter(isMeant)
    .toSorted((a, b) => a.length - b.length)[0];

const publishedOnce = (subject: string, promise: string): WitnessSketch => ({
  promise,
  steps: () => [start(), publish(subject, 1)],
});

/** A hit for each family that has such a subject. */
const perFamily = (
  policy: Policy,
  isMeant: (subject: string, family: Family) => boolean,
  hit: (subject: string, family: Family, index: number) => Hit,
): readonly Hit[] =>
  policy.families.flatMap((family, i) => {
    const subject = shortest(policy, one => familyOf(policy, one) === family && isMeant(one, family));
    return subject === undefined ? [] : [hit(subject, family, i)];
  });

const hasStream = (policy: Policy, subject: string): boolean => streamOf(policy, subject) !== undefined;

const uncoveredFamily: Rule = {
  id: "P001",
  name: "durable-family-without-a-stream",
  says: "A family that is declared durable has subjects that no stream takes.",
  why: "Each publish there is refused, or times out where somebody else listens.",
  source: "F-46",
  hits: ({ policy }) =>
    perFamily(
      policy,
      (subject, { durability }) =>
        durability === "durable" && isClassifiedDurable(policy, subject) && !hasStream(policy, subject),
      (subject, { subjects }, i) => ({
        message: `${subject} belongs to the durable family ${subjects}, and no stream takes it`,
        remedy: `Add ${subject} to the subjects of a stream, or narrow the family ${subjects}.`,
        at: ["families", i, "subjects"],
        witness: publishedOnce(subject, "durable-path/every-declared-durable-subject-has-a-stream"),
      }),
    ),
};

const captured: Rule = {
  id: "P003",
  name: "best-effort-family-in-a-stream",
  says: "A stream takes subjects that are declared best-effort.",
  why: "They use up the stream's limits and its disk, and a late consumer is given what has long been stale.",
  source: "F-55",
  hits: ({ policy }) =>
    policy.streams.flatMap((stream, i) => {
      const isTaken = (subject: string): boolean =>
        streamOf(policy, subject) === stream &&
        declaredDurability(policy, subject) === "best-effort" &&
        !isClassifiedDurable(policy, subject);
      const declared = policy.families.flatMap(family => {
        const subject = shortest(policy, one => familyOf(policy, one) === family && isTaken(one));
        return subject === undefined ? [] : [subject];
      });
      const undeclared = shortest(policy, one => familyOf(policy, one) === undefined && isTaken(one));
      const first = declared[0] ?? undeclared;
      if (first === undefined) return [];
      const stored = [
        ...(declared.length === 0 ? [] : [`the best-effort ${listed(declared)}`]),
        ...(undeclared === undefined ? [] : [`${undeclared}, which no family declares`]),
      ];
      return [
        {
          message: `the stream ${stream.name} stores ${stored.join(", and ")}`,
          remedy: `Narrow the subjects of ${stream.name}, or declare these durable.`,
          at: ["streams", i, "subjects"],
          witness: publishedOnce(first, "durable-path/best-effort-is-not-stored"),
        },
      ];
    }),
};

const listedMax = 4;

const listed = (subjects: readonly string[]): string => {
  const more = subjects.length - listedMax;
  const [last = "", ...before] = subjects.toReversed();
  if (more > 0) return `${subjects.slice(0, listedMax).join(", ")} and ${more} more`;
  return before.length === 0 ? last : `${before.toReversed().join(", ")} and ${last}`;
};

const disagreeing: Rule = {
  id: "P004",
  name: "classifier-and-streams-disagree",
  says: "The code publishes a subject through JetStream that no stream takes.",
  why: "Classifier and streams are two lists, and the publish is refused where they differ.",
  source: "F-46",
  hits: ({ policy }) => {
    const subject = shortest(
      policy,
      one =>
        isClassifiedDurable(policy, one) && !hasStream(policy, one) && declaredDurability(policy, one) !== "durable",
    );
    return subject === undefined
      ? []
      : [
          {
            message: `the classifier sends ${subject} through JetStream, and no stream takes it`,
            remedy: "Derive the classifier and the streams from one list of subjects.",
            at: ["classifier"],
            witness: publishedOnce(subject, "durable-path/every-declared-durable-subject-has-a-stream"),
          },
        ];
  },
};

const asCore: Rule = {
  id: "P005",
  name: "durable-family-published-as-core",
  says: "The code publishes subjects as core NATS that are declared durable.",
  why: "Nobody acknowledges them: what is under way in an outage is lost, and no caller learns of it.",
  source: "F-71",
  hits: ({ policy }) =>
    perFamily(
      policy,
      (subject, { durability }) => durability === "durable" && !isClassifiedDurable(policy, subject),
      (subject, { subjects }, i) => ({
        message: `${subject} belongs to the durable family ${subjects}, and the classifier sends it as core NATS`,
        remedy: `Add a rule to the classifier that covers ${subject}.`,
        at: ["families", i, "subjects"],
        witness: publishedOnce(subject, "durable-path/declared-durable-is-acknowledged"),
      }),
    ),
};

const tapped: Rule = {
  id: "P006",
  name: "listener-hides-a-missing-stream",
  says: "Another service listens to a subject that is published through JetStream and that no stream takes.",
  why: "The publish waits for its timeout in place of failing at once with no responders.",
  source: "F-47",
  hits: ({ policy }) =>
    policy.taps.flatMap((tap, i) => {
      const subject = shortest(
        { ...policy, taps: [tap] },
        one => isClassifiedDurable(policy, one) && isTapped({ ...policy, taps: [tap] }, one) && !hasStream(policy, one),
      );
      if (subject === undefined) return [];
      return [
        {
          message: `a service listens to ${tap}, so a publish on ${subject}, which no stream takes, times out`,
          remedy: `Give ${subject} a stream, or listen to a stream's consumer in place of ${tap}.`,
          at: ["taps", i],
          witness: publishedOnce(subject, "durable-path/no-responders-is-told-as-such"),
        },
      ];
    }),
};

const unacknowledged: Rule = {
  id: "P029",
  name: "durable-family-without-acknowledgements",
  says: "The stream of a durable family acknowledges no publish (no_ack).",
  why: "Each publish ends in a timeout although it is stored, and a retry stores it again.",
  source: "F-241",
  hits: ({ policy }) =>
    perFamily(
      policy,
      (subject, { durability }) =>
        durability === "durable" && isClassifiedDurable(policy, subject) && isUnacknowledged(policy, subject),
      (subject, { subjects }) => ({
        message: `the stream ${streamOf(policy, subject)?.name} acknowledges nothing, and the family ${subjects} is durable`,
        remedy: "Take no_ack off the stream.",
        at: ["streams", policy.streams.findIndex(({ name }) => name === streamOf(policy, subject)?.name), "noAck"],
        witness: publishedOnce(subject, "durable-path/every-declared-durable-subject-has-a-stream"),
      }),
    ),
};

const deadLetters: Rule = {
  id: "P031",
  name: "dead-letter-in-no-stream",
  says: "Dead letters go to a subject that no stream takes.",
  why: "The dead letter cannot be stored, so its message is given again for ever or is gone.",
  source: "F-74",
  hits: ({ policy }) => {
    const { deadLetterSubject } = policy.consume;
    if (deadLetterSubject === undefined || hasStream(policy, deadLetterSubject)) return [];
    return [
      {
        message: `dead letters go to ${deadLetterSubject}, which ${isUnanswered(policy, deadLetterSubject) ? "no stream takes" : "a listener takes and no stream"}`,
        remedy: `Add ${deadLetterSubject} to the subjects of a stream.`,
        at: ["consume", "deadLetterSubject"],
        witness: publishedOnce(deadLetterSubject, "durable-path/every-declared-durable-subject-has-a-stream"),
      },
    ];
  },
};

export const mapRules: readonly Rule[] = [
  uncoveredFamily,
  captured,
  disagreeing,
  asCore,
  tapped,
  unacknowledged,
  deadLetters,
];
