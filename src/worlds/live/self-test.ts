/**
 * Tries every fault of a link on raw sockets before the first live case, in well under a second: a verdict is worth no more
 * than the fault it rests on. What fails here is a capability the live world does not have, so cases that need it are not run.
 *
 * Absence is concluded from barriers, never from waiting. "Nothing came through" is read after the sink has seen the end of
 * its connection, when the count is final; and what was sent is more than the kernel keeps for a reader (`flood`), so that once
 * it has taken it all, the proxy is known to have had much of it in its hands.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Capability } from "../../../models/vocabulary/scenario.ts";
import { isDoneWithin } from "./guard.ts";
import type { Link, LinkOpening, ToxicName } from "./toxiproxy.ts";

export interface Finding {
  /** A claim about the link. */
  readonly name: string;
  readonly ok: boolean;
  /** What was seen instead; empty where the claim holds. */
  readonly detail: string;
}

export interface SelfTest {
  /** What the link has been seen to do. */
  readonly capabilities: readonly Capability[];
  readonly findings: readonly Finding[];
}

interface Check {
  readonly name: string;
  /** None of these without this claim. */
  readonly neededFor: readonly Capability[];
  /** Throws what it saw instead. */
  readonly run: (stage: Stage) => Promise<void>;
}

interface Stage {
  readonly link: Link;
  readonly sink: Sink;
}

const tested: readonly Capability[] = ["cut", "cut-with-rst", "hold", "limit", "blackhole", "handshake"];
const checkBoundMs = 3_000;
/** Linux was seen to take 3.7 MiB for a connection that nobody reads. */
const flood = Buffer.alloc(8 * 1024 * 1024, "x");
const preludeBytes = 500;

