/**
 * The resolution of nondeterminism. Wherever the real system may go more than one way, the model asks `choose`. A step is then sampled (one
 * answer, hashed) or expanded (every answer, over a tape). The model never knows which.
 */
import type { Outcome, Run } from "./vocabulary/event.ts";
import type { StepId } from "./vocabulary/scenario.ts";

/** Every question that the model can ask. Each is answered by an integer of a range. */
export const labels = [
  /**
   * The number of messages in flight, oldest first, that arrived before the connection ended; or, of those that a handler is given, before a
   * step that may end or disturb it.
   */
  "arrived-before-cut",
  /** 1: the flush under way when the connection ended had been answered. */
  "answered-before-cut",
  /** The number of publishes of a burst made before the client noticed that its connection had ended. */
  "noticed-at",
  /** The number of publishes of a burst that succeeded before the next one returned a write error. */
  "write-error-at",
  /** The number of publishes of a burst made before the client, already down, began the dial that succeeded. */
  "dialled-at",
  /**
   * The turn of one of several publishers: the publisher and the number of calls that it makes before the next turn. All messages left, from
   * the first publisher's on, are counted up to the last of the turn.
   */
  "turn",
  /** 1: the call's wait ended first; 0: the event it waited for came first. */
  "timed-out-first",
  /** The number of publishes through JetStream that were acknowledged before the connection ended. */
  "acked-before-cut",
  /** The number of asynchronous publishes, out of those failed by a disconnect, that were made before the client kept its messages. */
  "kept-from",
  /** The number of publishes, by several publishers, that waited to be written when the client noticed a disconnect, and that no limit stops. */
  "unwritten-at-notice",
  /** 1: the publish under way when the connection ended had arrived, and only its acknowledgement is lost. */
  "ack-lost",
  /** 1: a duplicate window that ends at this very moment has ended. */
  "window-ended",
  /** The number of messages of a stream, oldest first, that the server has found to be too old by now. */
  "expired",
  /** The number of asynchronous publishes that a stopping stream has taken without an answer, before one that finds no stream. */
  "refused-from",
  /** The number of publishes that a stopping server has answered with "no responders": JetStream ends before its connections do. */
  "refused-before-stop",
  /** The number of core messages that an ending server has stored, out of those that it no longer passed on. */
  "stored-unseen",
  /** The number of messages that a stream still holds after its server was stopped; was killed; after its machine lost power. */
  "stored-before-stop",
  "stored-before-kill",
  "synced-before-power-loss",
  /** 1: a stream that is full, and keeps messages for its consumers, lets go of another one before this publish of a burst. */
  "room-made",
  /** The replica, of those that share a consumer, that is given this message. */
  "handled-by",
  /** 1: a dial that met a silent link has left its PING in the count of what the client keeps. */
  "ping-counted",
  /** The part of the client's buffer that has left the process when it ends. */
  "written-before-exit",
] as const;
export type Label = (typeof labels)[number];

/** The observation that decides an answer, where one does. `runs` are the messages that the answer counts through, oldest first. */
export type About =
  /** The counted messages arrived, and the others never will. */
  | { readonly kind: "arrived"; readonly runs: readonly Run[] }
  /** Some of these messages never reach the observer. The arrival of the counted ones, or of the rest, shows in a stream at the end. */
  | { readonly kind: "held"; readonly runs: readonly Run[]; readonly which: "counted" | "rest" }
  /** The client keeps the rest, so the first of these messages to arrive afterwards is the answer. */
  | { readonly kind: "rest-is-kept"; readonly runs: readonly Run[] }
  /** The same, where an answer counts whole blocks. `before` is the number of messages that they hold, and never falls. */
  | {
      readonly kind: "rest-is-kept-in-blocks";
      readonly runs: readonly Run[];
      readonly before: (answer: number) => number;
    }
  /** The counted calls were answered. */
  | { readonly kind: "answered"; readonly runs: readonly Run[] }
  /** The counted calls, in a row, had this outcome, or the other one. */
  | { readonly kind: "ended-as"; readonly runs: readonly Run[]; readonly outcome: Outcome; readonly or?: Outcome }
  /** The first call beyond the counted ones had this outcome. */
  | { readonly kind: "until-ended-as"; readonly runs: readonly Run[]; readonly outcome: Outcome }
  /** The messages left of each publisher, whose `blocks` are all of theirs. The order in which they arrived shows the turns. */
  | { readonly kind: "turn"; readonly rests: readonly Run[]; readonly blocks: readonly Run[] }
  /** One of these replicas is given this message of the subject. */
  | {
      readonly kind: "handled-by";
      readonly subject: string;
      readonly message: number;
      readonly replicas: readonly number[];
    };

/** An integer in [lo, hi]. */
export type Choose = (label: Label, lo: number, hi: number, about?: About) => number;

/** One given answer, as written into a counterexample file. */
export interface Answer {
  readonly step: StepId;
  readonly label: Label;
  /** The number of times that the step had asked this before. */
  readonly occurrence: number;
  readonly answer: number;
}

