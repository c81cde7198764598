/** The harness's end of the protocol against a bus of streams only: what is sent is read back, what is said is written by hand. */
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { BusClient, type BusExit } from "../../src/bus-protocol/bus-client.ts";
import { BusProtocolError, BusUnavailable } from "../../src/bus-protocol/errors.ts";
import type { BusEvent, StartCommand } from "../../src/bus-protocol/protocol.ts";
import { resolved } from "../../src/bus-protocol/resolved.ts";
import { policyWith } from "../models/policies.ts";

const greeting = {
  protocol: 1,
  bus: "b",
  profile: "nats-go",
  client: { name: "c", version: "1" },
  capabilities: ["publish"],
};
const ok = { outcome: { is: "ok" } };
const start: StartCommand = {
  do: "start",
  case: 7,
  url: "nats://127.0.0.1:1",
  name: "n",
  options: { reconnectWaitMs: 1, reconnectAttemptsMax: -1, connectTimeoutMs: 1 },
};
const publish = { do: "publish", subject: "s", first: 0, count: 3, bytes: 8 } as const;

function converse() {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const exit = Promise.withResolvers<BusExit>();
  const client = new BusClient({ stdin, stdout, exited: exit.promise, describe: "b" });
  return {
    client,
    say: (message: unknown) =>
      void stdout.write(`${typeof message === "string" ? message : JSON.stringify(message)}\n`),
    raw: (text: string | Buffer) => void stdout.write(text),
    sent: () =>
      String(stdin.read() ?? "")
        .trim()
        .split("\n")
        .map(line => JSON.parse(line)),
    leave: (code: number) => {
      exit.resolve({ code, signal: null });
      stdout.end();
    },
    notStarted: (error: string) => exit.resolve({ code: null, signal: null, error }),
  };
}

async function greeted() {
  const bus = converse();
  const hello = bus.client.hello(1_000);
  bus.say({ id: 1, ...greeting });
  await hello;
  return bus;
}

async function started() {
  const bus = await greeted();
  const reply = bus.client.call(start, 1_000);
  bus.say({ event: "connection", case: 7, change: "connected" });
  bus.say({ id: 2, ...ok });
  await reply;
  return bus;
}

async function errorOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.unreachable("it should have failed"),
    error => error,
  );
}

test("an event that follows a reply in the same chunk does not stand before it", async () => {
  const bus = await started();
  const mark = bus.client.mark();
  const call = bus.client.call(publish, 1_000);
  const event = (change: string) => JSON.stringify({ event: "connection", case: 7, change });
  const reply = JSON.stringify({ id: 3, outcomes: [{ count: 3, outcome: { is: "accepted" } }] });
  bus.raw(`${event("disconnected")}\n${reply}\n${event("reconnected")}\n`);
  const answered = await call;
  expect(bus.client.mark()).toBe(mark + 2);
  expect(bus.client.markAt(answered)).toBe(mark + 1);
});

describe("a bus that asks for resolved commands", () => {
  const policy = policyWith({ publish: { onError: "dropped" } });
  const job = { ...publish, subject: "job.a" };
  const dropped = { outcomes: [{ count: 3, outcome: { is: "unsettled", kind: "timeout" } }] };

  async function startedUnder(greets: object) {
    const bus = converse();
    const hello = bus.client.hello(1_000);
    bus.say({ id: 1, ...greeting, ...greets });
    await hello;
    const reply = bus.client.call({ ...start, policy }, 1_000);
    bus.say({ id: 2, ...ok });
    await reply;
    bus.sent();
    return bus;
  }

  test("is told what the policy says of each, by the path that it has said, and its caller learns what the code lets through", async () => {
    const bus = await startedUnder({ resolved: true });
    const mark = bus.client.mark();
    const durable = bus.client.call(job, 1_000);
    expect(bus.sent()).toEqual([{ id: 3, ...resolved(job, policy, undefined) }]);
    bus.say({ id: 3, ...dropped });
    bus.say({ event: "path", case: 7, path: "core" });
    const answered = await durable;
    expect(answered).toEqual({ outcomes: [{ count: 3, outcome: { is: "accepted" } }] });
    expect(bus.client.markAt(answered)).toBe(mark);
    const core = bus.client.call(job, 1_000);
    expect(bus.sent()).toEqual([{ id: 4, ...job, resolved: { via: "core" } }]);
    bus.say({ id: 4, ...dropped });
    expect(await core).toEqual(dropped);
  });

  test("any other is told the command alone, and is believed", async () => {
    const bus = await startedUnder({});
    const call = bus.client.call(job, 1_000);
    expect(bus.sent()).toEqual([{ id: 3, ...job }]);
    bus.say({ id: 3, ...dropped });
    expect(await call).toEqual(dropped);
  });
});

