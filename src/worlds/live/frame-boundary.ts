/**
 * The ends of NATS protocol frames in the bytes that a server sends. A frame is a line that ends in CR LF, and after MSG and HMSG a payload
 * whose length the line gives. It is fed chunk by chunk, and keeps no more than the line under way.
 */
const lf = 0x0a;

export class FrameBoundary {
  readonly #line: Buffer[] = [];
  /** The rest of a payload and its CR LF, in bytes. */
  #payloadLeft = 0;

  /** All bytes read so far are whole frames. */
  get isAtEnd(): boolean {
    return this.#payloadLeft === 0 && this.#line.length === 0;
  }

  /**
   * Reads the chunk; with `stops`, only up to the first end of a frame, whose offset it returns. Undefined where the chunk ends
   * within a frame, or where `stops` is false.
   */
  read(chunk: Buffer, stops: boolean): number | undefined {
    let at = 0;
    while (at < chunk.length) {
      at = this.#payloadLeft > 0 ? this.#skip(chunk, at) : this.#readLine(chunk, at);
      if (stops && this.isAtEnd) return at;
    }
    return undefined;
  }

  #skip(chunk: Buffer, at: number): number {
    const bytes = Math.min(this.#payloadLeft, chunk.length - at);
    this.#payloadLeft -= bytes;
    return at + bytes;
  }

  #readLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(lf, at);
    const next = end < 0 ? chunk.length : end + 1;
    this.#line.push(chunk.subarray(at, next));
    if (end < 0) return next;
    this.#payloadLeft = payloadBytes(Buffer.concat(this.#line.splice(0)).toString("latin1"));
    return next;
  }
}

/** The number of bytes after the line, including CR LF. The last word of MSG and HMSG is the length of the whole payload. */
function payloadBytes(line: string): number {
  const words = line.trimEnd().split(/\s+/);
  const verb = words[0]?.toUpperCase();
  return verb === "MSG" || verb === "HMSG" ? Number(words.at(-1)) + 2 : 0;
}
