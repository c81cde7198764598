/**
 * The numbers of messages as they arrive, at the observer or in a stream. A payload is the message's number in 8 decimal digits, then
 * filler, so a message is known by its content. They are kept in order as runs of ascending numbers; a hundred thousand messages are a
 * handful of runs.
 */
import type { HeaderBytes } from "../../../models/vocabulary/event.ts";
import type { Arrived, ArrivedRun } from "../driver/rig.ts";

const digits = 8;
const filler = 0x78; // "x"

export class Arrivals {
  readonly #runs: (Omit<ArrivedRun, "count"> & { count: number })[] = [];
  #foreign = 0;
  #headerBytes: HeaderBytes | undefined;

  /** `headerBytes`: 0 where the message has no headers. */
  add(subject: string, payload: Uint8Array, headerBytes = 0): void {
    const number = numberOf(payload);
    const last = this.#runs.at(-1);
    const bytes = payload.length;
    if (number !== undefined) this.#noteHeaders(headerBytes);
    if (number === undefined) this.#foreign += 1;
    else if (last?.subject === subject && last.bytes === bytes && number === last.first + last.count) last.count += 1;
    else this.#runs.push({ first: number, count: 1, subject, bytes });
  }

  /** A message arrived and its payload could not be read. */
  addUnreadable(): void {
    this.#foreign += 1;
  }

  /** Runs in the order of arrival; a repeated number begins a new run. */
  list(): Arrived {
    const runs = this.#runs.map(run => ({ ...run }));
    const headerBytes = this.#headerBytes;
    const hasHeaders = headerBytes !== undefined && headerBytes.most > 0;
    return { runs, foreign: this.#foreign, ...(hasHeaders && { headerBytes }) };
  }

  #noteHeaders(bytes: number): void {
    const { least = bytes, most = bytes } = this.#headerBytes ?? {};
    if (this.#headerBytes === undefined || bytes < least || bytes > most)
      this.#headerBytes = { least: Math.min(least, bytes), most: Math.max(most, bytes) };
  }
}

/** Read byte by byte, since a string for each message would be most of the cost. */
export function numberOf(payload: Uint8Array): number | undefined {
  if (payload.length < digits) return undefined;
  let number = 0;
  for (let index = 0; index < digits; index += 1) {
    const digit = (payload[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  for (let index = digits; index < payload.length; index += 1) if (payload[index] !== filler) return undefined;
  return number;
}
