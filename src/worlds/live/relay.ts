/**
 * A relay between the proxy and the server that can speak in the server's place. It passes every byte on as it comes, and on demand puts a
 * line between two frames of the server. Toxiproxy has no toxic that writes. It can also refuse dials and count them, where Toxiproxy without
 * a port to listen on would not see any.
 *
 * Only the cases that need it have it on their path. It listens on a port of 127.0.0.1 and dials the server's for every connection.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { RefusedDials } from "../driver/rig.ts";
import { FrameBoundary } from "./frame-boundary.ts";

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  readonly boundary: FrameBoundary;
  /** The client's first bytes, until its CONNECT is whole. */
  greeting: string;
  /** Functions that wait for the end of the frame under way, in order. */
  readonly onBoundary: (() => void)[];
}

export class Relay {
  readonly port: number;
  readonly #listener: Server;
  readonly #pairs: Set<Pair>;
  readonly #door: Door;
  readonly #taken: Taken;

  private constructor(port: number, listener: Server, pairs: Set<Pair>, door: Door, taken: Taken) {
    this.port = port;
    this.#listener = listener;
    this.#pairs = pairs;
    this.#door = door;
    this.#taken = taken;
  }

  /** The bytes that clients have sent it so far. */
  get takenBytes(): number {
    return this.#taken.bytes;
  }

  /** The bytes of each client, in the order of their connections, where it records. */
  get recorded(): readonly (readonly Buffer[])[] {
    return this.#taken.connections;
  }

