/**
 * Broken buses, each in one way. A mutant is only ever in the world: it behaves by another profile, misreads its options, or says
 * what did not happen. Oracle and properties always hold it to the declared profile. Each names what must kill it.
 */
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs2 } from "../../models/profiles/nats-js-2.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Options, Scenario } from "../../models/vocabulary/scenario.ts";
import {
  awaitNoticed,
  type Bare,
  blackhole,
  close,
  cut,
  drain,
  eventsOf,
  flush,
  heal,
  hold,
  limit,
  publish,
  scenarioWith,
  start,
  together,
} from "../models/cases.ts";

export interface Mutant {
  /** What it does, as a complaint about the bus. */
  readonly name: string;
  readonly declared: Profile;
  readonly behaves?: Profile;
  readonly misreads?: (options: Options) => Options;
  /** Changes what the world says; the same list where there is nothing to change. */
  readonly says?: (events: readonly Event[]) => readonly Event[];
  readonly where: Scenario;
  /** Ids of properties that must find it; `conformance` is the oracle. */
  readonly killedBy: readonly string[];
}

/** What the mutant's world says. */
export function runMutant(mutant: Mutant, seed: string): readonly Event[] {
  const { where, declared, behaves = declared, misreads = (options: Options) => options } = mutant;
  const events = eventsOf({ ...where, options: misreads(where.options) }, declared, seed, behaves);
  return mutant.says === undefined ? events : mutant.says(events);
}

type Delivered = Extract<Event, { kind: "delivered" }>;
const single = (first: number): Delivered => ({ kind: "delivered", first, count: 1 });

/** Every delivery as one of its own, so that single ones can be changed. */
export const onDeliveries =
  (change: (delivered: readonly Delivered[]) => readonly Delivered[]) =>
  (events: readonly Event[]): readonly Event[] => {
    const ones = events.flatMap(event =>
      event.kind === "delivered" ? Array.from({ length: event.count }, (_, i) => single(event.first + i)) : [],
    );
    const changed = change(ones);
    const last = events.findLastIndex(event => event.kind === "delivered");
    return events.flatMap<Event>((event, i) => (i === last ? changed : event.kind === "delivered" ? [] : [event]));
  };

const losing = (...messages: readonly number[]) =>
  onDeliveries(delivered => delivered.filter(one => !messages.includes(one.first)));

const withoutChanges =
  (...changes: readonly string[]) =>
  (events: readonly Event[]): readonly Event[] =>
    events.filter(event => event.kind !== "connection" || !changes.includes(event.change));

const calm = scenarioWith([start, publish(20), flush()]);
const whileDown = (options: Partial<Options> = {}, ...more: readonly Bare[]): Scenario =>
  scenarioWith([start, publish(10), flush(), cut(), ...more, publish(50), heal(), flush()], options);
const heldAndCut = scenarioWith([start, publish(10), flush(), hold, publish(20), cut(), publish(5), heal(), flush()]);

