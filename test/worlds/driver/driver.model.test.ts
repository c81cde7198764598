/** The driver runs on any rig: here on one in memory, without a server, a proxy or a process. */
import { describe, expect, test } from "vitest";
import { planCase } from "../../../models/plan/plan.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Content, Event } from "../../../models/vocabulary/event.ts";
import { BusCrashed } from "../../../src/bus-protocol/errors.ts";
import { ServerFailed } from "../../../src/errors.ts";
import { parseScenario } from "../../../src/files/scenario-schema.ts";
import { judge } from "../../../src/judge/judge.ts";
import { stepFates } from "../../../src/report/fates.ts";
import { runCase } from "../../../src/worlds/driver/case.ts";
import type { Conversation, Rig } from "../../../src/worlds/driver/rig.ts";
import { memoryRig } from "./memory-rig.ts";

const start = { id: "start", kind: "start" };
const flush = { id: "flush", kind: "flush", timeoutMs: 5_000 };
const pending = { id: "pending", kind: "flush", timeoutMs: 1_000, overlap: true };
const publish = (id: string, count = 5) => ({ id, kind: "publish", count, bytes: 16 });
const fault = (one: object) => ({ id: "fault", kind: "fault", fault: one });
const heal = (awaits = "connected", id = "heal") => ({ id, kind: "heal", awaits });

const said = (text: string, closes: boolean): readonly object[] => [
  start,
  publish("before"),
  flush,
  fault({ kind: "server-error", text, closes }),
  publish("after"),
];

async function run(steps: readonly object[], rig = memoryRig(), options: object = {}) {
  const data = { version: 1, id: "driver/in-memory", why: "A test.", options, steps };
  const one = planCase(parseScenario(JSON.stringify(data), "driver.test.ts"), natsGo);
  const events: Event[] = [];
  await runCase({ ...one, bus: "in memory", seed: "1" }, 1, rig, event => events.push(event));
  return { events, judgement: judge(one, events) };
}

test.each([
  ["publishes while down are kept", [start, flush, fault({ kind: "cut", awaits: "noticed" }), publish("down"), heal()]],
  ["a hold is released", [start, flush, fault({ kind: "hold" }), publish("held"), heal(), publish("after")]],
  [
    "a pending flush succeeds once its hold is released",
    [start, flush, fault({ kind: "hold" }), publish("held"), pending, heal(), publish("after")],
  ],
  [
    "a pending flush meets a cut",
    [
      start,
      flush,
      fault({ kind: "hold" }),
      publish("held"),
      pending,
      { ...fault({ kind: "cut", awaits: "noticed" }), id: "cut" },
      heal(),
    ],
  ],
  [
    "a held burst is cut off",
    [
      start,
      flush,
      fault({ kind: "hold" }),
      publish("held"),
      { ...fault({ kind: "cut", awaits: "noticed" }), id: "cut" },
      heal(),
    ],
  ],
  [
    "a server is restarted",
    [
      start,
      flush,
      publish("before"),
      { ...flush, id: "again" },
      fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" }),
      publish("down"),
      heal(),
    ],
  ],
  ["a server says something unknown, and the client closes", said("unknown", false)],
  ["a server says that the connection is stale, and the client dials anew", said("stale", false)],
  ["a server refuses a publish, and the client goes on", said("permissions", false)],
  ["a server refuses the client and ends the connection, and the client dials anew", said("authorization", true)],
  ["a server is paused", [start, flush, fault({ kind: "pause-server" }), publish("paused"), heal()]],
  [
    "a handshake is held",
    [
      start,
      flush,
      fault({ kind: "cut", awaits: "noticed" }),
      heal("handshake", "dialled"),
      { ...publish("within"), overlap: true },
      heal(),
    ],
  ],
  [
    "what is published in the last outage arrives once the case is settled",
    [start, flush, fault({ kind: "cut", awaits: "noticed" }), publish("down")],
  ],
])("on a rig in memory a case holds: %s", async (_, steps) => {
  const { judgement, events } = await run(steps);
  expect(judgement.verdict, `${judgement.reason}\n${JSON.stringify(events, undefined, 1)}`).toBe("holds");
});

