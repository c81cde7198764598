/**
 * The claims about a server that self-test.ts tries before the first live case. It ends, comes back with its streams or without, stands
 * still, and runs without JetStream or with credentials required. Each claim is seen on a raw connection and in the server's own report,
 * and so is its end.
 */
import type { StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { Credentials, NatsServer } from "./nats-server.ts";
import { type Check, expect } from "./self-test-check.ts";
import { canDial, dialled, type End, Sink } from "./sockets.ts";
import { openStreams } from "./streams.ts";

const stream: StreamPolicy = {
  name: "SELF_TEST",
  subjects: ["self.test"],
  storage: "file",
  duplicateWindowMs: 1_000,
  discard: "old",
  made: "present",
};
const credentials: Credentials = { user: "self", password: "test" };

export const serverChecks: readonly Check<NatsServer>[] = [
  {
    name: "a stop ends connections and refuses dials, and a start brings the streams back, or none where the store is lost",
    neededFor: ["stop-server"],
    run: async server => {
      await makeStream(server);
      for (const { signal, store, streams } of [
        { signal: "TERM", store: "kept", streams: 1 },
        { signal: "KILL", store: "lost", streams: 0 },
      ] as const) {
        const client = await joined(server);
        await server.stop(signal);
        await client.closed;
        expect(server.pid === undefined && !(await canDial(server.port)), `a dial after SIG${signal} was taken`);
        await server.restart({ store });
        (await joined(server)).destroy();
        const found = (await server.state()).streams;
        expect(found === streams, `${found} streams are there after a start with its store ${store}`);
      }
    },
  },
  {
    name: "a paused server stands still with its connections open, and answers when it goes on",
    neededFor: ["pause-server"],
    run: async server => {
      const client = await joined(server);
      await server.pause();
      expect(server.isHalted, "not every thread stands still");
      const before = client.receivedBytes;
      client.write("PING\r\n");
      await roundTrips(20);
      expect(client.receivedBytes === before && !client.isClosed, "it answered, or let go of the connection");
      await server.resume();
      await client.untilReceived(before + "PONG\r\n".length);
      expect(!server.isHalted, "it stands still after it has answered");
      client.destroy();
    },
  },
  {
    name: "a server without JetStream says so, nobody answers for its streams, and the next start brings it back",
    neededFor: ["no-jetstream"],
    run: async server => {
      await server.restart({ jetStream: false });
      expect(!(await server.state()).hasJetStream, "it has JetStream");
      const answer = await askForJetStream(server);
      expect(answer.startsWith("HMSG"), `the request was answered by ${answer}`);
      await server.restart();
      const later = await askForJetStream(server);
      expect(later.startsWith("MSG") && (await server.state()).hasJetStream, "JetStream did not come back");
    },
  },
  {
    name: "a server that requires credentials ends the connection of who has none, serves who has them, and the next start serves all",
    neededFor: ["refuse-credentials"],
    run: async server => {
      await server.restart({ authorization: credentials });
      expect((await server.state()).requiresCredentials, "it requires none");
      const refused = greeted(server, {});
      await refused.untilSaid("-ERR 'Authorization Violation'");
      await refused.closed;
      (await joined(server, { user: credentials.user, pass: credentials.password })).destroy();
      await server.restart();
      (await joined(server)).destroy();
    },
  },
];

type Connect = Readonly<Record<string, string | boolean>>;

/** An end that has sent CONNECT and asked for an answer. */
function greeted(server: NatsServer, connect: Connect): End {
  const client = dialled(server.port);
  client.write(
    `CONNECT ${JSON.stringify({ verbose: false, headers: true, no_responders: true, ...connect })}\r\nPING\r\n`,
  );
  return client;
}

async function joined(server: NatsServer, connect: Connect = {}): Promise<End> {
  const client = greeted(server, connect);
  await client.untilSaid("PONG\r\n");
  return client;
}

/** The answer to a request to JetStream: MSG, or HMSG with the status for no responders. */
async function askForJetStream(server: NatsServer): Promise<string> {
  const client = await joined(server);
  const before = client.text().length;
  client.write("SUB answer 1\r\nPUB $JS.API.INFO answer 0\r\n\r\n");
  await client.untilSaid("MSG answer");
  client.destroy();
  return client
    .text()
    .slice(before)
    .replace(/^INFO.*\r\n/, "");
}

async function makeStream(server: NatsServer): Promise<void> {
  const streams = await openStreams(server.port);
  await streams.create([stream]);
  await streams.close();
}

/** Waits as long as this many answers over loopback take; a live server answers within the first. */
async function roundTrips(count: number): Promise<void> {
  const sink = await Sink.open();
  const accepted = sink.accepted();
  const client = sink.keep(dialled(sink.port));
  const server = await accepted;
  for (let i = 1; i <= count; i += 1) {
    client.write(".");
    await server.untilReceived(i);
    server.write(".");
    await client.untilReceived(i);
  }
  sink.close();
}