const emitMutants: readonly Mutant[] = [
  {
    name: "delivers a message twice",
    declared: natsGo,
    says: onDeliveries(delivered => delivered.flatMap(one => (one.first === 7 ? [one, one] : [one]))),
    where: whileDown(),
    killedBy: ["core-path/no-message-is-delivered-twice", "conformance"],
  },
  {
    name: "swaps two deliveries",
    declared: natsGo,
    says: onDeliveries(delivered =>
      delivered.map(one => single(one.first === 3 ? 4 : one.first === 4 ? 3 : one.first)),
    ),
    where: calm,
    killedBy: ["core-path/order-is-kept", "conformance"],
  },
  {
    name: "replays what it kept in reverse",
    declared: natsGo,
    says: onDeliveries(delivered => [...delivered.slice(0, 10), ...delivered.slice(10).reverse()]),
    where: whileDown(),
    killedBy: ["core-path/order-is-kept", "reconnect-buffer/below-the-limit-all-arrive-in-order", "conformance"],
  },
  {
    name: "delivers a number that was never published",
    declared: natsGo,
    says: onDeliveries(delivered => [...delivered, single(20)]),
    where: calm,
    killedBy: ["core-path/nothing-is-fabricated", "conformance"],
  },
  {
    name: "delivers something that nobody wrote",
    declared: natsGo,
    says: events => [...events, { kind: "foreign", count: 1 }],
    where: calm,
    killedBy: ["core-path/nothing-is-fabricated"],
  },
  {
    name: "delivers a message that it refused",
    declared: natsGo,
    says: onDeliveries(delivered => [...delivered, single(59)]),
    where: whileDown({ reconnectBufferBytesMax: 1_024 }),
    killedBy: ["core-path/an-error-that-proves-nothing-happened-is-true", "conformance"],
  },
  {
    name: "loses one message that was flushed",
    declared: natsGo,
    says: losing(4),
    where: whileDown(),
    killedBy: ["core-path/flushed-messages-arrive", "core-path/silent-loss-only-inside-a-disturbance", "conformance"],
  },
  {
    name: "loses a message with no fault in force",
    declared: natsJs3,
    says: losing(19),
    where: scenarioWith([start, publish(20)]),
    killedBy: ["core-path/silent-loss-only-inside-a-disturbance", "conformance"],
  },
  {
    name: "loses two separate blocks in one outage",
    declared: natsGo,
    says: losing(31, 32),
    where: heldAndCut,
    killedBy: ["core-path/loss-around-one-cut-is-one-block", "conformance"],
  },
  {
    name: "drops one message that it kept below the limit",
    declared: natsGo,
    says: losing(30),
    where: whileDown(),
    killedBy: [
      "reconnect-buffer/below-the-limit-all-arrive-in-order",
      "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
      "conformance",
    ],
  },
  {
    name: "drops the message that overshoots its buffer",
    declared: natsGo,
    says: losing(40),
    where: whileDown({ reconnectBufferBytesMax: 1_024 }),
    killedBy: ["reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence", "conformance"],
  },
  {
    name: "never says that it is connected again",
    declared: natsGo,
    says: withoutChanges("reconnected"),
    where: whileDown(),
    killedBy: ["connection/every-healed-outage-ends-connected", "conformance"],
  },
  {
    name: "says that it is disconnected after it has closed",
    declared: natsJs3,
    says: events => [...events, { kind: "connection", change: "disconnected" }],
    where: scenarioWith([start, publish(3), flush(), close]),
    killedBy: ["connection/only-legal-transitions", "conformance"],
  },
  {
    name: "never notices that its link is silent",
    declared: natsJs3,
    says: withoutChanges("disconnected", "reconnected"),
    where: scenarioWith([start, flush(), blackhole, publish(5), awaitNoticed, heal()], {
      pingIntervalMs: 150,
      pingsOutMax: 2,
    }),
    killedBy: ["connection/a-silent-link-is-noticed", "conformance"],
  },
  {
    name: "never says that it has given up",
    declared: natsGo,
    says: withoutChanges("closed"),
    where: scenarioWith([start, publish(5), flush(), cut("gave-up"), publish(2)], { reconnectAttemptsMax: 3 }),
    killedBy: ["connection/giving-up-is-visible", "conformance"],
  },
  {
    name: "says that a flush succeeded while its link was held",
    declared: natsGo,
    says: events =>
      events.map(event =>
        event.kind === "called" && event.call === "flush" ? { ...event, outcome: { is: "ok" as const } } : event,
      ),
    where: scenarioWith([start, hold, publish(5), flush(60), cut(), heal()]),
    killedBy: ["conformance"],
  },
];

const kept = natsGo.reconnectBuffer.kind === "kept" ? natsGo.reconnectBuffer : undefined;
if (kept === undefined) throw new Error("nats-go keeps what is published while down: the zoo is built on it");

