/**
 * The slow mutants: buses that are broken only where several rare conditions meet, so that random search needs more than 10,000 runs. Each
 * is modelled on a cited report, and names the command that finds it within five minutes. `run-slow.ts` measures both, and `slow.test.ts`
 * holds each mutant to its shortest known case. `npm run mutants` never hunts them.
 */
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import { natsPy } from "../../models/profiles/nats-py.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import {
  type Bare,
  blackhole,
  close,
  counted,
  cut,
  fault,
  flush,
  heal,
  hold,
  limit,
  publish,
  scenarioWith,
  start,
} from "../models/cases.ts";
import {
  advance,
  job,
  jobAgain,
  kill,
  policyWith,
  replica,
  stream,
  subscribe,
  underPolicy,
} from "../models/policies.ts";
import { isFault, type Mutant, rewriting, silentAbout } from "./mutant.ts";
import {
  acceptsByteTooMany,
  closesTwice,
  countsRecoveries,
  dropsIdsTooEarly,
  endsWithItsFrame,
  fillingPingUncounted,
  forgetsAtDuplicate,
  givesBackSpent,
  givesOnWhatWasHeld,
  inheritsPings,
  pastItsLimit,
  refusesByteTooMany,
  spoilsFirstKept,
  stopsAtSpent,
  writesBeforeHandshake,
} from "./slow-doings.ts";

/** The command that finds a mutant, with the options that matter. */
export type Finder =
  /** All schedules within these bounds, for the profile that the mutant declares. */
  | { readonly kind: "exhaust"; readonly publishes: number; readonly faults: number }
  /** The corpus in the model world; this scenario shows it. */
  | { readonly kind: "drill"; readonly scenario: string }
  /** Random scenarios under another policy than the mutant's own. */
  | { readonly kind: "search"; readonly policy: string };

export interface SlowMutant extends Mutant {
  /** Repository, number and title of the report. */
  readonly modelledOn: string;
  /** The conditions that must meet. */
  readonly needs: string;
  /** What no random scenario of its space ever does; absent: chance alone is against it. */
  readonly neverDrawn?: string;
  readonly foundBy: Finder;
}

const exhausting = (publishes: number, faults: number): Finder => ({ kind: "exhaust", publishes, faults });
const drilling = (scenario: string): Finder => ({ kind: "drill", scenario });
const searchingUnder = (policy: string): Finder => ({
  kind: "search",
  policy: `fixtures/scenarios/policies/${policy}.json`,
});

const buffer = (reconnectBufferBytesMax: number) => ({ reconnectBufferBytesMax });

