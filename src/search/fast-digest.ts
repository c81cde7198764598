/**
 * A rolling digest of a run's events that costs no text: always on in a search, where nothing is recorded. It leaves out what the
 * digest in a counterexample leaves out, proofs, and tells the same runs apart; its words are its own.
 */
import { hashText } from "../../models/choice.ts";
import type { Event, Run } from "../../models/vocabulary/event.ts";

/** The words that events are made of, by number; any other is hashed. */
const words: ReadonlyMap<string, number> = new Map(
  [
    ...["disturbed", "healed", "settled"],
    ...["accepted", "acked", "rejected", "unsettled", "ok", "failed"],
    ...["buffer-full", "closed", "draining", "timeout", "disconnected", "write-failed"],
    ...["start", "flush", "drain", "close", "connected", "reconnected"],
    ...["arrived", "refused", "reconnect buffer", "reset at dial", "client outbound", "outbound or socket", "link"],
    ...["cut", "hold", "limit", "blackhole", "stop-server", "pause-server"],
  ].map((word, i) => [word, i + 1]),
);
const wordOf = (text: string): number => words.get(text) ?? hashText(text);

/** Folds one integer in (the step of MurmurHash3). */
export function fold(digest: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  const h = digest ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

export interface Digest {
  word: number;
  /** The step that runs: hashed when it begins, and then only where an event names another. */
  step: string;
}

export const newDigest = (): Digest => ({ word: 0, step: "" });

export function foldEvent(digest: Digest, event: Event): void {
  digest.word = wordAfter(digest, event);
}

/** Each kind of event begins with a number of its own. */
function wordAfter(digest: Digest, event: Event): number {
  const { word } = digest;
  switch (event.kind) {
    case "step":
      if (event.phase === "ended") return fold(word, 1);
      digest.step = event.step;
      return fold(hashText(event.step, word), 2);
    case "published": {
      const run = foldRun(foldStep(fold(word, 3), digest, event.step), event);
      return foldOutcome(fold(run, event.frameBytes), event.outcome);
    }
    case "delivered":
      return foldRun(fold(word, 4), event);
    case "ended":
      return foldRun(fold(word, 4 + wordOf(event.place) * 16), event);
    case "called":
      return foldOutcome(fold(foldStep(fold(word, 5), digest, event.step), wordOf(event.call)), event.outcome);
    case "connection":
      return fold(fold(word, 6), wordOf(event.change));
    case "fault": {
      const fault = fold(foldStep(fold(word, 7), digest, event.step), wordOf(event.fault));
      return fold(fault, event.phase === "installed" ? 1 : 2);
    }
    case "healed":
      return foldStep(fold(word, 8), digest, event.step);
    case "phase":
      return fold(fold(word, 9), wordOf(event.phase));
    case "observed":
      return fold(fold(word, 10), event.complete ? 1 : 2);
    case "foreign":
      return fold(fold(word, 11), event.count);
    case "skipped":
      return fold(fold(hashText(event.step, word), 12), wordOf(event.reason));
    case "not-awaited":
      return fold(fold(hashText(event.step, word), 13), wordOf(event.what));
    case "awaits-notice":
      return foldStep(fold(word, 15), digest, event.step);
    case "holds":
    case "discarded":
      return foldRun(fold(fold(word, event.kind === "holds" ? 16 : 17), wordOf(event.stream)), event);
    case "handled":
      return foldRun(fold(fold(fold(word, 18 + event.replica * 64), event.delivery), wordOf(event.outcome)), event);
    case "process":
      return hashText(JSON.stringify(event), fold(word, 19));
    case "probe":
      return hashText(JSON.stringify(event), fold(word, 20));
    case "advanced":
      return fold(foldStep(fold(word, 21), digest, event.step), event.atMs);
    case "subscribed":
      return fold(fold(fold(fold(word, 22), event.replica), wordOf(event.subject)), wordOf(event.handler));
    case "conformance":
      return fold(fold(fold(word, 14), wordOf(event.answer)), wordOf(event.reason));
  }
}

const foldRun = (word: number, { first, count }: Run): number => fold(fold(word, first), count);

/** Nothing to say of the step that runs. */
const foldStep = (word: number, { step }: Digest, named: string): number =>
  named === step ? word : hashText(named, word);

function foldOutcome(h: number, outcome: { readonly is: string; readonly kind?: string }): number {
  const told = fold(h, wordOf(outcome.is));
  return outcome.kind === undefined ? told : fold(told, wordOf(outcome.kind));
}
