/** A process of the bus that ended by itself: the reason in words, with its last ones. */
import type { Event } from "../../models/vocabulary/event.ts";

export type CrashEvent = Extract<Event, { readonly kind: "crashed" }>;

/** Files keep reasons of up to 4,000 letters. */
const wordsCharsMax = 3_000;

export function crashText({ step, code, signal, owed, lastWords }: CrashEvent): string {
  const how = signal === null ? `ended with exit code ${code ?? "unknown"}` : `was ended by ${signal}`;
  const when = owed === "" ? "between two commands" : `while it owed an answer to ${owed}`;
  const words = lastWords.map(line => JSON.stringify(line)).join(" ");
  const said = lastWords.length === 0 ? "it said nothing" : `its last words: ${words.slice(0, wordsCharsMax)}`;
  return `at ${step} the process of the bus ${how} by itself, ${when}; ${said}`;
}
