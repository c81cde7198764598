/**
 * The claims about a link that self-test.ts tries before the first live case, between two raw ends of a connection.
 *
 * Absence is concluded from barriers, never from waiting. "Nothing came through" is read after the sink has seen the end of its connection,
 * when the count is final. More is sent than the kernel keeps for a reader (`flood`). Once it has taken it all, the proxy must have had
 * much of it in its hands.
 */
import type { Capability } from "../../../models/vocabulary/scenario.ts";
import { isConnectedTo } from "./dials.ts";
import type { Relay } from "./relay.ts";
import { type Check, expect } from "./self-test-check.ts";
import { canDial, dialled, type End, type Sink } from "./sockets.ts";
import type { LinkOpening, LiveLink, ToxicName } from "./toxiproxy.ts";

export interface LinkStage {
  readonly link: LiveLink;
  readonly sink: Sink;
  /** Opens a relay before the sink's port. */
  openRelay(): Promise<Relay>;
}

const ofLink: readonly Capability[] = [
  "cut",
  "cut-with-rst",
  "hold",
  "limit",
  "blackhole",
  "handshake",
  "lose-ack",
  "silent-handshake",
  "server-error",
  "count-dials",
  "cut-server",
];
/** Linux was seen to take 3.7 MiB for a connection that is never read. */
const flood = Buffer.alloc(8 * 1024 * 1024, "x");
const preludeBytes = 500;

export const linkChecks: readonly Check<LinkStage>[] = [
  {
    name: "a cut ends an idle connection with FIN on both sides",
    neededFor: ofLink,
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
    neededFor: ofLink,
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
    run: async (stage: LinkStage) => {
      const { client, server } = await joined(stage, { closesWith: "fin" });
      await stage.link.limit(limitBytes);
      await expectListed(stage.link, "limit");
      // A FIN ends the connection where the limit does not, so the count becomes final either way.
      client.end(flood.subarray(0, 3 * limitBytes + 1));
      await server.closed;
      const passed = server.receivedBytes - preludeBytes;
      expect(passed === limitBytes, `${passed} bytes came through`);
    },
  })),
  {
    name: "a blackhole drops what is sent, and its release ends the connection",
    // A server of a pool that stays ends a connection so.
    neededFor: ["blackhole", "cut-server"],
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
  {
    name: "of what the server says next no line comes down, its connection ends, and a dial gets no greeting until the release",
    neededFor: ["lose-ack"],
    run: async ({ link, sink }) => {
      const { client, server } = await joined({ link, sink }, { closesWith: "fin" });
      await link.loseNextDownstream();
      await expectListed(link, "lose-downstream");
      client.write("publish");
      await server.untilReceived(preludeBytes + "publish".length);
      server.write("acknowledged\r\n");
      await client.closed;
      expect(client.receivedBytes < "acknowledged".length, "the client received the whole acknowledgement");
      const dialling = sink.accepted();
      const again = sink.keep(dialled(link.port));
      (await dialling).write("greeting\r\n");
      await again.closed;
      expect(again.receivedBytes < "greeting".length, "a later dial received the whole greeting");
      await link.release("lose-downstream");
      const healed = sink.accepted();
      const last = sink.keep(dialled(link.port));
      (await healed).write("greeting\r\n");
      await last.untilSaid("greeting\r\n");
    },
  },
  {
    name: "the 6 bytes of a server's PING pass without ending a connection whose next acknowledgement is to be lost",
    neededFor: ["lose-ack"],
    run: async stage => {
      const { client, server } = await joined(stage, { closesWith: "fin" });
      await stage.link.loseNextDownstream();
      server.write("PING\r\n");
      await client.untilSaid("PING\r\n");
      client.write("PONG\r\n");
      await server.untilSaid("PONG\r\n");
      expect(!client.isClosed, "the connection ended");
    },
  },
  {
    name: "a link that never greets accepts dials and passes nothing down, until it is cut and opened anew",
    neededFor: ["silent-handshake"],
    run: async ({ link, sink }) => {
      const { client, server } = await joined({ link, sink }, { closesWith: "fin", silentHandshake: true });
      await expectListed(link, "silent-handshake");
      await server.send(flood);
      await link.cut();
      await client.closed;
      expect(client.receivedBytes === 0, `the client received ${client.receivedBytes} bytes`);
      const next = await joined({ link, sink }, { closesWith: "fin" });
      next.server.write("greeting");
      await next.client.untilSaid("greeting");
    },
  },
  {
    name: "a relay on the link says a line once and between two messages, while they flow, and everything else passes as it was sent",
    neededFor: ["server-error"],
    run: stage =>
      withRelay(stage, async (relay, { client, server }) => {
        server.write(message.repeat(messagesBefore));
        await client.untilReceived(message.length);
        // Half of a message is under way when the line is requested.
        server.write(message.slice(0, halfBytes));
        await client.untilReceived(message.length * messagesBefore + halfBytes);
        const said = relay.speak(clientName, "self test", false);
        server.write(message.slice(halfBytes) + message);
        expect((await said) === 1, "the line was not written to the one connection");
        await client.untilReceived(message.length * (messagesBefore + 2) + line.length);
        const text = client.text();
        expect(text === message.repeat(messagesBefore + 1) + line + message, `the client received ${text.slice(-200)}`);
        expect(!client.isClosed, "the connection ended");
      }),
  },
  {
    name: "a relay on the link ends a connection right after its line, where that is asked for, and the next dial is served",
    neededFor: ["server-error"],
    run: stage =>
      withRelay(stage, async (relay, { client, server }) => {
        server.write(message);
        await client.untilReceived(message.length);
        expect(
          (await relay.speak(clientName, "self test", true)) === 1,
          "the line was not written to the one connection",
        );
        const how = [await client.closed, await server.closed];
        expect(
          how.every(one => one === "fin"),
          `client saw ${how[0]}, server saw ${how[1]}`,
        );
        expect(client.text() === message + line, `the client received ${client.text()}`);
        const accepted = stage.sink.accepted();
        const next = stage.sink.keep(dialled(stage.link.port));
        (await accepted).write("greeting");
        await next.untilSaid("greeting");
      }),
  },
  {
    name: "a relay on the link ends its connections and refuses and counts dials, until it lets the one after the last through",
    neededFor: ["count-dials"],
    run: stage =>
      withRelay(stage, async (relay, { client, server }) => {
        relay.refuseDials();
        await Promise.all([client.closed, server.closed]);
        const refused = async (): Promise<void> => void (await stage.sink.keep(dialled(stage.link.port)).closed);
        await refused();
        const opening = relay.acceptDials(dialsRefused);
        for (let i = 1; i < dialsRefused; i++) await refused();
        const { count } = await opening;
        expect(count === dialsRefused, `${count} dials were counted, and ${dialsRefused} were made`);
        const accepted = stage.sink.accepted();
        const next = stage.sink.keep(dialled(stage.link.port));
        (await accepted).write("greeting");
        await next.untilSaid("greeting");
      }),
  },
  {
    name: "the kernel reports whether a client is connected to the link",
    neededFor: ["cut-server"],
    run: async stage => {
      const { client } = await joined(stage, { closesWith: "fin" });
      expect(isConnectedTo(stage.link.port), "a connection that is there is not reported");
      await stage.link.cut();
      await client.closed;
      expect(!isConnectedTo(stage.link.port), "a connection that has ended is reported");
    },
  },
];