const atABoundary: readonly SlowMutant[] = [
  {
    name: "does not count a PING that fills its reconnect buffer to the last byte",
    modelledOn: "nats-io/nats.node#324, Remove Noop code collecting pending PUB and Pings",
    needs: "messages kept, a flush while down whose six bytes end exactly at the limit, and a publish after it",
    row: "F-26: a flush while down adds 6 bytes to the same buffer",
    declared: natsGo,
    does: () => fillingPingUncounted,
    where: scenarioWith([start, cut(), publish(1), flush(60), publish(1), heal()], buffer(40)),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
    foundBy: exhausting(2, 1),
  },
  {
    name: "refuses a message that is one byte larger than its whole reconnect buffer",
    modelledOn: "nats-io/nats.net.v1#284, Add Reconnect Buffering",
    needs: "an empty buffer, and a frame of exactly one byte more than the limit",
    row: "F-24: one message of 100,022 bytes into 1024: accepted",
    declared: natsGo,
    does: () => refusesByteTooMany,
    where: scenarioWith([start, cut(), publish(1), heal()], buffer(33)),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
    foundBy: exhausting(1, 1),
  },
  {
    name: "accepts a payload of one byte more than its whole buffer as the first of an outage",
    modelledOn: "nats-io/nats.py#289, Fixes to internal flush mechanism plus new connect options",
    needs: "an empty buffer, and a payload of exactly one byte more than the limit",
    row: "F-21: py accepts iff frames kept + payload <= size",
    declared: natsPy,
    does: () => acceptsByteTooMany,
    where: scenarioWith([start, cut(), publish(1), heal()], buffer(15)),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
    foundBy: drilling("reconnect-buffer/a-payload-of-the-limit-and-one-byte-is-refused"),
  },
  {
    name: "lets two publishers past its limit at once where a single byte is left",
    modelledOn: "nats-io/nats.py#257, DEFAULT_PENDING_SIZE is not enforced",
    needs: "several publishers while down, and whole frames that leave one byte of the limit",
    row: "F-192: two publishers, limit 1021, 31 in all",
    declared: natsGo,
    does: () => pastItsLimit,
    where: scenarioWith([start, cut(), { kind: "publish", count: 4, bytes: 16, publishers: 2 }, heal()], buffer(69)),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
    foundBy: drilling("reconnect-buffer/two-publishers-fill-one-buffer"),
  },
  {
    name: "refuses the message whose last byte the link still took, where its buffer is disabled",
    modelledOn: "nats-io/nats.go#86, Better capture pending writes when getting disconnected",
    needs: "a link that ends exactly with a frame, that frame alone in its burst, and a buffer that refuses all",
    row: "F-6: cut after 20 frames (+0 or +1 byte) of 50, 20/50",
    declared: natsGo,
    does: rewriting(
      event =>
        event.kind === "published" && event.outcome.is === "accepted"
          ? { ...event, outcome: { is: "rejected", kind: "buffer-full" } }
          : event,
      endsWithItsFrame,
    ),
    where: scenarioWith([start, flush(), limit(34), publish(1), heal()], buffer(-1)),
    killedBy: ["core-path/an-error-that-proves-nothing-happened-is-true", "conformance"],
    foundBy: exhausting(1, 1),
  },
];

const inAnOutage: readonly SlowMutant[] = [
  {
    name: "keeps the rest of a frame that its write buffer could not hold, and spoils what it kept first",
    modelledOn: "nats-io/nats.go#86, Better capture pending writes when getting disconnected",
    needs: "a frame of more than half the write buffer under way at a cut, and a publish while down",
    neverDrawn: "a payload of more than 1,000 bytes",
    row: "F-37: both libraries write inline when 32 KiB wait",
    declared: natsGo,
    does: () => spoilsFirstKept,
    where: scenarioWith([start, publish(1, 20_480), cut(), publish(1, 20_480), heal()]),
    killedBy: ["reconnect-buffer/below-the-limit-all-arrive-in-order", "conformance"],
    foundBy: exhausting(2, 1),
  },
  {
    name: "writes what it kept before its handshake is over, and loses it",
    modelledOn: "nats-io/nats.java#177, Can't reconnect if the server was restarted",
    needs: "messages kept, a handshake that takes its time, and no publish in it",
    neverDrawn: "a handshake without a publish in it",
    row: "F-2: publish during the redial's handshake, 10/10",
    declared: natsGo,
    does: () => writesBeforeHandshake,
    where: scenarioWith([start, cut(), publish(1), heal("handshake"), heal()]),
    killedBy: ["reconnect-buffer/below-the-limit-all-arrive-in-order", "conformance"],
    foundBy: exhausting(1, 1),
  },
  {
    name: "inherits its unanswered PINGs after a cut, and drops the new connection",
    modelledOn: "nats-io/nats.py#980, Reset keepalive state on reconnect",
    needs: "PINGs of the client's own, and an outage that they did not notice",
    neverDrawn: "a cut where the client's own PINGs are on",
    row: "F-15: stale detection takes (outstanding PINGs + 1) × interval",
    declared: natsJs3,
    does: () => inheritsPings,
    where: scenarioWith([start, cut(), heal()], { pingIntervalMs: 150, pingsOutMax: 2 }),
    killedBy: ["conformance"],
    foundBy: exhausting(1, 1),
  },
  {
    name: "says nothing of a cut whose link was silent before",
    modelledOn:
      "nats-io/nats.py#671, NATS PING/PONG does not reconnects correctly when client can't talk with the server",
    needs: "a silent link, and a cut before the client notices it",
    neverDrawn: "a cut of a link that swallows what it is given",
    row: "F-9: upstream dropped",
    declared: natsJs3,
    does: rewriting(
      silentAbout("disconnected"),
      moment => isFault(moment, "cut") && moment.planned.before.hindrance === "blackhole",
    ),
    where: scenarioWith([start, blackhole, cut(), heal()]),
    killedBy: ["connection/only-legal-transitions", "conformance"],
    foundBy: exhausting(1, 2),
  },
  {
    name: "counts the attempts of all servers of its pool together",
    modelledOn: "nats-io/nats.node#318, behavior of maxReconnectAttempts does not match go client",
    needs: "a pool of servers, finite attempts, and an outage in which every dial is counted",
    neverDrawn: "a pool of servers with finite attempts, without a policy",
    row: "F-86: 60 attempts per server",
    declared: natsJs3,
    misreads: ({ servers = 1, ...options }) => (options.reconnectAttemptsMax < 0 ? { ...options, servers } : options),
    where: scenarioWith([start, publish(5), flush(), fault({ kind: "cut", awaits: "gave-up", dials: "all" })], {
      servers: 3,
      reconnectAttemptsMax: 2,
      reconnectWaitMs: 30,
    }),
    killedBy: ["connection/it-gives-up-after-its-attempts", "conformance"],
    foundBy: drilling("connection/each-server-of-a-pool-has-its-own-attempts"),
  },
];