  /** Returns when it listens. `port` 0: any free port. `records`: it keeps all that clients send. */
  static async start(port: number, serverPort: number, records = false): Promise<Relay> {
    const pairs = new Set<Pair>();
    const door = new Door();
    const taken: Taken = { bytes: 0, connections: [], records };
    const listener = createServer({ noDelay: true }, client => {
      if (door.letsThrough()) join(pairs, client, serverPort, taken);
      else client.destroy();
    });
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(port, "127.0.0.1", resolve);
    });
    const address = listener.address();
    if (address === null || typeof address === "string") throw new Error("The relay listens on no port.");
    return new Relay(address.port, listener, pairs, door, taken);
  }

  /** Ends every connection, and ends each that is made from now on as soon as it is there. The count begins anew. */
  refuseDials(): void {
    this.#door.close();
    this.#endAll();
  }

  /** Undefined while connections are let through. */
  get refusedDials(): RefusedDials | undefined {
    return this.#door.refused;
  }

  /** 0: at once. Else in the moment in which `after` dials have been refused in all, the last of them since this call. */
  acceptDials(after: number): Promise<RefusedDials> {
    return this.#door.open(after);
  }

  /**
   * Writes `-ERR '<text>'` to every connection whose CONNECT gives that name, at its next frame boundary. With `closes` it then ends the
   * connection, as the server does. Returns the number of connections once the kernel has taken the line.
   */
  async speak(name: string, text: string, closes: boolean): Promise<number> {
    const named = [...this.#pairs].filter(({ greeting }) => nameIn(greeting) === name);
    const written = await Promise.all(named.map(pair => speakTo(pair, `-ERR '${text}'\r\n`, closes)));
    return written.filter(isWritten => isWritten).length;
  }

  /** Ends every connection and stops listening. */
  async end(): Promise<void> {
    this.#endAll();
    await new Promise<void>(resolve => this.#listener.close(() => resolve()));
  }

  #endAll(): void {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }
}

/** Lets connections through, or refuses and counts them. */
class Door {
  #isOpen = true;
  #count = 0;
  #lastMs = 0;
  #longestGapMs = 0;
  /** It opens with the refusal of this number. */
  #opensAfter = Number.POSITIVE_INFINITY;
  #opened: ((refused: RefusedDials) => void)[] = [];

  /** Asked once for each connection. */
  letsThrough(): boolean {
    if (this.#isOpen) return true;
    const nowMs = performance.now();
    this.#count++;
    this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    if (this.#count >= this.#opensAfter) this.#openNow();
    return false;
  }

  close(): void {
    this.#isOpen = false;
    this.#count = 0;
    this.#longestGapMs = 0;
    this.#lastMs = performance.now();
    this.#opensAfter = Number.POSITIVE_INFINITY;
  }

  get refused(): RefusedDials | undefined {
    return this.#isOpen ? undefined : this.#refusedSoFar;
  }

  async open(after: number): Promise<RefusedDials> {
    if (this.#isOpen) return this.#refusedSoFar;
    if (after === 0) return this.#openNow();
    this.#opensAfter = Math.max(after, this.#count + 1);
    return new Promise<RefusedDials>(resolve => this.#opened.push(resolve));
  }

  #openNow(): RefusedDials {
    this.#longestGapMs = Math.max(this.#longestGapMs, performance.now() - this.#lastMs);
    this.#isOpen = true;
    const refused = this.#refusedSoFar;
    for (const tell of this.#opened.splice(0)) tell(refused);
    return refused;
  }

  get #refusedSoFar(): RefusedDials {
    const sinceLastMs = this.#isOpen ? 0 : performance.now() - this.#lastMs;
    return { count: this.#count, longestGapMs: Math.max(this.#longestGapMs, sinceLastMs) };
  }
}

/** The bytes that clients have sent. */
interface Taken {
  bytes: number;
  readonly records: boolean;
  readonly connections: Buffer[][];
}

function join(pairs: Set<Pair>, client: Socket, serverPort: number, taken: Taken): void {
  const server = connect({ host: "127.0.0.1", port: serverPort, noDelay: true });
  const pair: Pair = { client, server, boundary: new FrameBoundary(), greeting: "", onBoundary: [] };
  pairs.add(pair);
  const chunks: Buffer[] = [];
  taken.connections.push(chunks);
  client.pipe(server);
  client.on("data", (chunk: Buffer) => {
    taken.bytes += chunk.length;
    if (taken.records) chunks.push(chunk);
    if (!pair.greeting.includes("\n") && pair.greeting.length < greetingBytesMax)
      pair.greeting += chunk.toString("latin1");
  });
  server.on("data", chunk => passDown(pair, chunk));
  server.on("end", () => client.end());
  for (const [socket, other] of [
    [client, server],
    [server, client],
  ] as const) {
    // The error is followed by "close", which says what matters.
    socket.on("error", () => {});
    socket.on("close", () => {
      pairs.delete(pair);
      // Bytes that one side sent before its end are still passed on.
      other.destroySoon();
    });
  }
}

/** A CONNECT is a few hundred bytes. */
const greetingBytesMax = 65_536;

/** The name that a client's CONNECT gives. */
function nameIn(greeting: string): string | undefined {
  const said = /^CONNECT (\{.*\})\s*\r\n/i.exec(greeting)?.[1];
  if (said === undefined) return undefined;
  try {
    const { name } = JSON.parse(said) as { readonly name?: unknown };
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

/** Passes a chunk on, split where a line is to be inserted. */
function passDown(pair: Pair, chunk: Buffer): void {
  const { boundary, client, server, onBoundary } = pair;
  if (!client.writable) return;
  const end = boundary.read(chunk, onBoundary.length > 0);
  if (end !== undefined) {
    client.write(chunk.subarray(0, end));
    for (const speak of onBoundary.splice(0)) speak();
    if (end < chunk.length) passDown(pair, chunk.subarray(end));
    return;
  }
  if (!client.write(chunk)) {
    server.pause();
    client.once("drain", () => server.resume());
  }
}

/** Returns true once the kernel has taken the line. */
function speakTo({ client, server, boundary, onBoundary }: Pair, line: string, closes: boolean): Promise<boolean> {
  return new Promise<boolean>(resolve => {
    client.once("close", () => resolve(false));
    const speak = (): void => {
      client.write(line, error => resolve(error === undefined || error === null));
      if (!closes) return;
      client.end();
      server.destroySoon();
    };
    if (boundary.isAtEnd) speak();
    else onBoundary.push(speak);
  });
}
