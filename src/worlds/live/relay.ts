/**
 * A relay between the proxy and the server that can speak in the server's place. It passes every byte on as it comes, and on demand puts a
 * line between two frames of the server. Toxiproxy has no toxic that writes.
 *
 * Only the cases that need it have it on their path. It listens on a port of 127.0.0.1 and dials the server's for every connection.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
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

  private constructor(port: number, listener: Server, pairs: Set<Pair>) {
    this.port = port;
    this.#listener = listener;
    this.#pairs = pairs;
  }

  /** Returns when it listens. `port` 0: any free port. */
  static async start(port: number, serverPort: number): Promise<Relay> {
    const pairs = new Set<Pair>();
    const listener = createServer({ noDelay: true }, client => join(pairs, client, serverPort));
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(port, "127.0.0.1", resolve);
    });
    const address = listener.address();
    if (address === null || typeof address === "string") throw new Error("The relay listens on no port.");
    return new Relay(address.port, listener, pairs);
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
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    await new Promise<void>(resolve => this.#listener.close(() => resolve()));
  }
}

function join(pairs: Set<Pair>, client: Socket, serverPort: number): void {
  const server = connect({ host: "127.0.0.1", port: serverPort, noDelay: true });
  const pair: Pair = { client, server, boundary: new FrameBoundary(), greeting: "", onBoundary: [] };
  pairs.add(pair);
  client.pipe(server);
  client.on("data", (chunk: Buffer) => {
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
