/**
 * A second observer, which shares no code with the first: it speaks the protocol of NATS itself, as much of it as a subscription needs. What
 * one of the two loses, doubles, swaps or alters, the other has seen as it was.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Arrived } from "../driver/rig.ts";
import type { Arrivals } from "./arrivals.ts";
import type { Credentials } from "./nats-server.ts";

const lineEnd = Buffer.from("\r\n");
const boundMs = 10_000;

/** A message's frame, of which the payload is still to come. */
interface Frame {
  readonly subject: string;
  readonly headerBytes: number;
  readonly bytes: number;
}

/** The subscriptions are in force when `open` returns. Once its connection is gone it knows nothing more. */
export class RawObserver {
  readonly #socket: Socket;
  readonly #arrivals: Arrivals;
  #left: Buffer = Buffer.alloc(0);
  #frame: Frame | undefined;
  readonly #pongs: (() => void)[] = [];
  #isOver = false;

  private constructor(socket: Socket, arrivals: Arrivals) {
    this.#socket = socket;
    this.#arrivals = arrivals;
    socket.on("data", chunk => this.#take(chunk));
    // The error is followed by "close", which says what matters.
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#isOver = true;
      for (const answered of this.#pongs.splice(0)) answered();
    });
  }

  /** Adds to `arrivals` whatever arrives on these subjects. */
  static async open(
    port: number,
    subjects: readonly string[],
    arrivals: Arrivals,
    credentials?: Credentials,
  ): Promise<RawObserver> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(socket, "connect");
    const observer = new RawObserver(socket, arrivals);
    const known = credentials === undefined ? {} : { user: credentials.user, pass: credentials.password };
    const hello = {
      verbose: false,
      pedantic: false,
      headers: true,
      name: "faultline-second-observer",
      lang: "faultline",
    };
    observer.#write(`CONNECT ${JSON.stringify({ ...hello, version: "1", protocol: 1, ...known })}`);
    for (const [i, subject] of subjects.entries()) observer.#write(`SUB ${subject} ${i + 1}`);
    if (!(await observer.flush())) throw new Error("The second observer's connection ended as soon as it was made.");
    return observer;
  }

  /** True when everything is counted that the server had when it was asked; false where the connection is gone. */
  async flush(): Promise<boolean> {
    if (this.#isOver) return false;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>(resolve => {
      timer = setTimeout(() => {
        this.#socket.destroy();
      }, boundMs);
      this.#pongs.push(resolve);
      this.#write("PING");
    });
    clearTimeout(timer);
    return !this.#isOver;
  }

  close(): void {
    this.#socket.destroy();
  }

  list(): Arrived {
    return this.#arrivals.list();
  }

  #write(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  #take(chunk: Buffer): void {
    const bytes = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk]);
    let at = 0;
    for (;;) {
      const next = this.#frame === undefined ? this.#takeLine(bytes, at) : this.#takePayload(bytes, at, this.#frame);
      if (next === undefined) break;
      at = next;
    }
    this.#left = bytes.subarray(at);
  }

  /** The place after the line at `at`; undefined where it has not ended. */
  #takeLine(bytes: Buffer, at: number): number | undefined {
    const end = bytes.indexOf(lineEnd, at);
    if (end < 0) return undefined;
    const [verb = "", ...words] = bytes.toString("latin1", at, end).split(" ");
    if (verb === "PING") this.#write("PONG");
    if (verb === "PONG") this.#pongs.shift()?.();
    if (verb === "MSG" || verb === "HMSG") {
      const sizes = words.slice(verb === "MSG" ? -1 : -2).map(Number);
      this.#frame = {
        subject: words[0] ?? "",
        headerBytes: verb === "MSG" ? 0 : (sizes[0] ?? 0),
        bytes: sizes.at(-1) ?? 0,
      };
    }
    return end + lineEnd.length;
  }

  /** The place after the payload at `at`; undefined where it has not all come. */
  #takePayload(bytes: Buffer, at: number, { subject, headerBytes, bytes: length }: Frame): number | undefined {
    const end = at + length;
    if (bytes.length < end + lineEnd.length) return undefined;
    this.#arrivals.add(subject, bytes.subarray(at + headerBytes, end), headerBytes);
    this.#frame = undefined;
    return end + lineEnd.length;
  }
}
