/** The relay speaks between two frames, however the bytes come, and passes everything else on as it is. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { FrameBoundary } from "../../../src/worlds/live/frame-boundary.ts";
import { Relay } from "../../../src/worlds/live/relay.ts";

const frames = [
  'INFO {"server_id":"a"}\r\n',
  "PING\r\n",
  "MSG a.b 1 8\r\n-ERR 'x'\r\n",
  "MSG a 1 reply 0\r\n\r\n",
  "HMSG a 1 12 17\r\nNATS/1.0\r\n\r\n-ERR\n\r\n",
  "msg a 1 3\r\n\r\nM\r\n",
  "-ERR 'y'\r\n",
  "PONG\r\n",
];
const stream = Buffer.from(frames.join(""));
const ends = frames.map((_, i) => frames.slice(0, i + 1).join("").length);

/** Every end of a frame that is found when the stream comes in these chunks. */
function endsFound(chunks: readonly Buffer[]): number[] {
  const boundary = new FrameBoundary();
  const found: number[] = [];
  let begin = 0;
  for (const chunk of chunks) {
    for (let rest = chunk; rest.length > 0; ) {
      const end = boundary.read(rest, true);
      if (end === undefined) break;
      found.push(begin + (chunk.length - rest.length) + end);
      rest = rest.subarray(end);
    }
    begin += chunk.length;
  }
  return found;
}

test("frames end where they end over every split of a stream in three", () => {
  for (let a = 0; a <= stream.length; a++)
    for (let b = a; b <= stream.length; b++)
      expect(endsFound([stream.subarray(0, a), stream.subarray(a, b), stream.subarray(b)]), `${a}, ${b}`).toEqual(ends);
});

test("byte by byte a frame is at its end nowhere else", () => {
  const boundary = new FrameBoundary();
  const atEnd = [...stream.keys()].filter(i => {
    boundary.read(stream.subarray(i, i + 1), false);
    return boundary.isAtEnd;
  });
  expect(atEnd.map(i => i + 1)).toEqual(ends);
});

/** A server of ours, a relay before it, and a client that has reached the one through the other. */
async function joined() {
  const listener = createServer({ noDelay: true }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  const relay = await Relay.start(0, typeof address === "object" && address !== null ? address.port : 0);
  const accepted = once(listener, "connection") as Promise<[Socket]>;
  const client = connect({ host: "127.0.0.1", port: relay.port });
  const chunks: Buffer[] = [];
  client.on("data", chunk => chunks.push(chunk));
  const [server] = await accepted;
  client.write(`CONNECT ${JSON.stringify({ verbose: false, name: "a client" })}\r\n`);
  await once(server, "data");
  onTestFinished(async () => {
    client.destroy();
    server.destroy();
    await relay.end();
    listener.close();
  });
  const received = (): string => Buffer.concat(chunks).toString();
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await once(client, "data");
  };
  return { relay, client, server, received, until };
}

test("a line waits for the end of the frame under way", async () => {
  const { relay, server, received, until } = await joined();
  server.write("MSG a 1 9\r\n-ERR");
  await until(() => received().length === 15);
  const spoken = relay.speak("a client", "Hello", false);
  server.write(" '12'\r\nPING\r\n");
  expect(await spoken).toBe(1);
  await until(() => received().includes("PING"));
  expect(received()).toBe("MSG a 1 9\r\n-ERR '12'\r\n-ERR 'Hello'\r\nPING\r\n");
});

test("a connection that is to end does so after the line, and what the client had sent arrives", async () => {
  const { relay, client, server, received } = await joined();
  server.write("PING\r\n");
  const atServer: Buffer[] = [];
  server.on("data", chunk => atServer.push(chunk));
  const sent = Buffer.alloc(4 * 1024 * 1024, "x");
  const taken = new Promise(resolve => client.write(sent, resolve));
  const closed = [once(client, "end"), once(server, "close")];
  // Either may come first.
  await Promise.all([once(client, "data"), taken]);
  expect(await relay.speak("a client", "Bye", true)).toBe(1);
  await closed[0];
  expect(received()).toBe("PING\r\n-ERR 'Bye'\r\n");
  client.end();
});

