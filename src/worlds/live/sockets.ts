/** Raw ends of connections, for the self-test, which must see bytes and how a connection ends rather than what a client makes of it. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export const dialled = (port: number): End => new End(connect({ host: "127.0.0.1", port }));

export async function canDial(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** One end of a connection. It counts and keeps what it receives, and knows how it was ended. */
export class End {
  readonly closed: Promise<"fin" | "rst">;
  isClosed = false;
  receivedBytes = 0;
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    let finSeen = false;
    socket.on("data", chunk => {
      this.#chunks.push(chunk);
      this.receivedBytes += chunk.length;
    });
    socket.once("end", () => {
      finSeen = true;
    });
    // The error is followed by "close", which says what matters.
    socket.on("error", () => {});
    this.closed = new Promise(resolve => {
      socket.once("close", () => {
        this.isClosed = true;
        resolve(finSeen ? "fin" : "rst");
      });
    });
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Writes the bytes, and then a FIN. */
  end(bytes: Uint8Array): void {
    this.#socket.end(bytes);
  }

  /** Returns when the kernel has taken all bytes, or the connection is gone. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise(resolve => {
      this.#socket.write(bytes, () => resolve());
    });
  }

  untilReceived(bytes: number): Promise<void> {
    return this.#until(() => this.receivedBytes >= bytes, `${bytes} bytes`);
  }

  untilSaid(words: string): Promise<void> {
    return this.#until(() => this.text().includes(words), JSON.stringify(words));
  }

  async #until(holds: () => boolean, what: string): Promise<void> {
    while (!holds()) {
      if (this.isClosed) throw new Error(`the connection ended after ${this.receivedBytes} bytes, without ${what}`);
      await Promise.race([once(this.#socket, "data"), this.closed]);
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("latin1");
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** The server's side, in this process. */
export class Sink {
  readonly port: number;
  readonly #server: Server;
  readonly #ends: End[] = [];

  private constructor(server: Server) {
    this.#server = server;
    const address = server.address();
    this.port = typeof address === "object" && address !== null ? address.port : 0;
  }

  static async open(): Promise<Sink> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Sink(server);
  }

  async accepted(): Promise<End> {
    const ended = "the listener was closed before anybody dialled";
    if (!this.#server.listening) throw new Error(ended);
    const closed = once(this.#server, "close").then(() => {
      throw new Error(ended);
    });
    const [socket] = (await Promise.race([once(this.#server, "connection"), closed])) as [Socket];
    return this.keep(new End(socket));
  }

  /** Keeps the end, so that it is closed with the sink. */
  keep(end: End): End {
    this.#ends.push(end);
    return end;
  }

  close(): void {
    for (const end of this.#ends) end.destroy();
    this.#server.close();
  }
}
