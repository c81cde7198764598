/** `faultline subject S`: whether an event was supposed to be durable, and what becomes of it. Runs the model, and no server. */
import { type SubjectFacts, subjectFacts } from "../desk/subject.ts";
import { publishedText, storedText } from "../desk/words.ts";
import { exitCodes, UsageError } from "../errors.ts";
import { subjectShape } from "../files/policy-schema.ts";
import type { PolicySource } from "../files/policy-source.ts";
import type { CommandEnding } from "../findings/ending.ts";
import { healsText, renderSubject, type SubjectReport } from "../report/subject.ts";
import type { Context } from "../runs/context.ts";
import { knownProfile } from "../runs/profiles.ts";
import { rendered } from "../text/clean.ts";

export interface AskedSubject {
  readonly subject: string;
  readonly source: PolicySource;
  readonly profile: string;
}

/** @throws UsageError where it is no subject */
export async function aboutSubject({ paint }: Context, asked: AskedSubject): Promise<CommandEnding> {
  const { subject, source, profile } = asked;
  const [issue] = subjectShape.safeParse(subject).error?.issues ?? [];
  if (issue !== undefined) throw new UsageError(`${JSON.stringify(subject)} ${issue.message}.`);
  const facts = subjectFacts(source, knownProfile(profile), subject);
  const document = reportOf(asked, facts);
  return { kind: "subject", document, exitCode: exitCodes.holds, text: rendered(renderSubject, document, paint) };
}

function reportOf({ subject, source, profile }: AskedSubject, facts: SubjectFacts): SubjectReport {
  const { family, rule, stream, costs } = facts;
  const durability = family?.said.durability ?? "undeclared";
  return {
    subject,
    policy: source.policy.name,
    profile,
    durability,
    owner: family?.said.owner ?? null,
    declared: said(family, one => `${one.durability}, by the family ${one.subjects}: ${one.reason}`, "by no family"),
    published: said(rule, publishedText, publishedText(undefined)),
    stored: said(stream, storedText, storedText(undefined)),
    heals: family === undefined ? null : healsText(family.said),
    costs,
    contradiction: contradictionIn(subject, facts),
  };
}

function said<Said>(
  fact:
    | { readonly said: Said; readonly place: SubjectPlace; readonly assumed: { readonly why: string } | undefined }
    | undefined,
  textOf: (one: Said) => string,
  otherwise: string,
): SubjectReport["declared"] {
  if (fact === undefined) return { text: otherwise, place: null, assumed: null };
  const { place, assumed } = fact;
  return {
    text: textOf(fact.said),
    place: place === undefined ? null : `${place.file}:${place.line}:${place.column}`,
    assumed: assumed?.why ?? null,
  };
}

type SubjectPlace = { readonly file: string; readonly line: number; readonly column: number } | undefined;

function contradictionIn(subject: string, { family, rule, stream }: SubjectFacts): string | null {
  const isDurable = family?.said.durability === "durable";
  if (isDurable && rule === undefined) return `${subject} is declared durable, and the code publishes it as core NATS`;
  if (rule !== undefined && stream === undefined)
    return `${subject} is published through JetStream, and no stream takes it`;
  if (!isDurable && stream !== undefined && rule === undefined)
    return `${subject} is not declared durable, and ${stream.said.name} stores it`;
  return null;
}