test("what a client sends before its end arrives whole", async () => {
  const { client, server } = await joined();
  let bytes = 0;
  server.on("data", chunk => {
    bytes += chunk.length;
  });
  client.end(Buffer.alloc(8 * 1024 * 1024, "x"));
  await once(server, "end");
  expect(bytes).toBe(8 * 1024 * 1024);
});

test("nothing is said to a client of another name, or to one that has not given any", async () => {
  const { relay, client, received, server, until } = await joined();
  const unnamed = connect({ host: "127.0.0.1", port: relay.port });
  onTestFinished(() => void unnamed.destroy());
  expect(await relay.speak("another client", "Hello", true)).toBe(0);
  expect(await relay.speak("a client", "Hello", false)).toBe(1);
  server.write("PING\r\n");
  await until(() => received().includes("PING"));
  expect([received(), client.destroyed]).toEqual(["-ERR 'Hello'\r\nPING\r\n", false]);
});

test("where there is no connection, or it ends before the frame does, nothing has been written", async () => {
  const { relay, server, client, received, until } = await joined();
  server.write("PI");
  await until(() => received() === "PI");
  const spoken = relay.speak("a client", "Hello", false);
  client.destroy();
  expect(await spoken).toBe(0);
  expect(await relay.speak("a client", "Hello", false)).toBe(0);
});

describe("dials that are refused", () => {
  const dial = async (port: number): Promise<Socket> => {
    const client = connect({ host: "127.0.0.1", port });
    client.on("error", () => {});
    client.resume();
    return client;
  };
  const refused = async (port: number): Promise<void> => void (await once(await dial(port), "close"));

  test("end the connections that there are, and are counted until the last of them lets the next one through", async () => {
    const { relay, client, server } = await joined();
    expect(relay.refusedDials).toBeUndefined();
    const ended = [once(client, "close"), once(server, "close")];
    relay.refuseDials();
    await Promise.all(ended);
    await refused(relay.port);
    expect(relay.refusedDials?.count).toBe(1);
    const opening = relay.acceptDials(3);
    await refused(relay.port);
    expect(relay.refusedDials?.count).toBe(2);
    await refused(relay.port);
    expect((await opening).count).toBe(3);
    expect(relay.refusedDials).toBeUndefined();
    const next = await dial(relay.port);
    onTestFinished(() => void next.destroy());
    next.write("CONNECT {}\r\n");
    await once(next, "connect");
    expect((await relay.acceptDials(0)).count).toBe(3);
  });

  test("are one more at least than there were when the next was asked for", async () => {
    const { relay } = await joined();
    relay.refuseDials();
    for (let i = 0; i < 3; i++) await refused(relay.port);
    const opening = relay.acceptDials(2);
    expect(relay.refusedDials?.count).toBe(3);
    await refused(relay.port);
    expect((await opening).count).toBe(4);
  });

  test("end at once where they are to, also for those who still wait, and begin anew with the next outage", async () => {
    const { relay } = await joined();
    relay.refuseDials();
    const waiting = relay.acceptDials(5);
    expect((await relay.acceptDials(0)).count).toBe(0);
    expect((await waiting).count).toBe(0);
    relay.refuseDials();
    await refused(relay.port);
    expect(relay.refusedDials?.count).toBe(1);
  });

  test("say how long there was none", async () => {
    const { relay } = await joined();
    relay.refuseDials();
    await refused(relay.port);
    await new Promise(resolve => setTimeout(resolve, 60));
    expect(relay.refusedDials?.longestGapMs).toBeGreaterThan(50);
    await refused(relay.port);
    expect((await relay.acceptDials(0)).longestGapMs).toBeGreaterThan(50);
  });
});