test("a call that is pending over a heal has begun before the link opens, however slowly the bus reads", async () => {
  const asked: string[] = [];
  const cut = fault({ kind: "cut", awaits: "noticed" });
  const dialled = heal("handshake", "dialled");
  await run([start, flush, cut, dialled, { ...publish("within"), overlap: true }, heal()], memoryRig({ asked }));
  expect(asked.slice(asked.indexOf("publish"), asked.indexOf("publish") + 2)).toEqual(["publish", "status"]);
});

test("a client in memory that drops what it kept is convicted", async () => {
  const outage = [start, flush, fault({ kind: "cut", awaits: "noticed" }), publish("down"), heal()];
  const { judgement } = await run(outage, memoryRig({ forgetsPending: true }));
  expect(judgement.verdict).toBe("violated");
  expect(judgement.ledger.classes.silentLoss).toBe(5);
});

const closes = [start, publish("before"), flush, { id: "close", kind: "close" }];
const closedWith = (openAfterClose: (sinceMs: number) => readonly number[]) =>
  run(closes, memoryRig({ openAfterClose }));
const staysClosed = "connection/a-closed-client-stays-closed";

test.each<[what: string, (sinceMs: number) => readonly number[]]>([
  ["its connection is gone at once", () => []],
  ["its connection takes its time to go", sinceMs => (sinceMs < 3_000 ? [1] : [])],
  ["a dial that was under way reaches the server, and is ended", sinceMs => (sinceMs > 20 && sinceMs < 400 ? [2] : [])],
])("a client in memory has closed and stays closed: %s", async (_, openAfterClose) => {
  const { judgement, events } = await closedWith(openAfterClose);
  expect(events.filter(({ kind }) => kind === "closed-client")).toEqual([{ kind: "closed-client", is: "gone" }]);
  expect(judgement.properties).toContainEqual(expect.objectContaining({ property: staysClosed, verdict: "holds" }));
  expect(judgement.verdict).toBe("holds");
});

test("a client in memory that says only after its call that it has closed is waited for before the next step", async () => {
  const cut = fault({ kind: "cut", awaits: "noticed" });
  const steps = [start, flush, cut, publish("down"), { id: "close", kind: "close" }, heal(), publish("after")];
  const { judgement } = await run(steps, memoryRig({ saysClosedLater: true }));
  expect(judgement.verdict, judgement.reason).toBe("holds");
});

test.each<[what: string, (sinceMs: number) => readonly number[]]>([
  ["after two waits", sinceMs => (sinceMs > 40 ? [2] : [])],
  ["before its first connection is gone", sinceMs => (sinceMs > 40 ? [1, 2] : [1])],
  ["again and again", sinceMs => (sinceMs > 40 ? [2 + Math.floor(sinceMs / 100)] : [])],
  ["for a moment, twice", sinceMs => (sinceMs % 40 < 10 ? [1 + Math.ceil(sinceMs / 40)].filter(cid => cid > 1) : [])],
])("a client in memory that connects again after it has closed is convicted: %s", async (_, openAfterClose) => {
  const { judgement, events } = await closedWith(openAfterClose);
  expect(events.filter(({ kind }) => kind === "not-awaited")).toEqual([]);
  expect(judgement).toMatchObject({ verdict: "violated", about: { kind: "promise", property: staysClosed } });
  expect(judgement.reason).toMatch(
    /^a client that had closed is connected again: the server has connection 2\b.* under its name, which it did not have before$/,
  );
});

test.each([200, 2_000])("a client with waits of %s ms is convicted where it comes back after one of them", async ms => {
  const rig = memoryRig({ openAfterClose: sinceMs => (sinceMs > ms ? [2] : []) });
  const { judgement } = await run(closes, rig, { reconnectWaitMs: ms });
  expect(judgement).toMatchObject({ verdict: "violated", about: { kind: "promise", property: staysClosed } });
});

test("a client that closes while its server is down is convicted where it connects as soon as it can", async () => {
  const stop = fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" });
  const steps = [start, publish("before"), flush, stop, { id: "close", kind: "close" }, heal()];
  const back = await run(steps, memoryRig({ openAfterClose: (_, isLinkOpen) => (isLinkOpen ? [5] : []) }));
  expect(back.judgement).toMatchObject({ verdict: "violated", about: { kind: "promise", property: staysClosed } });
  const { properties } = (await run(steps)).judgement;
  expect(properties).toContainEqual(expect.objectContaining({ property: staysClosed, verdict: "holds" }));
});

