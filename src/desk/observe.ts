/** The subjects of a log that no family of a policy declares, and what becomes of them all the same. */
import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { streamOf } from "../../models/policy/streams.ts";
import { SubjectIndex } from "../../models/policy/subject-index.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";

export interface Undeclared {
  readonly subject: string;
  readonly times: number;
  readonly published: "through JetStream" | "as core NATS";
  /** Null: no stream takes it. */
  readonly stream: string | null;
}

export interface ObservedLog {
  readonly lines: number;
  /** Subjects without repeats. */
  readonly subjects: number;
  /** The most frequent first. */
  readonly undeclared: readonly Undeclared[];
  /** Lines that name no subject: how many, and the first. */
  readonly notRead: { readonly lines: number; readonly first: number | null };
}

/** Subjects of the server and of its clients, which no team declares. */
const isTheirs = (subject: string): boolean => subject.startsWith("$") || subject.startsWith("_INBOX.");

export function observedIn(policy: Policy, text: string): ObservedLog {
  const times = new Map<string, number>();
  let lines = 0;
  let notRead = 0;
  let first: number | null = null;
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    lines++;
    const subject = subjectOf(line);
    if (subject !== undefined) times.set(subject, (times.get(subject) ?? 0) + 1);
    else {
      notRead++;
      first ??= i + 1;
    }
  }
  const index = new SubjectIndex(policy.families.map(({ subjects }) => subjects));
  const undeclared = [...times]
    .filter(([subject]) => !isTheirs(subject) && index.covering(subject).length === 0)
    .map(([subject, count]) => undeclaredIn(policy, subject, count))
    .sort((a, b) => b.times - a.times || (a.subject < b.subject ? -1 : 1));
  return { lines, subjects: times.size, undeclared, notRead: { lines: notRead, first } };
}

const undeclaredIn = (policy: Policy, subject: string, times: number): Undeclared => ({
  ...{ subject, times },
  published: isClassifiedDurable(policy, subject) ? "through JetStream" : "as core NATS",
  stream: streamOf(policy, subject)?.name ?? null,
});

/** Subjects of the server are some, too, though no policy may name them. */
const isSubject = /^[^\s.*>]+(\.[^\s.*>]+)*$/;

/** A line is a subject, or JSON with a field `subject`. */
function subjectOf(line: string): string | undefined {
  const text = line.trim();
  const named: unknown = text.startsWith("{") ? fieldOf(text) : text;
  return typeof named === "string" && isSubject.test(named) ? named : undefined;
}

function fieldOf(json: string): unknown {
  try {
    return (JSON.parse(json) as { readonly subject?: unknown }).subject;
  } catch {
    return undefined;
  }
}
