/** What the harness knows after each step; the view is all that decides what is done next. */
import { expect, test } from "vitest";
import { callsMade, plan, type View } from "../../../models/plan/plan.ts";
import type { CallStep, Options } from "../../../models/vocabulary/scenario.ts";
import {
  awaitNoticed,
  type Bare,
  type BareCall,
  blackhole,
  close,
  cut,
  drain,
  fault,
  flush,
  heal,
  hold,
  limit,
  overlapped,
  pauseServer,
  profileNamed,
  publish,
  scenarioWith,
  skippedIn,
  start,
  stepsOf,
  together,
} from "../cases.ts";
import { advance, job, kill, news, replica, sound, subscribe, underPolicy } from "../policies.ts";

const stale: Partial<Options> = { pingIntervalMs: 150, pingsOutMax: 2 };
const finite: Partial<Options> = { reconnectAttemptsMax: 3 };
const stopServer = (awaits: "noticed" | "gave-up" | "none"): Bare =>
  fault({ kind: "stop-server", signal: "KILL", awaits });

const loseAck = fault({ kind: "lose-ack" });
const refuses = fault({ kind: "refuse-credentials" });
const silent = fault({ kind: "silent-handshake" });
const noJetStream = fault({ kind: "no-jetstream" });

const up: Partial<View> = {
  started: true,
  ended: "no",
  link: "up",
  hindrance: "none",
  client: "connected",
  keptBytes: 0,
};
const down: Partial<View> = { ...up, link: "down", client: "disconnected" };
const unsure: Partial<View> = { ...down, client: "unsure" };

/** Of a client that keeps what is published while down; a frame has 34 bytes. */
test.each<[what: string, steps: readonly Bare[], view: Partial<View>, options?: Partial<Options>]>([
  ["nothing", [], { started: false, link: "up", hindrance: "none", client: "disconnected", quiet: true }],
  ["a start", [start], { ...up, quiet: true }],
  ["a publish", [start, publish(1)], { ...up, quiet: false }],
  ["a flush of it", [start, publish(1), flush()], { ...up, quiet: true }],
  ["a burst that a cut overlaps", [start, overlapped(5), cut()], { ...down, quiet: false }],

  ["a cut", [start, cut()], { ...down, quiet: true }],
  ["a cut that is not awaited", [start, cut("none")], unsure],
  ["a cut after which the client gave up", [start, cut("gave-up")], { ...down, ended: "closed" }, finite],
  ["the end of the server", [start, stopServer("noticed")], down],
  ["the end of the server, not awaited", [start, stopServer("none")], unsure],
  [
    "a flush whose way back was not awaited",
    [start, cut(), heal("none"), flush()],
    { ...up, client: "unsure", quiet: false },
  ],
  ["a flush while down", [start, publish(1), cut(), flush(60)], { ...down, quiet: false }],
  ["a cut of a closed client", [start, close, cut()], { ...down, client: "connected", ended: "closed" }],

  ["a heal", [start, cut(), heal()], { ...up, quiet: false }],
  ["a heal that is not awaited", [start, cut(), heal("none")], { ...up, client: "unsure" }],
  ["… and awaited after all", [start, cut(), heal("none"), heal()], up],
  ["a dial in its handshake", [start, cut(), heal("handshake")], { ...down, link: "handshake" }],
  ["… that is let through", [start, cut(), heal("handshake"), heal()], up],
  ["a heal of a closed client", [start, cut(), close, heal()], { ...down, link: "up", ended: "closed" }],

  ["a hold", [start, hold], { ...up, hindrance: "hold" }],
  ["two publishes into a hold", [start, hold, publish(3), publish(2)], { ...up, hindrance: "hold", keptBytes: 170 }],
  ["a hold that is released", [start, hold, publish(3), heal()], up],
  ["a hold that is cut", [start, hold, publish(3), cut()], down],
  ["a blackhole", [start, blackhole, publish(3)], { ...up, hindrance: "blackhole" }],
  ["a blackhole that is removed", [start, blackhole, publish(3), heal()], up],
  ["a blackhole that is noticed", [start, blackhole, publish(3), awaitNoticed], down, stale],
  ["a paused server", [start, pauseServer, publish(3)], { ...up, hindrance: "pause", keptBytes: 102 }],
  [
    "a paused server that is noticed",
    [start, pauseServer, awaitNoticed],
    { ...up, hindrance: "pause", client: "disconnected" },
    stale,
  ],
  ["a paused server that goes on", [start, pauseServer, awaitNoticed, heal()], up, stale],

  ["a limit", [start, limit(100)], { ...up, hindrance: "limit", limitBytesLeft: 100, limitStep: "fault-1" }],
  ["a limit not reached", [start, limit(100), publish(2)], { ...up, hindrance: "limit", limitBytesLeft: 32 }],
  ["a limit reached to the byte", [start, limit(102), publish(2), publish(1)], { ...down, limitBytesLeft: 0 }],
  ["a limit exceeded", [start, limit(100), publish(3)], { ...down, limitBytesLeft: 0 }],
  ["a limit that is lifted", [start, limit(100), publish(2), heal()], up],

  ["a close", [start, close], { ...up, ended: "closed" }],
  ["a drain", [start, drain], { ...up, ended: "closed" }],
  [
    "a close in the tick of a burst",
    [start, together(publish(9), close, publish(2))],
    { ...up, ended: "closed", quiet: false },
  ],
  ["a flush in the tick of a burst", [start, together(publish(9), flush())], { ...up, quiet: true }],
  ["a step that is skipped", [start, heal(), flush()], up],
])("after %s", (_what, steps, view, options = {}) => {
  expect(plan(scenarioWith(steps, options), profileNamed("nats-go")).settle.before).toMatchObject(view);
});