test("a connection from before the close that never goes away proves nothing about the client", async () => {
  const { judgement, events } = await closedWith(() => [1]);
  expect(events.filter(({ kind }) => kind === "closed-client")).toEqual([]);
  expect(events).toContainEqual({ kind: "not-awaited", step: "settle", what: "the server to let go of a connection" });
  expect(judgement.verdict).toBe("inconclusive");
});

const endsConnected = "connection/every-healed-outage-ends-connected";
const outage = [start, flush, fault({ kind: "cut", awaits: "noticed" }), publish("down"), heal()];

test.each([5, 20, 40])(
  "a client that cannot hold a healed link is convicted: it loses it every %s ms",
  async flapsEveryMs => {
    const { judgement, events } = await run(outage, memoryRig({ flapsEveryMs }));
    expect(events.some(event => event.kind === "healed-link-lost")).toBe(true);
    expect(judgement).toMatchObject({ verdict: "violated", about: { kind: "promise", property: endsConnected } });
    expect(judgement.reason).toMatch(
      /^everything had healed, and the client came back and lost its connection \d+ times: /,
    );
  },
);

test("the same client on a link that is not well is no finding about it", async () => {
  const rig = memoryRig({ flapsEveryMs: 20 });
  const { judgement, events } = await run(outage, {
    ...rig,
    link: { ...rig.link, isOpen: true, stillShows: async () => false },
  });
  expect(events.some(event => event.kind === "healed-link-lost")).toBe(false);
  expect(judgement.properties.filter(one => one.property === endsConnected && one.verdict === "violated")).toEqual([]);
});

test("a client that has held its link says nothing of it", async () => {
  const { events } = await run(outage);
  expect(events.some(event => event.kind === "healed-link-lost")).toBe(false);
});

describe("a silence that the client does not notice", () => {
  const noticed = { id: "noticed", kind: "await-noticed" };
  const silence = [start, flush, fault({ kind: "pause-server" }), publish("silent"), noticed, heal()];
  const pings = { pingIntervalMs: 100 };

  test("convicts it", async () => {
    const { judgement } = await run(silence, memoryRig(), pings);
    expect(judgement).toMatchObject({
      verdict: "violated",
      about: { kind: "promise", property: "connection/a-silent-link-is-noticed" },
    });
  });

  test("is no finding about it where another has let the server go on meanwhile", async () => {
    const rig = memoryRig();
    // The injector looks once itself.
    let looks = 0;
    const server = Object.defineProperty({ ...rig.server }, "isHalted", { get: () => ++looks === 1 });
    const { judgement, events } = await run(silence, { ...rig, server }, pings);
    expect(judgement.verdict, judgement.reason).toBe("inconclusive");
    expect(events).toContainEqual({
      kind: "not-awaited",
      step: "noticed",
      what: "the pause to be in force",
      byHarness: true,
    });
  });
});

test.each([
  [
    "is noticed, the next dial gets no greeting: the cut would meet its handshake",
    true,
    ["blackhole", "hold-downstream"],
  ],
  ["ends before it is noticed, nothing more is laid", false, ["blackhole"]],
])("where a silence %s", async (_, isNoticed, expected) => {
  const rig = memoryRig();
  const laid: string[] = [];
  const { link } = rig;
  const lay: Rig["link"]["lay"] = (hindrance, amount) => {
    laid.push(hindrance);
    return link.lay(hindrance, amount);
  };
  const noticed = isNoticed ? [{ id: "noticed", kind: "await-noticed" }] : [];
  const steps = [start, flush, fault({ kind: "blackhole" }), publish("silent"), ...noticed, heal()];
  await run(steps, { ...rig, link: Object.create(link, { lay: { value: lay } }) }, { pingIntervalMs: 100 });
  expect(laid).toEqual(expected);
});

test("a hold that is not in force ends the case as inconclusive", async () => {
  const rig = memoryRig();
  const { judgement } = await run([start, flush, fault({ kind: "hold" }), publish("held"), heal()], {
    ...rig,
    link: { ...rig.link, isOpen: true, lay: async () => {} },
  });
  expect(judgement.verdict).toBe("inconclusive");
});

