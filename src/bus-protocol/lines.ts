/** Splits a stream of bytes into lines, for both ends of the bus protocol. A line is handed on at once, within the same tick. */
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { lineBytesMax } from "./protocol.ts";

export interface LineListener {
  readonly line: (text: string) => void;
  /** Called for a line longer than `lineBytesMax`; nothing is read after it. */
  readonly tooLong: (beginning: string) => void;
  /** Called once, when no more lines follow; a last line without its newline comes first. */
  readonly ended: () => void;
}

export function readLines(stream: Readable, listener: LineListener): void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let over = false;

  function finish(): void {
    if (over) return;
    over = true;
    if (rest !== "") listener.line(rest);
    listener.ended();
  }

  stream.on("data", (chunk: Buffer) => {
    if (over) return;
    const pieces = (rest + decoder.write(chunk)).split("\n");
    rest = pieces.pop() ?? "";
    for (const piece of pieces) if (piece.trim() !== "") listener.line(piece);
    // Counted in characters: never more than the bytes, and close enough for a bound.
    if (rest.length > lineBytesMax) {
      over = true;
      listener.tooLong(rest);
    }
  });
  stream.on("end", finish);
  stream.on("close", finish);
  // A broken stream is an ended one: its "close" follows.
  stream.on("error", () => {});
}