/** The way in which a run's questions are answered; `at` announces the step that begins. */
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
 * Answers hashed from (seed, step id, label, occurrence), never from position, so that removing one step leaves the other answers alone.
 * Each end of the range is drawn a quarter of the time, since bugs live at boundaries. The rest is a fraction of the range, so that an
 * answer hardly moves when its range does.
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
      // Hashed at the first question: most steps ask none, and so do some runs.
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

/** Gives every answer at the same place of its range: at 0 the low end, at 1 the high end. */
export const leaning = (place: number): Answering => ({
  choose: (_label, lo, hi) => lo + Math.round(place * (hi - lo)),
  at: () => {},
});

/** A question with its answer. It had more than one possible answer where `hi` is above `lo`. */
export interface Asked extends Answer {
  readonly lo: number;
  readonly hi: number;
}

/** A place where a run could not be answered as stored, since the model or the scenario has changed. */
export type Departure =
  | { readonly kind: "clamped"; readonly stored: number; readonly asked: Asked }
  | { readonly kind: "sampled"; readonly asked: Asked }
  | { readonly kind: "never-asked"; readonly answer: Answer };

export interface Replaying extends Answering {
  /** The questions asked so far. */
  readonly asked: readonly Asked[];
  departures(): readonly Departure[];
}

/**
 * Repeats the stored answers: one outside its range is clamped, and a missing one comes from `otherwise`. With none stored it only records.
 */
export function replaying(stored: readonly Answer[], otherwise: Answering): Replaying {
  const asked: Asked[] = [];
  const departures: Departure[] = [];
  const used = new Set<Answer>();
  let step: StepId = "";
  let labelsAsked: Label[] = [];
  const choose: Choose = (label, lo, hi, about) => {
    const occurrence = labelsAsked.filter(one => one === label).length;
    labelsAsked.push(label);
    // Always asked, since the later answers of `otherwise` must not depend on what is stored.
    const fresh = otherwise.choose(label, lo, hi, about);
    const known = stored.find(one => one.step === step && one.label === label && one.occurrence === occurrence);
    if (known !== undefined) used.add(known);
    const answer = known === undefined ? fresh : Math.max(lo, Math.min(known.answer, hi));
    const one: Asked = { step, label, occurrence, answer, lo, hi };
    if (known !== undefined && known.answer !== answer)
      departures.push({ kind: "clamped", stored: known.answer, asked: one });
    // A range of one answer was no question.
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

interface Cell {
  readonly label: Label;
  readonly occurrence: number;
  readonly lo: number;
  readonly hi: number;
  readonly answers: readonly number[];
  at: number;
}

export interface Expanded<T> {
  readonly outcome: T;
  readonly answers: readonly Omit<Asked, "step">[];
}

/**
 * Every way in which the questions of `once` can be answered, one after the other (an odometer over a tape of answers). `once` must be a
 * function of the answers alone, so it works on a copy. A search that goes deep keeps one of these for each level, and no call on the stack.
 */
export class Expansion<T> {
  readonly #once: (choose: Choose) => T;
  readonly #candidates: Candidates;
  readonly #tape: Cell[] = [];
  #hasBegun = false;

  constructor(once: (choose: Choose) => T, candidates: Candidates) {
    this.#once = once;
    this.#candidates = candidates;
  }

  /** Undefined after the last one. */
  next(): Expanded<T> | undefined {
    if (this.#hasBegun && !this.#turn()) return undefined;
    this.#hasBegun = true;
    const tape = this.#tape;
    let asked = 0;
    const outcome = this.#once((label, lo, hi, about) => {
      let cell = tape[asked];
      if (cell === undefined) {
        const answers = lo >= hi ? [lo] : this.#candidates(label, lo, hi, about);
        const occurrence = tape.filter(earlier => earlier.label === label).length;
        cell = { label, occurrence, lo, hi, answers, at: 0 };
        tape.push(cell);
      }
      asked++;
      return cell.answers[cell.at] ?? lo;
    });
    const answers = tape.map(({ label, occurrence, lo, hi, answers, at }) => ({
      label,
      occurrence,
      answer: answers[at] ?? 0,
      lo,
      hi,
    }));
    return { outcome, answers };
  }

  /** Goes on to the next answer of the last question that has one left; false where none has. */
  #turn(): boolean {
    const tape = this.#tape;
    for (let last = tape.at(-1); last !== undefined; last = tape.at(-1)) {
      if (last.at + 1 < last.answers.length) {
        last.at++;
        return true;
      }
      tape.pop();
    }
    return false;
  }
}

/** Runs `once` for every way in which its questions can be answered. `visit` returns true to go on. */
export function expand<T>(
  once: (choose: Choose) => T,
  candidates: Candidates,
  visit: (outcome: T, answers: readonly Omit<Asked, "step">[]) => boolean,
): void {
  const expansion = new Expansion(once, candidates);
  for (let one = expansion.next(); one !== undefined; one = expansion.next())
    if (!visit(one.outcome, one.answers)) return;
}