test("a drain while down leaves nats.js stuck, and nats.go closed; up, both are closed", () => {
  const ended = (name: string, ...steps: readonly Bare[]): string =>
    plan(scenarioWith([start, ...steps]), profileNamed(name)).settle.before.ended;
  expect(["nats-go", "nats-js-2", "nats-js-3"].map(name => ended(name, cut(), drain))).toEqual([
    "closed",
    "stuck",
    "stuck",
  ]);
  expect(["nats-go", "nats-js-2", "nats-js-3"].map(name => ended(name, drain))).toEqual(["closed", "closed", "closed"]);
  expect(ended("nats-js-3", cut(), close)).toBe("closed");
});

test("the view before a step is the view after the one before it, and a later step changes neither", () => {
  const steps = stepsOf(scenarioWith([start, hold, publish(3), heal(), heal()]), profileNamed("nats-go"));
  expect(steps.map(one => one.before.hindrance)).toEqual(["none", "none", "hold", "hold", "none"]);
  expect(steps.map(one => one.after.hindrance)).toEqual(["none", "hold", "hold", "none", "none"]);
  expect(steps.map(one => one.after.keptBytes)).toEqual([0, 0, 102, 0, 0]);
});

/** The last step of each is done; next to it stands one that is refused, by one change. */
test.each<[what: string, steps: readonly Bare[], options?: Partial<Options>]>([
  ["a flush while down may be short", [start, cut(), flush(60)]],
  ["a flush behind a hold may be short", [start, hold, flush(60)]],
  ["a flush in calm that waits a second", [start, flush(1_000)]],
  ["a close where the client may not have noticed that it is down", [start, cut("none"), close]],
  ["a close while down, though cuts are resets", [start, cut(), close], { cutsWith: "rst" }],
  ["a drain, though cuts are resets", [start, drain], { cutsWith: "rst" }],
  ["a close behind a hold", [start, hold, publish(1), close]],
  ["a cut of a hold", [start, hold, cut()]],
  ["a cut of a limit not reached", [start, limit(100), cut()]],
  ["a cut of a blackhole that the client cannot notice", [start, blackhole, cut()]],
  ["a blackhole with the client's PINGs on", [start, blackhole], stale],
  ["a cut after a close", [start, close, cut()]],
  ["a cut of a client that will give up", [start, cut("gave-up")], finite],
  ["a limit on a flushed link", [start, publish(1), flush(), limit(100)]],
  ["a publish while down", [start, cut(), publish(1)]],
  ["a publish after a close", [start, close, publish(1)]],
  ["a publish whose way back is not awaited", [start, cut(), heal("none"), publish(1)]],
  [
    "a publish that waits for the handshake that the heal ends",
    [start, cut(), heal("handshake"), overlapped(1), heal()],
  ],
  ["a publish into a paused server that the client has not noticed", [start, pauseServer, publish(1)]],
  ["a publish of all that the sockets take, 30,840 frames of 34 bytes", [start, hold, publish(30_840)]],
  ["a burst in one breath while down", [start, cut(), together(publish(3), close)]],
  ["a burst in one breath behind a hold", [start, hold, together(publish(3), close)]],
  ["a heal while the client's word is not known", [start, cut("none"), heal()]],
  ["a heal of a cut that nobody awaits", [start, cut("none"), heal("none")]],
  ["a heal after a close while down", [start, cut(), close, heal()]],
  ["a heal of a silence that the client has noticed", [start, blackhole, awaitNoticed, heal()], stale],
])("%s is done", (_what, steps, options = {}) => {
  expect(skippedIn(scenarioWith(steps, options), profileNamed("nats-go"))).toEqual(steps.map(() => undefined));
});

