/**
 * A rolling digest of a run's events that needs no text. It is always on in a search, where nothing is recorded. Like the digest in a
 * counterexample it leaves proofs out, and it tells the same runs apart, but its values are different.
 */
import { hashText } from "../../../models/choice.ts";
import type { Event, Run } from "../../../models/vocabulary/event.ts";
import { type Hearing, onEach } from "../../../properties/property.ts";

/** Folds one integer in. With either argument fixed it is injective in the other. An event costs one call, whatever its content. */
export const fold = (digest: number, word: number): number =>
  Math.imul(((digest << 5) | (digest >>> 27)) ^ word, 0x9e3779b1);

/** A number for one of the few words that a field may hold; a test checks that it tells them apart. The commonest cost least. */
export function numberOf(word: string): number {
  switch (word) {
    case "accepted":
      return 1;
    case "arrived":
      return 2;
    case "disconnected":
      return 3;
    case "reconnected":
      return 4;
    case "ok":
      return 5;
    default:
      return word.length | (word.charCodeAt(0) << 8) | (word.charCodeAt(word.length - 1) << 16);
  }
}

export interface Digest {
  word: number;
  /** The step under way: folded in when it begins, and afterwards only where an event names another. */
  step: string;
}

export const newDigest = (): Digest => ({ word: 0, step: "" });

/** Each kind of event begins with a different number. */
export const hearsDigest = {
  step(digest, { step, phase }) {
    // The end follows from the next event.
    if (phase === "ended") return;
    digest.step = step;
    digest.word = fold(digest.word, 2 ^ wordOf(step));
  },
  ended(digest, event) {
    digest.word = fold(digest.word, (4 + 16 * numberOf(event.place)) ^ wordOfRun(event));
  },
  published(digest, event) {
    const word = fold(digest.word, (3 + 16 * event.frameBytes) ^ wordOfRun(event) ^ wordOfOutcome(event.outcome));
    digest.word = foldStep(word, digest, event.step);
    // Other fields are set only under a policy, or where the call waited.
    if (event.subject !== undefined || event.tookMs !== undefined) foldWhole(digest, event);
  },
  connection(digest, { change }) {
    digest.word = fold(digest.word, 6 + 16 * numberOf(change));
  },
  fault(digest, { step, fault, phase }) {
    const word = fold(digest.word, (phase === "installed" ? 7 : 0) + 16 * numberOf(fault));
    digest.word = foldStep(word, digest, step);
  },
  delivered(digest, event) {
    digest.word = fold(digest.word, 5 ^ wordOfRun(event));
  },
  called(digest, { step, call, outcome }) {
    const word = fold(digest.word, (8 + 16 * numberOf(call)) ^ wordOfOutcome(outcome));
    digest.word = foldStep(word, digest, step);
  },
  healed(digest, { step }) {
    digest.word = foldStep(fold(digest.word, 9), digest, step);
  },
  phase(digest, { phase }) {
    digest.word = fold(digest.word, 10 + 16 * numberOf(phase));
  },
  observed(digest, { complete }) {
    digest.word = fold(digest.word, 11 + 16 * (complete ? 1 : 2));
  },
  "awaits-notice"(digest, { step }) {
    digest.word = foldStep(fold(digest.word, 12), digest, step);
  },
  "closed-client"(digest, { is }) {
    digest.word = fold(digest.word, 13 + 16 * numberOf(is));
  },
  dialled(digest, { step, count, end }) {
    digest.word = foldStep(fold(digest.word, (14 + 16 * numberOf(end)) ^ Math.imul(count, 0xc2b2ae35)), digest, step);
  },
  publishers(digest, event) {
    const word = fold(digest.word, (15 + 16 * event.publishers) ^ wordOfRun(event));
    digest.word = foldStep(word, digest, event.step);
  },
  // Seldom or never met in a search of millions of runs.
  foreign: foldWhole,
  altered: foldWhole,
  "dead-letter-missing": foldWhole,
  skipped: foldWhole,
  "not-awaited": foldWhole,
  "healed-link-lost": foldWhole,
  "server-logged": foldWhole,
  "consumer-behind": foldWhole,
  "stream-lacks": foldWhole,
  crashed: foldWhole,
  gap: foldWhole,
  holds: foldWhole,
  discarded: foldWhole,
  "may-be-discarded": foldWhole,
  handled: foldWhole,
  process: foldWhole,
  probe: foldWhole,
  advanced: foldWhole,
  subscribed: foldWhole,
  "consumer-deleted": foldWhole,
  conformance: foldWhole,
} satisfies Required<Hearing<Digest>>;
export const foldDigest = onEach<Digest>(hearsDigest);

/** Folds every field of the event, whatever its kind. */
function foldWhole(digest: Digest, event: Event): void {
  digest.word = foldValue(digest.word, event);
}

function foldValue(digest: number, value: unknown): number {
  if (typeof value === "string") return hashText(value, digest) | 0;
  if (typeof value === "number") return fold(digest, value);
  if (typeof value !== "object" || value === null) return fold(digest, value === true ? 1 : 2);
  return foldFields(digest, value);
}

function foldFields(digest: number, fields: object): number {
  let word = digest;
  for (const name in fields) {
    const value: unknown = fields[name as keyof typeof fields];
    if (value !== undefined) word = foldValue(fold(word, numberOf(name)), value);
  }
  return word;
}

/** Multipliers are odd and far apart, so that neighbouring values of one event do not cancel out. */
const wordOfRun = ({ first, count }: Run): number => Math.imul(first, 0x85ebca6b) ^ Math.imul(count, 0xc2b2ae35);

/** Random scenarios number their steps. A step's content shows in its effects, so its length and last digit are enough. */
const wordOf = (step: string): number => Math.imul((step.length << 8) | step.charCodeAt(step.length - 1), 0x27d4eb2f);

/** Folds a step only where it is not the one under way. */
const foldStep = (word: number, { step }: Digest, named: string): number =>
  named === step ? word : fold(word, wordOf(named));

function wordOfOutcome({ is, kind }: { readonly is: string; readonly kind?: string }): number {
  const told = Math.imul(numberOf(is), 0x165667b1);
  return kind === undefined ? told : told ^ Math.imul(numberOf(kind), 0x9e3779b1);
}