/** An outage that the last of ten attempts ends, and a round trip after it. */
const byLastAttempt: readonly Bare[] = [counted(9), publish(10), heal(), flush()];

const atTheEnd: readonly SlowMutant[] = [
  {
    name: "says twice that it has closed, once the link that held its only message lets it go",
    modelledOn: "nats-io/nats.c#333, [FIXED] Close connection callback possibly invoked twice",
    needs:
      "a close behind a hold, before the first round trip of the connection, with a single message under way and a buffer that refuses all",
    row: "F-41: a client closes behind a hold, then release: the held bytes still arrive",
    declared: natsGo,
    does: () => closesTwice,
    where: scenarioWith([start, hold, publish(1), close, heal()], buffer(-1)),
    killedBy: ["connection/only-legal-transitions", "conformance"],
    foundBy: exhausting(1, 1),
  },
  {
    name: "gives up an attempt early after two outages that its last attempt ended",
    modelledOn: "nats-io/nats.go#164, doReconnect() prematurely resets cur.reconnects",
    needs:
      "ten attempts, two outages of nine failed dials each, after each a round trip and nothing published until the next, and a third outage",
    row: "F-148: the count of failed dials begins anew when it is connected again",
    declared: natsJs3,
    does: countsRecoveries,
    where: scenarioWith([start, flush(), ...byLastAttempt, ...byLastAttempt, counted("all"), publish(10)], {
      reconnectAttemptsMax: 10,
      reconnectWaitMs: 30,
    }),
    killedBy: ["connection/it-gives-up-after-its-attempts", "conformance"],
    foundBy: drilling("connection/ten-attempts-are-ten-in-every-outage"),
  },
];

/** A message is given that often. Few scenarios wait so long: an episode lets three ack waits pass at most. */
const giving = (deliverMax: number) =>
  policyWith({
    name: "gives-many-times",
    streams: [{ ...stream, duplicateWindowMs: 10_000 }],
    consume: { deliverMax },
  });