describe("calls", () => {
  test("a command goes out as one line with its id, and its reply comes back without it", async () => {
    const bus = converse();
    const hello = bus.client.hello(1_000);
    expect(bus.sent()).toEqual([{ id: 1, do: "hello", versions: [1] }]);
    bus.say({ id: 1, ...greeting });
    expect(await hello).toEqual(greeting);
  });

  test("replies may come out of order", async () => {
    const bus = await started();
    const published = bus.client.call(publish, 1_000);
    const status = bus.client.call({ do: "status" }, 1_000);
    bus.say({ id: 4, connected: false, closed: false });
    expect(await status).toEqual({ connected: false, closed: false });
    bus.say({ id: 3, outcomes: [{ count: 3, outcome: { is: "accepted" } }] });
    expect(await published).toEqual({ outcomes: [{ count: 3, outcome: { is: "accepted" } }] });
  });

  test("a line may come in pieces, also cut within a character", async () => {
    const bus = await started();
    const flush = bus.client.call({ do: "flush", timeoutMs: 1 }, 1_000);
    const line = Buffer.from(`${JSON.stringify({ id: 3, outcome: { is: "failed", kind: "other", text: "é" } })}\n`);
    const cut = line.indexOf(0xc3) + 1;
    bus.raw(line.subarray(0, cut));
    await new Promise(setImmediate);
    bus.raw(line.subarray(cut));
    expect(await flush).toEqual({ outcome: { is: "failed", kind: "other", text: "é" } });
  });
});

describe("events", () => {
  const disconnected = (event: BusEvent): boolean => event.event === "connection" && event.change === "disconnected";

  test("an event since the mark counts, one before it does not", async () => {
    const bus = await started();
    const before = bus.client.mark();
    bus.say({ event: "connection", case: 7, change: "disconnected" });
    expect(await bus.client.waitFor(disconnected, before, 1_000)).toBe(true);
    expect(await bus.client.waitFor(disconnected, before, 1_000)).toBe(true);
    expect(await bus.client.waitFor(disconnected, bus.client.mark(), 10)).toBe(false);
    expect(bus.client.eventsSince(before)).toEqual([{ event: "connection", case: 7, change: "disconnected" }]);
  });

  test("marks keep their meaning when old events are forgotten", async () => {
    const bus = await started();
    bus.client.forgetEvents();
    const mark = bus.client.mark();
    expect(mark).toBe(1);
    bus.say({ event: "connection", case: 7, change: "disconnected" });
    expect(await bus.client.waitFor(disconnected, mark, 1_000)).toBe(true);
    expect(bus.client.eventsSince(0)).toHaveLength(1);
  });
});

