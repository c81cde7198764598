/**
 * How nondeterminism is resolved. Wherever the real system may go more than one way the model asks `choose`; a step is then
 * sampled (one answer, hashed) or expanded (every answer, over a tape). The model never knows which.
 */
import type { Outcome, Run } from "./vocabulary/event.ts";
import type { StepId } from "./vocabulary/scenario.ts";

/** Every question the model can ask; each has a range of integers for an answer. */
export const labels = [
  /** How many of the messages in flight, oldest first, arrived before the connection ended. */
  "arrived-before-cut",
  /** How many publishes of a burst were made before the client noticed that its connection had ended. */
  "noticed-at",
  /** How many publishes of a burst succeeded before the next one returned a write error. */
  "write-error-at",
  /** How many publishes of a burst were made before the client, already down, began the dial that succeeded. */
  "dialled-at",
  /** 1: the call's wait ended first; 0: the event it waited for came first. */
  "timed-out-first",
  /** How many publishes through JetStream were acknowledged before the connection ended. */
  "acked-before-cut",
  /** How many of the asynchronous publishes that a disconnect failed were made before the client kept what it was given. */
  "kept-from",
  /** 1: the publish under way when the connection ended had arrived, and only its acknowledgement is lost. */
  "ack-lost",
  /** 1: a dedupe window that ends at this very moment has ended. */
  "window-ended",
  /** How many asynchronous publishes a stream that stops has taken and answered no more, before one that finds no stream. */
  "refused-from",
  /** How many publishes a server that stops has answered with "no responders": JetStream goes before its connections do. */
  "refused-before-stop",
  /** How many core messages a server that ends has stored of those that it passed on to nobody any more. */
  "stored-unseen",
  /** How many messages a stream still holds after its server was stopped; was killed; after its machine lost power. */
  "stored-before-stop",
  "stored-before-kill",
  "synced-before-power-loss",
  /** Which of the replicas that share a consumer is given this message. */
  "handled-by",
  /** 1: a dial that met a silent link has left its PING in the count of what the client keeps. */
  "ping-counted",
  /** How much of what waits in the client's buffer has left the process when it ends. */
  "written-before-exit",
] as const;
export type Label = (typeof labels)[number];

/** The observation that decides an answer, where one does; `runs` are the messages that the answer counts through, oldest first. */
export type About =
  /** Those counted arrived, and the others never will. */
  | { readonly kind: "arrived"; readonly runs: readonly Run[] }
  /** Some of them are not for the observer: the arrival of those counted, or of the rest, is seen in a stream, at the end. */
  | { readonly kind: "held"; readonly runs: readonly Run[]; readonly which: "counted" | "rest" }
  /** The client keeps the rest, so the first of these messages to arrive afterwards is the answer. */
  | { readonly kind: "rest-is-kept"; readonly runs: readonly Run[] }
  /** The same, where an answer counts whole blocks: `before` says how many messages they hold, and never falls. */
  | {
      readonly kind: "rest-is-kept-in-blocks";
      readonly runs: readonly Run[];
      readonly before: (answer: number) => number;
    }
  /** The calls counted were answered. */
  | { readonly kind: "answered"; readonly runs: readonly Run[] }
  /** The calls counted, in a row, ended so. */
  | { readonly kind: "ended-as"; readonly runs: readonly Run[]; readonly outcome: Outcome }
  /** The first call beyond those counted ended so. */
  | { readonly kind: "until-ended-as"; readonly runs: readonly Run[]; readonly outcome: Outcome }
  /** One of these replicas is given this message of the subject. */
  | {
      readonly kind: "handled-by";
      readonly subject: string;
      readonly message: number;
      readonly replicas: readonly number[];
    };

/** An integer in [lo, hi]. */
export type Choose = (label: Label, lo: number, hi: number, about?: About) => number;

/** One answer given, as written into a counterexample file. */
export interface Answer {
  readonly step: StepId;
  readonly label: Label;
  /** How often the step had asked this before. */
  readonly occurrence: number;
  readonly answer: number;
}

/** How a run's questions are answered; `at` says which step begins. */
export interface Answering {
  readonly choose: Choose;
  at(step: StepId): void;
}

/** A 32-bit hash of a string (FNV-1a). */
export function hashText(text: string, seed = 0x811c9dc5): number {
  let h = seed >>> 0;
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  return h >>> 0;
}