const dialsRefused = 3;
const line = "-ERR 'self test'\r\n";
/** Its payload looks like a line of the relay. */
const message = "MSG self.test 1 18\r\n-ERR 'self test'\r\n\r\n";
const clientName = "self-test";
const messagesBefore = 100;
const halfBytes = Math.floor(message.length / 2);

async function withRelay(
  stage: LinkStage,
  run: (relay: Relay, ends: { readonly client: End; readonly server: End }) => Promise<void>,
): Promise<void> {
  const relay = await stage.openRelay();
  try {
    await stage.link.open({ closesWith: "fin", through: relay.port });
    const client = stage.sink.keep(dialled(stage.link.port));
    const server = await stage.sink.accepted();
    client.write(`CONNECT {"verbose":false,"name":"${clientName}"}\r\n`);
    await server.untilSaid("\r\n");
    await run(relay, { client, server });
  } finally {
    await relay.end();
  }
}

/** A connection through the newly opened link, over which bytes have reached the server. */
async function joined(
  { link, sink }: Pick<LinkStage, "link" | "sink">,
  opening: LinkOpening,
): Promise<{ readonly client: End; readonly server: End }> {
  await link.open(opening);
  const client = sink.keep(dialled(link.port));
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

async function expectListed(link: LiveLink, name: ToxicName): Promise<void> {
  const listed = await link.toxics();
  expect(
    listed.some(toxic => toxic.name === name),
    `the proxy does not list "${name}"`,
  );
}
