/**
 * Subjects that tell the parts of a policy apart, sorted by how they are treated. There is one for every pattern of its map, classifier,
 * streams and taps. A token more or less is added where a rule by prefix and suffix would differ from a pattern by tokens.
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
  /** Declared one way and published the other. */
  readonly misdeclared: readonly string[];
}

/** Remembered, since a search asks for every scenario. */
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

/** A family with a subject that stands for it. */
export interface FamilySubject {
  readonly family: Family;
  readonly subject: string;
}

/** The shortest subject of every family. A family that is wholly covered by earlier ones has none. */
export function familySubjects(policy: Policy): readonly FamilySubject[] {
  const subjects = [...subjectsOf(policy)].sort((a, b) => a.length - b.length);
  return policy.families.flatMap(family => {
    const subject = subjects.find(one => familyOf(policy, one) === family);
    return subject === undefined ? [] : [{ family, subject }];
  });
}

/** All these subjects without repeats, in alphabetical order. */
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

/** Subjects that the pattern covers, and one with a token more: `job.*` gives job.a and job.a.b. */
function ofPattern(pattern: string): readonly string[] {
  const filled = (by: string): string => pattern.replaceAll("*", by).replace(/>$/, by);
  const subjects = [filled("a"), filled("a.b")];
  return pattern.endsWith(">") ? [...subjects, filled("a.b.c")] : subjects;
}

/** The parts joined by nothing, one token and two; `worker.` and `.jobs` also share their dot. */
const ofParts = (prefix: string, suffix: string): readonly string[] =>
  prefix === "" && suffix === ""
    ? []
    : [
        ...["", "a", "a.b"].map(between => prefix + between + suffix),
        ...(prefix.endsWith(".") && suffix.startsWith(".") ? [prefix + suffix.slice(1)] : []),
        ...(prefix === "" ? [`a${suffix}`] : []),
      ];

/** True for a subject without empty tokens or wildcards, outside the server's own. */
const isSubject = (text: string): boolean =>
  text.length <= 128 && !text.startsWith("$") && text.split(".").every(token => token !== "" && !/[\s*>]/.test(token));