const profileMutants: readonly Mutant[] = [
  {
    name: "wipes its buffer at each dial",
    declared: natsGo,
    behaves: { ...natsGo, reconnectBuffer: { kind: "reset-at-dial" } },
    where: whileDown(),
    killedBy: [
      "reconnect-buffer/below-the-limit-all-arrive-in-order",
      "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
      "conformance",
    ],
  },
  {
    name: "keeps what its profile says it wipes",
    declared: natsJs3,
    behaves: { ...natsJs3, reconnectBuffer: kept },
    where: whileDown(),
    killedBy: ["conformance"],
  },
  {
    name: "has a default buffer one frame too small",
    declared: natsGo,
    behaves: { ...natsGo, reconnectBuffer: { ...kept, bytesMaxDefault: kept.bytesMaxDefault - 1_020 } },
    where: scenarioWith([start, cut(), publish(8_226, 1_000), heal()]),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "accepts one message over its limit",
    declared: natsGo,
    misreads: options => ({ ...options, reconnectBufferBytesMax: 1_024 + 34 }),
    where: whileDown({ reconnectBufferBytesMax: 1_024 }),
    killedBy: [
      "reconnect-buffer/never-holds-more-than-limit-and-one-frame",
      "reconnect-buffer/the-first-refusal-is-where-predicted",
      "conformance",
    ],
  },
  {
    name: "refuses one message below its limit",
    declared: natsGo,
    misreads: options => ({ ...options, reconnectBufferBytesMax: 1_024 - 34 }),
    where: whileDown({ reconnectBufferBytesMax: 1_024 }),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "is off by one byte where the limit ends with a frame",
    declared: natsGo,
    misreads: options => ({ ...options, reconnectBufferBytesMax: 1_021 }),
    where: whileDown({ reconnectBufferBytesMax: 1_020 }),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "takes a disabled buffer for the default",
    declared: natsGo,
    misreads: options => ({ ...options, reconnectBufferBytesMax: 0 }),
    where: whileDown({ reconnectBufferBytesMax: -1 }),
    killedBy: ["reconnect-buffer/disabled-refuses-every-publish", "conformance"],
  },
  {
    name: "forgets that a flush while down takes six bytes",
    declared: natsGo,
    behaves: { ...natsGo, flush: { whileDown: "fails-at-dial" } },
    where: scenarioWith([start, cut(), publish(30), flush(60), publish(9), heal()], { reconnectBufferBytesMax: 1_024 }),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "loses the unwritten tail when it is closed",
    declared: natsJs3,
    behaves: { ...natsJs3, close: { ...natsJs3.close, unwritten: "lost" } },
    where: scenarioWith([start, flush(), together(publish(100), close)]),
    killedBy: ["core-path/silent-loss-only-inside-a-disturbance", "conformance"],
  },
  {
    name: "stays open, refusing everything, after a drain while down",
    declared: natsGo,
    behaves: { ...natsGo, drain: { whileDown: { tells: "reconnecting", leaves: "stuck" } } },
    where: scenarioWith([start, cut(), publish(5), drain, heal(), publish(2)]),
    killedBy: ["conformance"],
  },
  {
    name: "resolves a drain that lost everything, where it is declared to reject",
    declared: natsJs3,
    behaves: natsJs2,
    where: scenarioWith([start, cut(), publish(5), drain, heal()]),
    killedBy: ["conformance"],
  },
  {
    name: "closes without the disconnect that it is declared to announce",
    declared: natsGo,
    behaves: { ...natsGo, close: { ...natsGo.close, events: { connected: ["closed"], down: ["closed"] } } },
    where: scenarioWith([start, publish(5), flush(), close]),
    killedBy: ["conformance"],
  },
  {
    name: "sends one frame more than its link let through",
    declared: natsJs3,
    says: onDeliveries(delivered => [...delivered, single(20)]),
    where: scenarioWith([start, flush(), limit(680), publish(50), heal()]),
    killedBy: ["conformance"],
  },
];

export const zoo: readonly Mutant[] = [...emitMutants, ...profileMutants];