/** Spreads the bits of a word (the finalizer of MurmurHash3). */
export function mix(word: number): number {
  let h = word >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Answers hashed from (seed, step id, label, occurrence), never from position: removing one step leaves the other answers
 * alone. Each end of the range is drawn a quarter of the time, since boundaries are where the bugs are; the rest is a
 * fraction of the range, so that an answer hardly moves when its range does.
 */
export function sampled(seed: string): Answering {
  let seedHash: number | undefined;
  let running: StepId = "";
  let stepHash: number | undefined;
  let asked = 0;
  return {
    at(step) {
      running = step;
      stepHash = undefined;
      asked = 0;
    },
    choose(label, lo, hi) {
      asked++;
      if (hi <= lo) return lo;
      // Most steps ask nothing, and some runs.
      seedHash ??= hashText(seed);
      stepHash ??= hashText(running, seedHash);
      const h = mix(hashText(label, stepHash) + Math.imul(asked, 0x9e3779b9));
      const quarter = h & 3;
      if (quarter === 0) return lo;
      if (quarter === 1) return hi;
      return lo + Math.floor(((h >>> 2) / 0x40000000) * (hi - lo + 1));
    },
  };
}

/** Every answer at the same place of its range: at 0 the low end, at 1 the high end. */
export const leaning = (place: number): Answering => ({
  choose: (_label, lo, hi) => lo + Math.round(place * (hi - lo)),
  at: () => {},
});

/** A question, which could be answered in more than one way where `hi` is above `lo`, and what was answered. */
export interface Asked extends Answer {
  readonly lo: number;
  readonly hi: number;
}

/** Where a run could not be answered as stored: the model, or the scenario, is not what it was. */
export type Departure =
  | { readonly kind: "clamped"; readonly stored: number; readonly asked: Asked }
  | { readonly kind: "sampled"; readonly asked: Asked }
  | { readonly kind: "never-asked"; readonly answer: Answer };

export interface Replaying extends Answering {
  /** All that was asked so far. */
  readonly asked: readonly Asked[];
  departures(): readonly Departure[];
}

/** The stored answers again: one outside its range is clamped, a missing one comes from `otherwise`. With none stored it only records. */
export function replaying(stored: readonly Answer[], otherwise: Answering): Replaying {
  const asked: Asked[] = [];
  const departures: Departure[] = [];
  const used = new Set<Answer>();
  let step: StepId = "";
  let labelsAsked: Label[] = [];
  const choose: Choose = (label, lo, hi, about) => {
    const occurrence = labelsAsked.filter(one => one === label).length;
    labelsAsked.push(label);
    // Asked in any case: which answers it gives later must not depend on what is stored.
    const fresh = otherwise.choose(label, lo, hi, about);
    const known = stored.find(one => one.step === step && one.label === label && one.occurrence === occurrence);
    if (known !== undefined) used.add(known);
    const answer = known === undefined ? fresh : Math.max(lo, Math.min(known.answer, hi));
    const one: Asked = { step, label, occurrence, answer, lo, hi };
    if (known !== undefined && known.answer !== answer)
      departures.push({ kind: "clamped", stored: known.answer, asked: one });
    // With one answer only there was no question.
    if (hi <= lo) return answer;
    if (known === undefined) departures.push({ kind: "sampled", asked: one });
    asked.push(one);
    return answer;
  };
  return {
    choose,
    at(next) {
      step = next;
      labelsAsked = [];
      otherwise.at(next);
    },
    asked,
    departures: () => [
      ...departures,
      ...stored.filter(one => !used.has(one)).map(answer => ({ kind: "never-asked", answer }) as const),
    ],
  };
}

/** The answers to try for one question, in order. */
export type Candidates = (label: Label, lo: number, hi: number, about?: About) => readonly number[];

/** Every integer of the range. */
export const wholeRange: Candidates = (_label, lo, hi) => Array.from({ length: hi - lo + 1 }, (_, i) => lo + i);

/**
 * Runs `once` for every way its questions can be answered (an odometer over a tape of answers); `visit` says whether to go on.
 * `once` must be a function of the answers alone: it works on a copy.
 */
export function expand<T>(
  once: (choose: Choose) => T,
  candidates: Candidates,
  visit: (outcome: T, answers: readonly Omit<Asked, "step">[]) => boolean,
): void {
  const tape: {
    label: Label;
    occurrence: number;
    lo: number;
    hi: number;
    answers: readonly number[];
    at: number;
  }[] = [];
  for (;;) {
    let asked = 0;
    const outcome = once((label, lo, hi, about) => {
      let cell = tape[asked];
      if (cell === undefined) {
        const answers = lo >= hi ? [lo] : candidates(label, lo, hi, about);
        const occurrence = tape.filter(earlier => earlier.label === label).length;
        cell = { label, occurrence, lo, hi, answers, at: 0 };
        tape.push(cell);
      }
      asked++;
      return cell.answers[cell.at] ?? lo;
    });
    const go = visit(
      outcome,
      tape.map(({ label, occurrence, lo, hi, answers, at }) => ({
        label,
        occurrence,
        answer: answers[at] ?? 0,
        lo,
        hi,
      })),
    );
    if (!go) return;
    while (tape.length > 0) {
      const last = tape[tape.length - 1] as (typeof tape)[number];
      if (last.at + 1 < last.answers.length) {
        last.at++;
        break;
      }
      tape.pop();
    }
    if (tape.length === 0) return;
  }
}