test("what a link held for a client that has closed is waited for until the server lets go of the connection", async () => {
  const steps = [start, flush, fault({ kind: "hold" }), publish("held"), { id: "close", kind: "close" }, heal()];
  const waited = await run(steps, memoryRig({ openAfterClose: sinceMs => (sinceMs < 300 ? [1] : []) }));
  expect(waited.events.filter(({ kind }) => kind === "not-awaited")).toEqual([]);
  const { events } = await run(steps, memoryRig({ openAfterClose: () => [1] }));
  expect(events).toContainEqual({
    kind: "not-awaited",
    step: heal().id,
    what: "the server to let go of a connection",
  });
});

test("a link that resets the connection of a client that has closed is no loss of the client's", async () => {
  const steps = [
    start,
    flush,
    fault({ kind: "hold" }),
    publish("held"),
    { id: "close", kind: "close" } as const,
    heal(),
  ];
  const { events, judgement } = await run(
    steps,
    memoryRig({ openAfterClose: sinceMs => (sinceMs < 300 ? [1] : []), endsAs: () => "Read Error" }),
  );
  expect(judgement.verdict).toBe("inconclusive");
  expect(events).toContainEqual({
    ...{ kind: "not-awaited", step: heal().id, byHarness: true },
    what: "what the link held for a client that is gone to be read, and it ended the connection first: Read Error",
  });
});

test.each([
  [
    "shorter",
    { subject: "s", bytes: 8 },
    /message 7 was published on (\S+) with 16 bytes and arrived on \1 with 8 bytes$/,
  ],
  [
    "on another subject",
    { subject: "other", bytes: 16 },
    /message 7 was published on \S+ with 16 bytes and arrived on other /,
  ],
] as const)(
  "a message that arrives %s than it was published is no message of the model's",
  async (how, other, reason) => {
    const alters = (content: Content, message: number): Content => {
      if (message !== 7) return content;
      return how === "shorter" ? { ...content, bytes: other.bytes } : other;
    };
    const steps = [start, publish("first"), publish("second"), flush];
    const { events, judgement } = await run(steps, memoryRig({ alters }));
    expect(events.filter(({ kind }) => kind === "altered")).toMatchObject([{ first: 7, count: 1 }]);
    expect([judgement.verdict, judgement.conformance]).toEqual(["violated", expect.anything()]);
    expect(judgement.reason).toMatch(reason);
  },
);

test.each([
  [
    "a server that does not come back",
    "stop-server",
    { restart: () => Promise.reject(new ServerFailed("did not start")) },
  ],
  ["a proxy that does not answer", "cut", { cut: () => Promise.reject(new ServerFailed("No answer within 5000 ms.")) }],
])("%s leaves its case inconclusive, and the next one finds all in order", async (_name, kind, broken) => {
  const rig = memoryRig();
  const server = "restart" in broken ? { ...rig.server, ...broken } : rig.server;
  const link = "cut" in broken ? { ...rig.link, ...broken } : rig.link;
  const failing: Rig = { ...rig, server: withState(server, rig.server), link: withState(link, rig.link) };
  const steps = [
    start,
    flush,
    fault({ kind, awaits: "noticed", ...(kind === "cut" ? {} : { signal: "TERM" }) }),
    heal(),
  ];
  const { judgement, events } = await run(steps, failing);
  expect(judgement.verdict).toBe("inconclusive");
  expect(events.find(event => event.kind === "not-awaited")).toMatchObject({
    what: expect.stringContaining("own servers"),
  });
  // In memory observers see the messages of the case before, too, so only the waits tell.
  const { events: next } = await run([start, publish("after")], rig);
  expect(next.filter(event => event.kind === "not-awaited" || event.kind === "observed")).toEqual([
    { kind: "observed", complete: true },
  ]);
});

/** The copy of a part, whose getters still read the part itself. */
const withState = <Part extends object>(copy: Part, part: Part): Part =>
  new Proxy(copy, {
    get: (target, name) => {
      const getter = Object.getOwnPropertyDescriptor(part, name)?.get;
      return getter === undefined ? Reflect.get(target, name) : getter.call(part);
    },
  });