const spent = ({ consume: { ackWaitMs, deliverMax } }: Policy): readonly Bare[] => [
  start,
  subscribe(0, "hangs"),
  job(),
  ...Array.from({ length: deliverMax - 1 }, () => advance(ackWaitMs)),
];
/** Its last delivery is to a replica that is killed before the ack wait is over, and another one takes its place. */
const heldTo = ({ consume: { ackWaitMs, deliverMax } }: Policy): readonly Bare[] => [
  start,
  replica(1),
  subscribe(1, "hangs"),
  job(),
  ...Array.from({ length: deliverMax - 1 }, () => advance(ackWaitMs)),
  subscribe(0),
  kill(1),
];
/** Twenty streams, each with another duplicate window. */
const letters = [..."abcdefghijklmnopqrst"];
const manyWindows = policyWith({
  name: "has-many-windows",
  streams: letters.map((letter, i) => ({
    ...stream,
    name: `JOBS_${letter}`,
    subjects: [`job.${letter}`],
    duplicateWindowMs: 10_000 * (i + 1),
  })),
  families: letters.map(letter => ({ subjects: `job.${letter}`, durability: "durable", reason: "work" })),
});
const restarted: readonly Bare[] = [fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" }), heal()];

const inJetStream: readonly SlowMutant[] = [
  {
    name: "forgets the id of a message when it meets it again",
    modelledOn: "nats-io/nats-server#3272, Duplicate handling not consistent across server restarts",
    needs: "one message that arrives three times within its window",
    neverDrawn: "a message published again twice; only a policy with several attempts sends it so often",
    row: "F-49: retry, same msgId, stored 1",
    declared: natsGo,
    does: () => forgetsAtDuplicate,
    where: underPolicy(policyWith({}), [start, job(), jobAgain(1), jobAgain(1)]),
    killedBy: ["conformance"],
    foundBy: searchingUnder("tries-three-times"),
  },
  {
    name: "drops five ids that came together a millisecond before their window ends, once the server has restarted",
    modelledOn: "nats-io/nats-server#8564, [FIXED] Last msg ID is restored only if it is in duplicate window",
    needs:
      "a restart of the server, five messages published at once without waiting, and all five again in the very last millisecond of the window, that of their stream among twenty",
    row: "F-49: retry, same msgId, stored 1",
    declared: natsGo,
    does: dropsIdsTooEarly,
    where: underPolicy(manyWindows, [
      start,
      ...restarted,
      job(5, { async: true }),
      advance(9_999),
      { ...jobAgain(3, 5), async: true } as Bare,
    ]),
    killedBy: ["conformance"],
    foundBy: searchingUnder("forgets-soon"),
  },
  {
    name: "gives a message again after its last delivery, once the server has restarted",
    modelledOn: "nats-io/nats-server#3361, Zombie re-deliveries",
    needs: "a handler that never acknowledges, all eight deliveries spent, and then a restart of the server",
    row: "F-73: given again as often as MaxDeliver says, then never",
    declared: natsGo,
    does: givesBackSpent,
    where: underPolicy(giving(8), [...spent(giving(8)), ...restarted]),
    killedBy: ["conformance"],
    foundBy: searchingUnder("gives-again"),
  },
  {
    name: "gives nothing more once a message has had its last delivery",
    modelledOn: "nats-io/nats-server#5995, Max delivered stuck consumers and mis-reported redelivered stats",
    needs: "a handler that never acknowledges, all ten deliveries spent, and then a new message",
    row: "F-73: given again as often as MaxDeliver says, then never",
    declared: natsGo,
    does: stopsAtSpent,
    where: underPolicy(giving(10), [...spent(giving(10)), job()]),
    killedBy: ["conformance"],
    foundBy: searchingUnder("gives-again"),
  },
  {
    name: "gives a message once more whose last delivery a replica held when it was stopped",
    modelledOn:
      "nats-io/nats-server#4716, JetStream does not redeliver until AckWait reached even on client disconnects",
    needs:
      "a replica whose handler never acknowledges, all eight deliveries spent, its end before the last ack wait is over, and another subscriber",
    row: "F-73: given again as often as MaxDeliver says, then never",
    declared: natsGo,
    does: () => givesOnWhatWasHeld,
    where: underPolicy(giving(8), heldTo(giving(8))),
    killedBy: ["conformance"],
    foundBy: searchingUnder("gives-again"),
  },
];

export const slowMutants: readonly SlowMutant[] = [...atABoundary, ...inAnOutage, ...atTheEnd, ...inJetStream];