describe("a bus that breaks the protocol", () => {
  test.each([
    ["prints garbage", "hello there", /printed "hello there", which is not a JSON object/],
    ["prints an array", [1], /not a JSON object/],
    ["answers an id never asked", { id: 99, ...ok }, /no command has that id/],
    ["answers without an id", ok, /no command has that id/],
    ["answers the same command twice", { id: 2, ...ok }, /it was answered before/],
    [
      "answers a publish as if it were a flush",
      { id: 3, ...ok },
      /answered publish \(id 3\) with .* which does not fit/,
    ],
    ["accounts for too few", { id: 3, outcomes: [{ count: 2, outcome: { is: "accepted" } }] }, /3 .* asked for, 2 are/],
    ["refuses what it claimed", { id: 3, error: "no such thing" }, /refused publish \(id 3\): "no such thing"/],
    ["sends an unknown event", { event: "party", case: 7 }, /not one of the protocol/],
    ["speaks of another case", { event: "stale", case: 6 }, /while the open case is 7/],
  ])("%s", async (_what, message, sentence) => {
    const bus = await started();
    const published = bus.client.call(publish, 1_000);
    const waiting = bus.client.waitFor(() => false, bus.client.mark(), 1_000);
    bus.say(message);
    const error = await errorOf(published);
    expect(error).toBeInstanceOf(BusProtocolError);
    expect(error).toMatchObject({ exitCode: 65, message: expect.stringMatching(sentence) });
    expect(error.message).toMatch(/^The bus b /);
    expect(await errorOf(waiting)).toBe(error);
    expect(await errorOf(bus.client.call({ do: "status" }, 1_000))).toBe(error);
  });

  test("a together must answer each call in its own shape", async () => {
    const bus = await started();
    const reply = bus.client.call({ do: "together", calls: [publish, { do: "close", timeoutMs: 1 }] }, 1_000);
    bus.say({ id: 3, replies: [ok, ok] });
    expect((await errorOf(reply)).message).toMatch(/reply 0 does not fit a publish/);
  });

  test("a line without an end is cut off", async () => {
    const bus = await started();
    const reply = bus.client.call({ do: "status" }, 5_000);
    for (let kib = 0; kib <= 1_024; kib += 64) bus.raw("x".repeat(64 * 1_024));
    const error = await errorOf(reply);
    expect(error.message).toMatch(/longer than 1 MiB/);
    expect(error.message.length).toBeLessThan(500);
  });

  test("a command that hangs past its deadline ends the conversation", async () => {
    const bus = await started();
    const error = await errorOf(bus.client.call(publish, 10));
    expect(error).toBeInstanceOf(BusProtocolError);
    expect(error.message).toMatch(/did not answer publish \(id 3\) within 10 ms/);
  });

  test("an exit in the middle fails every pending call, and names them", async () => {
    const bus = await started();
    const calls = [bus.client.call(publish, 1_000), bus.client.call({ do: "status" }, 1_000)];
    bus.leave(3);
    for (const call of calls) {
      const error = await errorOf(call);
      expect(error).toBeInstanceOf(BusProtocolError);
      expect(error.message).toMatch(
        /ended with exit code 3 while it owed an answer to publish \(id 3\), status \(id 4\)/,
      );
    }
  });

  test("an event after the end of its case is a breach", async () => {
    const bus = await started();
    const end = bus.client.call({ do: "end" }, 1_000);
    bus.say({ id: 3, ...ok });
    await end;
    bus.say({ event: "stale", case: 7 });
    expect((await errorOf(bus.client.call({ do: "status" }, 1_000))).message).toMatch(/no case is open/);
  });

  test("a reply longer than can be shown is shown in part", async () => {
    const bus = await started();
    bus.say("y".repeat(10_000));
    const error = await errorOf(bus.client.call({ do: "status" }, 1_000));
    expect(error.message).toContain(`${"y".repeat(200)}…`);
    expect(error.message.length).toBeLessThan(500);
  });
});

describe("a bus that is not to be had", () => {
  test("does not greet in time", async () => {
    const error = await errorOf(converse().client.hello(10));
    expect(error).toBeInstanceOf(BusUnavailable);
    expect(error).toMatchObject({ exitCode: 69, message: expect.stringMatching(/did not greet within 10 ms/) });
  });

  test("exits before it greets", async () => {
    const bus = converse();
    const hello = bus.client.hello(5_000);
    bus.leave(127);
    const error = await errorOf(hello);
    expect(error).toBeInstanceOf(BusUnavailable);
    expect(error.message).toMatch(/ended with exit code 127 before it had greeted/);
  });

  test("cannot be started", async () => {
    const bus = converse();
    const hello = bus.client.hello(5_000);
    bus.notStarted("spawn nothing ENOENT");
    const error = await errorOf(hello);
    expect(error).toBeInstanceOf(BusUnavailable);
    expect(error.message).toMatch(/cannot be started: spawn nothing ENOENT/);
  });
});

test("a bus that quits as told breaks nothing, and later calls say that it has quit", async () => {
  const bus = await started();
  const waiting = bus.client.waitFor(() => false, bus.client.mark(), 5_000);
  const quit = bus.client.call({ do: "quit" }, 1_000);
  bus.say({ id: 3, ...ok });
  bus.leave(0);
  expect(await quit).toEqual(ok);
  expect(await waiting).toBe(false);
  expect((await errorOf(bus.client.call({ do: "status" }, 1_000))).message).toMatch(/has quit/);
});