test.each<[reason: string, steps: readonly Bare[], options?: Partial<Options>]>([
  ["more than the sockets take would block the call", [start, hold, publish(30_841)]],
  ["more than the sockets take would block the call", [start, hold, publish(30_840), publish(1)]],
  ["more than the sockets take would block the call", [start, pauseServer, publish(30_841)]],
  ["on a busy machine its wait may end before the round trip", [start, flush(999)]],
  ["no dial is awaited", [start, cut("none"), heal("handshake")]],
  ["no dial is awaited", [start, cut(), close, heal("handshake")]],
  ["no dial is awaited", [start, cut(), heal("handshake"), heal("handshake")]],
  ["nothing would race with it", [start, cut(), close, heal("none")]],
  ["nothing would race with it", [start, cut(), heal("handshake"), heal("none")]],
  ["the client may not be connected", [start, cut(), heal("none"), cut()]],
  ["the connection has ended", [start, close, blackhole]],
  ["another fault is in force", [start, blackhole, hold]],
  ["another fault is in force", [start, blackhole, pauseServer]],
  ["the link is not silent", [start, hold, awaitNoticed], {}],
  ["the client's own PINGs or its giving up would race with it", [start, hold], finite],
  ["the client's giving up would race with it", [start, blackhole], finite],
  ["this client never gives up", [start, stopServer("gave-up")]],
  ["the client's state is not known", [start, pauseServer, together(publish(1))]],
  ["the client's state is not known", [start, cut(), heal("handshake"), together(publish(1))]],
  ["the call may block until the handshake ends", [start, cut(), heal("handshake"), overlapped(1), flush()]],
  ["the client's own PINGs would race with it", [start, pauseServer, heal()], stale],
])("a step is refused where %s", (reason, steps, options = {}) => {
  expect(skippedIn(scenarioWith(steps, options), profileNamed("nats-go"))).toContain(reason);
});

