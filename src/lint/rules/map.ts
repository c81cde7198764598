/** Rules on the durability map: what is declared, what the code publishes through JetStream, and what the streams take. */
import { isUnanswered, streamOf } from "../../../models/policy/streams.ts";
import { shortestSubject } from "../../../models/policy/subject-sets.ts";
import type { ClassifierRule, Family, Policy } from "../../../models/vocabulary/policy.ts";
import { publish, start } from "../../drills/drill.ts";
import type { Hit, Rule, WitnessSketch } from "../rule.ts";

/** The shortest subject that all of the first have and none of the others; undefined also where that is not decided. */
function shortest(all: readonly ClassifierRule[], none: readonly ClassifierRule[]): string | undefined {
  const answer = shortestSubject({ all, none });
  return answer.kind === "some" ? answer.subject : undefined;
}

/** The shortest of several. */
const shortestOf = (subjects: readonly (string | undefined)[]): string | undefined =>
  subjects.filter(one => one !== undefined).toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))[0];

const patterns = (all: readonly string[]): readonly ClassifierRule[] => all.map(pattern => ({ pattern }));
const storedBy = ({ streams }: Policy): readonly ClassifierRule[] => patterns(streams.flatMap(one => one.subjects));
/** The families that come before it, whose subjects are theirs. */
const before = ({ families }: Policy, index: number): readonly ClassifierRule[] =>
  patterns(families.slice(0, index).map(one => one.subjects));

const publishedOnce = (subject: string, promise: string): WitnessSketch => ({
  promise,
  steps: () => [start(), publish(subject, 1)],
});

/** A hit for each durable family that has such a subject. */
const perDurable = (
  { families }: Policy,
  subjectIn: (family: ClassifierRule, index: number) => string | undefined,
  hit: (subject: string, family: Family, index: number) => Hit,
): readonly Hit[] =>
  families.flatMap((family, i) => {
    const subject = family.durability === "durable" ? subjectIn({ pattern: family.subjects }, i) : undefined;
    return subject === undefined ? [] : [hit(subject, family, i)];
  });

/** The shortest subject of the set that is declared best-effort, or by no family. */
function undurable(
  policy: Policy,
  all: readonly ClassifierRule[],
  none: readonly ClassifierRule[],
): string | undefined {
  const declared = bestEffort(policy).map(({ index, pattern }) =>
    shortest([...all, { pattern }], [...before(policy, index), ...none]),
  );
  return shortestOf([...declared, shortest(all, [...before(policy, policy.families.length), ...none])]);
}

const bestEffort = ({ families }: Policy) =>
  families.flatMap(({ subjects, durability }, index) =>
    durability === "best-effort" ? [{ index, pattern: subjects }] : [],
  );

const uncoveredFamily: Rule = {
  id: "P001",
  name: "durable-family-without-a-stream",
  says: "A family that is declared durable has subjects that no stream takes.",
  why: "Each publish there is refused, or times out where somebody else listens.",
  source: "F-46",
  hits: ({ policy }) =>
    perDurable(
      policy,
      (family, i) =>
        shortestOf(
          policy.classifier.map(rule => shortest([family, rule], [...before(policy, i), ...storedBy(policy)])),
        ),
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
      const taken = (all: readonly ClassifierRule[], none: readonly ClassifierRule[]): string | undefined =>
        shortestOf(patterns(stream.subjects).map(one => shortest([one, ...all], [...none, ...policy.classifier])));
      const declared = bestEffort(policy).flatMap(
        ({ index, pattern }) => taken([{ pattern }], before(policy, index)) ?? [],
      );
      const undeclared = taken([], before(policy, policy.families.length));
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
  hits: ({ policy }) =>
    policy.classifier.flatMap((rule, i) => {
      const subject = undurable(policy, [rule], storedBy(policy));
      return subject === undefined
        ? []
        : [
            {
              message: `the classifier sends ${subject} through JetStream, and no stream takes it`,
              remedy: "Derive the classifier and the streams from one list of subjects.",
              at: ["classifier", i],
              witness: publishedOnce(subject, "durable-path/every-declared-durable-subject-has-a-stream"),
            },
          ];
    }),
};

const asCore: Rule = {
  id: "P005",
  name: "durable-family-published-as-core",
  says: "The code publishes subjects as core NATS that are declared durable.",
  why: "Nobody acknowledges them: what is under way in an outage is lost, and no caller learns of it.",
  source: "F-71",
  hits: ({ policy }) =>
    perDurable(
      policy,
      (family, i) => shortest([family], [...before(policy, i), ...policy.classifier]),
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
      const subject = shortestOf(policy.classifier.map(rule => shortest([{ pattern: tap }, rule], storedBy(policy))));
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
    policy.streams.flatMap((stream, index) => {
      if (stream.noAck !== true) return [];
      const takes = patterns(stream.subjects);
      return perDurable(
        policy,
        (family, i) =>
          shortestOf(
            policy.classifier.flatMap(rule => takes.map(one => shortest([family, rule, one], before(policy, i)))),
          ),
        (subject, { subjects }) => ({
          message: `the stream ${stream.name} acknowledges nothing, and the family ${subjects} is durable`,
          remedy: "Take no_ack off the stream.",
          at: ["streams", index, "noAck"],
          witness: publishedOnce(subject, "durable-path/every-declared-durable-subject-has-a-stream"),
        }),
      );
    }),
};

const deadLetters: Rule = {
  id: "P031",
  name: "dead-letter-in-no-stream",
  says: "Dead letters go to a subject that no stream takes.",
  why: "The dead letter cannot be stored, so its message is given again for ever or is gone.",
  source: "F-74",
  hits: ({ policy }) => {
    const { deadLetterSubject } = policy.consume;
    if (deadLetterSubject === undefined || streamOf(policy, deadLetterSubject) !== undefined) return [];
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
