/** Buses that misbehave, as real processes: each fails with the exit code and the sentence that says why. */
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { BusClient } from "../../src/bus-protocol/bus-client.ts";
import { BusProtocolError, BusUnavailable } from "../../src/bus-protocol/errors.ts";
import type { PublishCall, StartCommand } from "../../src/bus-protocol/protocol.ts";
import { findBus } from "../../src/bus-protocol/registry.ts";
import { type SpawnedBus, spawnBus } from "./spawn-bus.ts";
import type { Talk } from "./talk-to-a-bad-bus.ts";

const greetingMs = 10_000;
const start: StartCommand = {
  do: "start",
  case: 1,
  url: "nats://127.0.0.1:1",
  name: "n",
  options: { reconnectWaitMs: 1, reconnectAttemptsMax: -1, connectTimeoutMs: 1 },
};
const publish: PublishCall = { do: "publish", subject: "s", first: 0, count: 1, bytes: 8 };

async function failureOf(bus: SpawnedBus, talk: (client: BusClient) => Promise<unknown>): Promise<Error> {
  try {
    return await talk(new BusClient(bus)).then(
      () => expect.unreachable("it should have failed"),
      error => error,
    );
  } finally {
    bus.stop();
  }
}

function badBus(name: string): SpawnedBus {
  return spawnBus(name, [process.execPath, `${name}.mjs`], `${import.meta.dirname}/bad-buses`);
}

test("never greets", async () => {
  const error = await failureOf(badBus("never-greets"), client => client.hello(300));
  expect(error).toBeInstanceOf(BusUnavailable);
  expect(error.message).toMatch(/^The bus never-greets did not greet within 300 ms\. .*stderr/);
});

test("prints garbage", async () => {
  const error = await failureOf(badBus("prints-garbage"), client => client.hello(greetingMs));
  expect(error).toBeInstanceOf(BusProtocolError);
  expect(error.message).toMatch(/printed "Listening on port 8080", which is not a JSON object/);
});

test("greets with protocol 2", async () => {
  const error = await failureOf(badBus("greets-with-protocol-2"), client => client.hello(greetingMs));
  expect(error).toBeInstanceOf(BusProtocolError);
  expect(error.message).toMatch(/answered hello \(id 1\) .*expected 1.*protocol/);
});

test("hangs on publish", async () => {
  const error = await failureOf(badBus("hangs-on-publish"), async client => {
    await client.hello(greetingMs);
    await client.call(start, greetingMs);
    await client.call(publish, 100);
  });
  expect(error).toBeInstanceOf(BusProtocolError);
  expect(error.message).toMatch(/did not answer publish \(id 3\) within 100 ms/);
});

test("answers with a wrong id", async () => {
  const error = await failureOf(badBus("answers-a-wrong-id"), async client => {
    await client.hello(greetingMs);
    await client.call(start, greetingMs);
  });
  expect(error).toBeInstanceOf(BusProtocolError);
  expect(error.message).toMatch(/no command has that id/);
});

test("exits after greeting", async () => {
  const error = await failureOf(badBus("exits-after-greeting"), async client => {
    await client.hello(greetingMs);
    await client.call(start, greetingMs);
  });
  expect(error).toBeInstanceOf(BusProtocolError);
  expect(error.message).toMatch(/ended with exit code 3 while it owed an answer to start \(id 2\)/);
});

test("a command line that names no program is unavailable", async () => {
  const launch = findBus("no-such-program-as-this --bus");
  const error = await failureOf(spawnBus(launch.name, launch.command, launch.folder), client =>
    client.hello(greetingMs),
  );
  expect(error).toBeInstanceOf(BusUnavailable);
  expect(error.message).toMatch(/ended with exit code 127 before it had greeted/);
});

test("a program that cannot be started is unavailable", async () => {
  const bus = spawnBus("nothing", ["./no-such-file"], import.meta.dirname);
  const error = await failureOf(bus, client => client.hello(greetingMs));
  expect(error).toBeInstanceOf(BusUnavailable);
  expect(error.message).toMatch(/cannot be started: .*ENOENT/);
});

describe("what a bus says or leaves behind without end costs the harness neither memory nor its deadline", () => {
  /** In a process of its own: this one's memory is that of many tests. */
  function talk(...args: readonly string[]): Talk {
    const file = `${import.meta.dirname}/talk-to-a-bad-bus.ts`;
    return JSON.parse(execFileSync(process.execPath, [file, ...args], { encoding: "utf8", timeout: 30_000 }));
  }

  test.each([
    ["stderr, in lines and in one line that never ends", ["floods-stderr.mjs"], /did not answer publish/, 2_000],
    ["events without end", ["floods-stdout.mjs"], /sent more than 100000 events in one case/, 0],
    ["a grandchild that holds stdout", ["leaves-a-grandchild.mjs"], /ended with exit code 0 while it owed/, 0],
    [
      "a grandchild out of reach that holds stdout",
      ["leaves-a-grandchild.mjs", "in-a-session-of-its-own"],
      /ended with exit code 0 while it owed/,
      0,
    ],
  ])("%s", (_name, args, says, deadlineMs) => {
    const { error, failedMs, endedMs, mostBytesMore, tail } = talk(...args);
    expect(error).toMatch(says);
    expect(failedMs).toBeLessThan(deadlineMs + 2_000);
    expect(endedMs).toBeLessThan(3_000);
    expect(mostBytesMore).toBeLessThan(192 * 1024 * 1024);
    expect(tail.length).toBeLessThanOrEqual(50);
    expect(Math.max(0, ...tail.map(line => line.length))).toBeLessThanOrEqual(4_096);
  });
});