const checks: readonly Check[] = [
  {
    name: "a cut ends an idle connection with FIN on both sides",
    neededFor: tested,
    run: async stage => {
      const { client, server } = await joined(stage, { closesWith: "fin" });
      await stage.link.cut();
      const seen = [await client.closed, await server.closed];
      expect(
        seen.every(how => how === "fin"),
        `client saw ${seen[0]}, server saw ${seen[1]}`,
      );
    },
  },
  {
    name: "a cut link refuses dials, and its port can be opened again at once",
    neededFor: tested,
    run: async stage => {
      await joined(stage, { closesWith: "fin" });
      await stage.link.cut();
      expect(!(await canDial(stage.link.port)), "a dial after the cut was taken");
      await joined(stage, { closesWith: "fin" });
    },
  },
  {
    name: "a cut resets the client's connection where the link was opened so",
    neededFor: ["cut-with-rst"],
    run: async stage => {
      const { client } = await joined(stage, { closesWith: "rst" });
      await stage.link.cut();
      const how = await client.closed;
      expect(how === "rst", `the client saw ${how}`);
    },
  },
  {
    name: "a hold keeps what is sent until its release, which lets all of it through in order on the same connection",
    neededFor: ["hold"],
    run: async stage => {
      const { client, server } = await joined(stage, { closesWith: "fin" });
      await stage.link.hold();
      await expectListed(stage.link, "hold");
      const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index}\n`);
      for (const line of lines) client.write(line);
      await stage.link.release("hold");
      const sent = lines.join("");
      await server.untilReceived(preludeBytes + sent.length);
      expect(server.text().slice(preludeBytes) === sent, "other bytes came out than went in");
      expect(!client.isClosed, "the connection ended");
    },
  },
  {
    name: "a cut drops what a hold keeps",
    neededFor: ["hold"],
    run: async stage => {
      const { client, server } = await joined(stage, { closesWith: "fin" });
      await stage.link.hold();
      await client.send(flood);
      await stage.link.cut();
      await expectNothingMore(server);
    },
  },
  ...[0, 1, 100_000].map(limitBytes => ({
    name: `a limit of ${limitBytes} bytes lets exactly ${limitBytes} more through and ends the connection`,
    neededFor: ["limit"] as const,
    run: async (stage: Stage) => {
      const { client, server } = await joined(stage, { closesWith: "fin" });
      await stage.link.limit(limitBytes);
      await expectListed(stage.link, "limit");
      // Its own FIN ends the connection where the limit does not, so the count becomes final either way.
      client.end(flood.subarray(0, 3 * limitBytes + 1));
      await server.closed;
      const passed = server.receivedBytes - preludeBytes;
      expect(passed === limitBytes, `${passed} bytes came through`);
    },
  })),
  {
    name: "a blackhole drops what is sent, and its release ends the connection",
    neededFor: ["blackhole"],
    run: async stage => {
      const { client, server } = await joined(stage, { closesWith: "fin" });
      await stage.link.blackhole();
      await expectListed(stage.link, "blackhole");
      await client.send(flood);
      expect(!client.isClosed, "the connection ended before the release");
      await stage.link.release("blackhole");
      await expectNothingMore(server);
    },
  },
  {
    name: "a link opened with its downstream held keeps the server's greeting until the release",
    neededFor: ["handshake"],
    run: async stage => {
      const { client, server } = await joined(stage, { closesWith: "fin", heldDownstream: true });
      await expectListed(stage.link, "hold-downstream");
      server.write("greeting");
      await stage.link.release("hold-downstream");
      await client.untilReceived("greeting".length);
      expect(client.text() === "greeting", `the client received ${client.text()}`);
    },
  },
  {
    name: "a cut drops a greeting that is held",
    neededFor: ["handshake"],
    run: async stage => {
      const { client, server } = await joined(stage, { closesWith: "fin", heldDownstream: true });
      await server.send(flood);
      await stage.link.cut();
      await client.closed;
      expect(client.receivedBytes === 0, `the client received ${client.receivedBytes} bytes`);
    },
  },
];

/** `makeLink` gives a link, not open yet, to a server port of ours. It is called once for each claim. */
export async function testInjector(makeLink: (serverPort: number) => Link): Promise<SelfTest> {
  const findings: Finding[] = [];
  const missing = new Set<Capability>();
  for (const check of checks) {
    const detail = await failureOf(check, makeLink);
    findings.push({ name: check.name, ok: detail === "", detail });
    if (detail !== "") for (const capability of check.neededFor) missing.add(capability);
  }
  return { capabilities: tested.filter(capability => !missing.has(capability)), findings };
}

async function failureOf(check: Check, makeLink: (serverPort: number) => Link): Promise<string> {
  const sink = await Sink.open();
  const link = makeLink(sink.port);
  try {
    if (await isDoneWithin(check.run({ link, sink }), checkBoundMs)) return "";
    return `not settled within ${checkBoundMs} ms`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    sink.close();
    if (link.isOpen) await link.cut();
  }
}

/** A connection through the newly opened link, over which bytes have come to the server. */
async function joined(
  { link, sink }: Stage,
  opening: LinkOpening,
): Promise<{ readonly client: End; readonly server: End }> {
  await link.open(opening);
  const client = sink.keep(new End(connect({ host: "127.0.0.1", port: link.port })));
  const server = await sink.accepted();
  client.write(flood.subarray(0, preludeBytes));
  await server.untilReceived(preludeBytes);
  return { client, server };
}

/** Judged when the connection has ended and the count is final. */
async function expectNothingMore(server: End): Promise<void> {
  await server.closed;
  expect(server.receivedBytes === preludeBytes, `${server.receivedBytes - preludeBytes} bytes came through`);
}

async function expectListed(link: Link, name: ToxicName): Promise<void> {
  const listed = await link.toxics();
  expect(
    listed.some(toxic => toxic.name === name),
    `the proxy does not list "${name}"`,
  );
}

function expect(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

async function canDial(port: number): Promise<boolean> {
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

/** One end of a connection, which counts and keeps what it receives and knows how it was ended. */
class End {
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
    // An error is followed by "close".
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

  /** Writes it, and then its FIN. */
  end(bytes: Uint8Array): void {
    this.#socket.end(bytes);
  }

  /** Returns when the kernel has taken it all, or the connection is gone. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise(resolve => {
      this.#socket.write(bytes, () => resolve());
    });
  }

  async untilReceived(bytes: number): Promise<void> {
    while (this.receivedBytes < bytes) {
      if (this.isClosed) throw new Error(`the connection ended after ${this.receivedBytes} of ${bytes} bytes`);
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
class Sink {
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
    const [socket] = (await once(this.#server, "connection")) as [Socket];
    return this.keep(new End(socket));
  }

  /** So that it is closed with the sink. */
  keep(end: End): End {
    this.#ends.push(end);
    return end;
  }

  close(): void {
    for (const end of this.#ends) end.destroy();
    this.#server.close();
  }
}