test("a process that ends by itself in the middle of a case is a violation, with its last words", async () => {
  const rig = memoryRig();
  const { client } = rig.processes.shared;
  const crash = {
    code: 7,
    signal: null,
    owed: "publish (id 3)",
    lastWords: ["TypeError: x is null", "at client.js:42"],
  };
  const call: typeof client.call = (command, boundMs) =>
    command.do === "publish" ? Promise.reject(new BusCrashed("ended", crash)) : client.call(command, boundMs);
  const dying = new Proxy(client, {
    get: (target, name) => {
      if (name === "call") return call;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const shared = { ...rig.processes.shared, client: dying };
  const { judgement } = await run([start, publish("last")], { ...rig, processes: { ...rig.processes, shared } });
  expect(judgement).toMatchObject({ verdict: "violated", about: { kind: "conformance" } });
  expect(judgement.reason).toBe(
    "at last the process of the bus ended with exit code 7 by itself, while it owed an answer to publish (id 3); " +
      'its last words: "TypeError: x is null" "at client.js:42"',
  );
});

describe("a pool of servers", () => {
  const pool = { servers: 3 };
  const lost = (id: string, more: object = {}) => ({ ...fault({ kind: "cut-server", ...more }), id });
  const inTurn = ["one", "two"].flatMap(id => [publish(`before-${id}`), { ...flush, id: `flush-${id}` }, lost(id)]);

  test.each([
    ["of which two are lost", [start, ...inTurn, publish("after")]],
    ["of which all are lost, one after the other", [start, ...inTurn, lost("three"), publish("down"), heal()]],
    ["of which one is back", [start, ...inTurn, heal(), publish("between"), lost("again"), publish("after")]],
    ["that stay, and end a connection", [start, lost("one", { stays: true }), publish("after")]],
  ])("holds: %s", async (_, steps) => {
    const { judgement, events } = await run(steps, memoryRig(), pool);
    expect(judgement.verdict, `${judgement.reason}\n${JSON.stringify(events, undefined, 1)}`).toBe("holds");
  });

  test("gives a client up that goes on dialling the server it has lost, and says so", async () => {
    const { judgement } = await run([start, ...inTurn], memoryRig({ staysWithItsServer: true }), pool);
    expect([judgement.verdict, judgement.reason]).toEqual([
      "inconclusive",
      expect.stringContaining("one gave up waiting for the client to reconnect"),
    ]);
  });

  test("is not judged where it is not known which of them the client is connected to", async () => {
    const rig = memoryRig();
    const { shared } = rig.processes;
    const blind: Rig = {
      ...rig,
      processes: { ...rig.processes, shared: { ...shared, isConnectedTo: () => false } },
    };
    const { judgement } = await run([start, ...inTurn], blind, pool);
    expect([judgement.verdict, judgement.reason]).toEqual([
      "inconclusive",
      expect.stringContaining("the server that the client is connected to"),
    ]);
  });
});

describe("an outage that is counted in dials", () => {
  const counted = (dials: number | "all", id = "fault") => ({
    ...fault({ kind: "cut", awaits: dials === "all" ? "gave-up" : "noticed", dials }),
    id,
  });
  const dialledIn = (events: readonly Event[]) =>
    events.flatMap(one => (one.kind === "dialled" ? [[one.step, one.count, one.end]] : []));
  const survived = [start, flush, counted(2), publish("down"), heal(), publish("after")];
  const finite = (habits: Parameters<typeof memoryRig>[0] = {}, steps: readonly object[] = survived) =>
    run(steps, memoryRig(habits), { reconnectAttemptsMax: 4 });

  test("ends after them, and what was published meanwhile is kept", async () => {
    const { judgement, events } = await finite();
    expect(judgement.reason).toBe("everything that was promised held");
    expect(judgement.ledger.classes.kept).toBe(10);
    expect(dialledIn(events)).toEqual([["heal", 2, "healed"]]);
  });

  test("refuses one dial at least once its heal has begun", async () => {
    const { judgement, events } = await finite({ dialsMeanwhile: 2 });
    expect(judgement.verdict).toBe("holds");
    expect(dialledIn(events)).toEqual([["heal", 3, "healed"]]);
  });

  test("is healed at the end of the case where no step heals it", async () => {
    const { judgement, events } = await finite({}, [start, flush, counted(3), publish("down")]);
    expect(judgement.verdict).toBe("holds");
    expect(dialledIn(events)).toEqual([["settle", 3, "healed"]]);
  });

  test.each([
    ["before its heal", { dialsMeanwhile: 4 }, "an outage of fewer than 4 dials; it has refused 4"],
    ["at its heal", { dialsMeanwhile: 3 }, "an outage of fewer than 4 dials; it has refused 4"],
    [
      "perhaps, since a dial was not refused in time",
      { silentMs: 700 },
      "every dial to be refused before the client gives it up; 700 ms went by without one",
    ],
  ])("shows nothing where it used up the client's attempts %s", async (_, habits, what) => {
    for (const givesUpAfter of [4, Number.POSITIVE_INFINITY]) {
      const { judgement, events } = await finite({ ...habits, givesUpAfter });
      expect(judgement.verdict).toBe("inconclusive");
      expect(events).toContainEqual(expect.objectContaining({ kind: "not-awaited", what }));
    }
  });

  test.each([1, 2])(
    "convicts a client that gives up after %i of its dials, though four are its own",
    async givesUpAfter => {
      const { judgement, events } = await finite({ givesUpAfter });
      expect(
        events.filter(({ kind, ...one }) => kind === "not-awaited" && "step" in one && one.step !== "settle"),
      ).toEqual([]);
      expect(judgement.verdict).toBe("violated");
      expect(judgement.properties).toContainEqual(
        expect.objectContaining({ property: "connection/it-gives-up-after-its-attempts", verdict: "violated" }),
      );
    },
  );

  test("ends where the client gives up, with exactly its dials", async () => {
    const last = [start, flush, counted("all"), publish("after")];
    const rightly = await finite({ dialsMeanwhile: 4, givesUpAfter: 4 }, last);
    expect(rightly.judgement.reason).toBe("everything that was promised held");
    expect(dialledIn(rightly.events)).toEqual([["fault", 4, "gave-up"]]);
    const sooner = await finite({ dialsMeanwhile: 3, givesUpAfter: 3 }, last);
    expect(sooner.judgement).toMatchObject({
      verdict: "violated",
      reason: "fault: it gave up after 3 dials; its attempts allow 4",
    });
    const never = await finite({ dialsMeanwhile: 5 }, last);
    expect(dialledIn(never.events)).toEqual([["fault", 5, "went-on"]]);
    expect(never.judgement.verdict).toBe("violated");
  });

  test("asks for no dial of a client that was closed meanwhile", async () => {
    const close = { id: "close", kind: "close" };
    const { judgement, events } = await finite({}, [start, flush, counted(3), publish("down"), close, heal()]);
    expect(judgement.verdict).toBe("holds");
    expect(dialledIn(events)).toEqual([]);
  });
});

test("a pending call has begun before the next step: the bus has answered a later command", async () => {
  const asked: string[] = [];
  const steps = [start, flush, fault({ kind: "hold" }), publish("held"), pending, heal()];
  const { events } = await run(steps, memoryRig({ asked }));
  const at = asked.lastIndexOf("status");
  expect(asked.slice(at - 1, at + 1)).toEqual(["flush", "status"]);
  const places = (is: (event: Event) => boolean): number => events.findIndex(is);
  const ended = places(event => event.kind === "step" && event.step === "pending" && event.phase === "ended");
  const answered = places(event => event.kind === "called" && event.step === "pending");
  expect(ended).toBeGreaterThan(-1);
  expect(answered).toBeGreaterThan(ended);
});

test("what the server logs about the client stands at its step, once, and decides nothing", async () => {
  const rig = memoryRig();
  const logged: string[] = [];
  const server = { ...rig.server, loggedAbout: (name: string) => (name === "faultline-1" ? logged.slice() : []) };
  const steps = [start, flush, publish("before"), publish("after")];
  const plain = await run(steps);
  const events: Event[] = [];
  const data = { version: 1, id: "driver/in-memory", why: "A test.", options: {}, steps };
  const one = planCase(parseScenario(JSON.stringify(data), "driver.test.ts"), natsGo);
  await runCase({ ...one, bus: "in memory", seed: "1" }, 1, { ...rig, server }, event => {
    if (event.kind === "step" && event.step === "before" && event.phase === "began")
      logged.push("maximum payload exceeded");
    events.push(event);
  });
  const at = events.findIndex(event => event.kind === "server-logged");
  expect(events[at]).toEqual({ kind: "server-logged", text: "maximum payload exceeded" });
  expect(events[at + 1]).toEqual({ kind: "step", step: "before", phase: "ended" });
  expect(events.filter(({ kind }) => kind === "server-logged")).toHaveLength(1);
  const judgement = judge(one, events);
  expect(judgement).toMatchObject({ verdict: plain.judgement.verdict, digest: plain.judgement.digest });
  expect(stepFates(events).find(({ step }) => step === "before")?.notes).toContainEqual({
    kind: "happening",
    text: 'the server says of this client: "maximum payload exceeded"',
  });
});

describe("a client of an earlier case on the same server", () => {
  const forgets = memoryRig({ forgetsPending: true });
  const withStranger = (name: string, staysMs: number) => {
    const rig = memoryRig({ forgetsPending: true });
    let seenAtMs: number | undefined;
    let retired = 0;
    const server = {
      ...rig.server,
      async connections() {
        seenAtMs ??= rig.clock.nowMs();
        const isThere = rig.clock.nowMs() - seenAtMs < staysMs;
        return [...(await rig.server.connections()), ...(isThere ? [{ cid: 99, name }] : [])];
      },
    };
    const processes = { ...rig.processes, retire: () => void retired++ };
    return { rig: { ...rig, server, processes }, retired: () => retired };
  };

  test("that stays convicts no one, and ends the use of its process", async () => {
    const { rig, retired } = withStranger("faultline-7", Number.POSITIVE_INFINITY);
    const { judgement } = await run(outage, rig);
    expect((await run(outage, forgets)).judgement.verdict).toBe("violated");
    expect(judgement.verdict).toBe("inconclusive");
    expect(judgement.reason).toContain(
      "a client of an earlier case, faultline-7, is connected, though its bus was told to end it",
    );
    expect(retired()).toBe(1);
  });

  test.each([
    ["that is about to go", "faultline-7", 300],
    ["which is no client of a case", "faultline-observer", Number.POSITIVE_INFINITY],
    ["which is a replica of this case", "faultline-1-r1", Number.POSITIVE_INFINITY],
  ])("%s changes nothing", async (_, name, staysMs) => {
    const { rig, retired } = withStranger(name, staysMs);
    expect((await run(outage, rig)).judgement.verdict).toBe("violated");
    expect(retired()).toBe(0);
  });

  test("is looked for before dials are counted", async () => {
    const { rig, retired } = withStranger("faultline-7", Number.POSITIVE_INFINITY);
    const counted = [start, flush, fault({ kind: "cut", awaits: "gave-up", dials: "all" })];
    const { judgement } = await run(counted, rig, { reconnectAttemptsMax: 3 });
    expect(judgement.verdict).toBe("inconclusive");
    expect(retired()).toBeGreaterThan(0);
  });
});

test("a case whose start fails ends there: the calls that its bus would refuse are not made", async () => {
  const rig = memoryRig();
  const { shared } = rig.processes;
  const asked: string[] = [];
  const client: Conversation = {
    ...conversationOf(shared.client),
    async call(command, boundMs) {
      asked.push(command.do);
      if (command.do !== "start") return shared.client.call(command, boundMs);
      return { outcome: { is: "failed", kind: "timeout", text: "dial tcp: refused" } } as never;
    },
  };
  const processes = { ...rig.processes, shared: { ...shared, client } };
  const { judgement, events } = await run([start, publish("never"), flush], { ...rig, processes });
  expect(asked).not.toContain("publish");
  expect(judgement.verdict).toBe("inconclusive");
  const what = "its start to succeed; it ended in timeout: dial tcp: refused";
  expect(events).toContainEqual({ kind: "not-awaited", step: "start", what });
  expect(judgement.reason).toBe(`start gave up waiting for ${what}`);
});

/** The methods of a conversation, bound: those of a class are not copied by a spread. */
const conversationOf = (one: Conversation): Conversation => ({
  call: (command, boundMs) => one.call(command, boundMs),
  mayEnd: () => one.mayEnd(),
  mark: () => one.mark(),
  markAt: reply => one.markAt(reply),
  eventsSince: mark => one.eventsSince(mark),
  waitFor: (fits, mark, boundMs) => one.waitFor(fits, mark, boundMs),
});
