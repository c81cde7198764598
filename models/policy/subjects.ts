/**
 * Subjects that tell the parts of a policy apart: one for every pattern of its map, classifier, streams and taps, and one token more or
 * less where a rule by prefix and suffix and a pattern by tokens would part. Sorted by how they are treated.
 */
import type { Family, Policy } from "../vocabulary/policy.ts";
import { declaredDurability, familyOf, isClassifiedDurable } from "./classifier.ts";
import { oncePerPolicy } from "./remembered.ts";
import { streamOf } from "./streams.ts";

export interface SubjectsByTreatment {
  /** Published through JetStream, into a stream. */
  readonly durable: readonly string[];
  /** Published through JetStream, and no stream takes them. */
  readonly uncovered: readonly string[];
  /** Published as core NATS, and a stream takes them all the same. */
  readonly captured: readonly string[];
  /** Published as core NATS, and in no stream. */
  readonly core: readonly string[];
  /** Declared otherwise than they are published. */
  readonly misdeclared: readonly string[];
}

/** A search asks for every scenario. */
export const subjectsByTreatment: (policy: Policy) => SubjectsByTreatment = oncePerPolicy(policy => {
  const durable: string[] = [];
  const uncovered: string[] = [];
  const captured: string[] = [];
  const core: string[] = [];
  const misdeclared: string[] = [];
  for (const subject of subjectsOf(policy)) {
    const through = isClassifiedDurable(policy, subject);
    const taken = streamOf(policy, subject) !== undefined;
    (through ? (taken ? durable : uncovered) : taken ? captured : core).push(subject);
    if (through !== (declaredDurability(policy, subject) === "durable")) misdeclared.push(subject);
  }
  return { durable, uncovered, captured, core, misdeclared };
});

/** A family, and a subject that stands for it. */
export interface FamilySubject {
  readonly family: Family;
  readonly subject: string;
}

/** The shortest subject of every family. A family that others before it cover wholly has none. */
export function familySubjects(policy: Policy): readonly FamilySubject[] {
  const subjects = [...subjectsOf(policy)].sort((a, b) => a.length - b.length);
  return policy.families.flatMap(family => {
    const subject = subjects.find(one => familyOf(policy, one) === family);
    return subject === undefined ? [] : [{ family, subject }];
  });
}

/** Every such subject once, in the order of the alphabet. */
export function subjectsOf(policy: Policy): readonly string[] {
  const { families, classifier, streams, taps, publish, consume } = policy;
  const patterns = [
    ...families.map(one => one.subjects),
    ...classifier.flatMap(({ pattern }) => pattern ?? []),
    ...streams.flatMap(one => one.subjects),
    ...taps,
    ...publish.messageIds.map(one => one.subjects),
  ];
  const written = [
    ...patterns.flatMap(ofPattern),
    ...classifier.flatMap(({ exact }) => (exact === undefined ? [] : [exact, `${exact}.a`])),
    ...classifier.flatMap(({ prefix, suffix }) => ofParts(prefix ?? "", suffix ?? "")),
    ...(consume.deadLetterSubject === undefined ? [] : [consume.deadLetterSubject]),
    "unnamed",
  ];
  return [...new Set(written)].filter(isSubject).sort();
}

/** What the pattern covers, and a token more: `job.*` gives job.a and job.a.b. */
function ofPattern(pattern: string): readonly string[] {
  const filled = (by: string): string => pattern.replaceAll("*", by).replace(/>$/, by);
  const subjects = [filled("a"), filled("a.b")];
  return pattern.endsWith(">") ? [...subjects, filled("a.b.c")] : subjects;
}

/** Nothing, a token, and two between the parts; `worker.` and `.jobs` also share their dot. */
const ofParts = (prefix: string, suffix: string): readonly string[] =>
  prefix === "" && suffix === ""
    ? []
    : [
        ...["", "a", "a.b"].map(between => prefix + between + suffix),
        ...(prefix.endsWith(".") && suffix.startsWith(".") ? [prefix + suffix.slice(1)] : []),
        ...(prefix === "" ? [`a${suffix}`] : []),
      ];

/** No empty token, no wildcard, none of the server's own. */
const isSubject = (text: string): boolean =>
  text.length <= 128 && !text.startsWith("$") && text.split(".").every(token => token !== "" && !/[\s*>]/.test(token));