/** Under a policy: the process, its way of publishing, its server. */
test.each<[what: string, steps: readonly Bare[], view: Partial<View>, options?: Partial<Options>]>([
  [
    "nothing",
    [],
    { process: "none", path: "jetstream", jetStream: true, serverUp: true, door: "shut", peers: 0, nowMs: 0 },
  ],
  ["a start", [start], { ...up, process: "running", startedAtMs: 0 }],
  ["a start with the link down", [cut("none"), start], { process: "waiting", started: true, client: "disconnected" }],
  ["… and the link back", [cut("none"), start, advance(500), heal()], { ...up, process: "running", nowMs: 500 }],
  ["a lost acknowledgement", [start, loseAck, job(2)], { ...down, process: "running" }],
  [
    "a core publish, of which no acknowledgement can be lost",
    [start, loseAck, news(2)],
    { ...up, hindrance: "lose-ack" },
  ],
  ["the end of the server", [start, stopServer("noticed")], { ...down, serverUp: false }],
  ["a cut", [start, cut()], { ...down, serverUp: true }],
  ["the server's coming back", [start, stopServer("noticed"), heal()], { ...up, serverUp: true }],
  ["a refusal of credentials", [refuses], { door: "refuses", link: "down" }],
  ["a silent handshake", [silent], { door: "silent", link: "down" }],
  ["the end of either", [silent, heal()], { door: "shut", link: "up" }],
  ["a server without JetStream", [noJetStream], { jetStream: false, link: "up" }],
  ["another replica", [start, replica(1), replica(3)], { peers: 0b1010 }],
  ["the end of one", [start, replica(1), replica(3), kill(3)], { peers: 0b0010 }],
  ["the end of the process", [start, advance(700), kill()], { started: false, process: "exited", nowMs: 700 }],
  ["… that nobody starts again", [start, kill(), advance(60_000)], { process: "exited", nowMs: 60_000 }],
  ["giving up, where its process then exits", [start, cut("gave-up")], { process: "exited", started: false }, finite],
  ["a subscription of its own", [start, subscribe(0)], { subscribed: 1 }],
  ["a subscription of another", [start, replica(1), subscribe(1)], { subscribed: 2 }],
])("under a policy, after %s", (_what, steps, view, options = {}) => {
  const planned = plan(underPolicy(sound, steps, options), profileNamed("nats-go"));
  expect(planned.steps.map(one => one.skipped)).toEqual([...steps.map(() => undefined), undefined]);
  expect(planned.settle.before).toMatchObject(view);
});

test.each<[reason: string, steps: readonly Bare[]]>([
  ["the replica is not started", [start, subscribe(1)]],
  ["the replica is not started", [start, replica(1), kill(2)]],
  ["the replica is not started", [start, replica(1), kill(1), kill(1)]],
  ["the replica is started already", [start, replica(1), replica(1)]],
  ["another fault is in force", [start, hold, replica(1)]],
  ["another fault is in force", [start, replica(1), hold, subscribe(1)]],
  [
    "only what a stream holds is handled here",
    [start, { kind: "subscribe", replica: 0, subject: "news.a", handler: "acks" }],
  ],
  [
    "only what a stream holds is handled here",
    [start, replica(1), { kind: "subscribe", replica: 1, subject: "news.a", handler: "acks" }],
  ],
  ["the client may not be connected", [start, cut(), subscribe(0)]],
  ["the client's state is not known", [start, loseAck, together(publish(1))]],
  ["the client's state is not known", [start, together({ kind: "publish", count: 1, bytes: 16, subject: "job.a" })]],
])("under a policy a step is refused where %s", (reason, steps) => {
  expect(skippedIn(underPolicy(sound, steps), profileNamed("nats-go")).at(-1)).toBe(reason);
});

test("of what is done in one breath nothing is done after the exit, and only publishes after a close", () => {
  const made = (...calls: readonly BareCall[]): string =>
    callsMade(calls.map((call, i) => ({ ...call, id: String(i) }) as CallStep))
      .map(call => call.kind)
      .join(" ");
  const one = publish(1);
  expect(made(one, flush(), one)).toBe("publish flush publish");
  expect(made(one, { kind: "exit" }, one, flush())).toBe("publish exit");
  expect(made(one, close, one, flush(), { kind: "exit" }, one)).toBe("publish close publish exit");
  expect(made(drain, one, close)).toBe("drain publish");
});
