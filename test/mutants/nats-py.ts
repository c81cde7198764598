/** Mutants of the rows of docs/facts.md in which nats-py differs: how it frames, counts, flushes, yields and ends. */
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsPy } from "../../models/profiles/nats-py.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import {
  awaitNoticed,
  blackhole,
  close,
  cut,
  drain,
  flush,
  heal,
  hold,
  limit,
  overlapped,
  publish,
  scenarioWith,
  start,
  together,
} from "../models/cases.ts";
import type { Mutant } from "./mutant.ts";

function keptBy({ reconnectBuffer }: Profile): Extract<Profile["reconnectBuffer"], { kind: "kept" }> {
  if (reconnectBuffer.kind !== "kept") throw new Error("nats-py keeps what is published while down");
  return reconnectBuffer;
}

const kept = keptBy(natsPy);
const limited = (bytes: number) =>
  scenarioWith([start, flush(), cut(), publish(50), heal(), flush()], { reconnectBufferBytesMax: bytes });

export const natsPyMutants: readonly Mutant[] = [
  {
    name: "writes one space where nats-py writes two",
    row: "F-23: nats-py writes a space more into each frame",
    declared: natsPy,
    behaves: { ...natsPy, frame: { spacesWithoutReply: 1 } },
    where: scenarioWith([start, flush(), limit(699), publish(50), heal(), flush()]),
    killedBy: ["conformance"],
  },
  {
    name: "refuses by what it keeps alone, where its profile counts the payload of the next message",
    row: "F-21: py accepts iff frames kept + payload <= size",
    declared: natsPy,
    behaves: { ...natsPy, reconnectBuffer: { ...kept, refuses: "at-limit" } },
    where: limited(1_024),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "counts the payload of the next message, where its profile counts what is kept alone",
    row: "F-18: go accepts while the bytes kept are below the limit",
    declared: natsGo,
    behaves: { ...natsGo, reconnectBuffer: { ...kept, bytesMaxDefault: 8_388_608 } },
    where: limited(1_024),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "counts the PING of a dial that met a silent link",
    row: "F-118: py, a redial that ends between its PING and the PONG counts 6 bytes as kept",
    declared: natsGo,
    behaves: { ...natsGo, reconnect: { ...natsGo.reconnect, silentDialPing: "counted" } },
    where: scenarioWith([start, blackhole, awaitNoticed, publish(3), heal(), flush()], {
      reconnectBufferBytesMax: 35,
      pingIntervalMs: 150,
      pingsOutMax: 2,
    }),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
    beyond: "no setting has PINGs of its own and a buffer of a few bytes",
  },
  {
    name: "takes a limit of 0 for its default",
    row: "F-22: py, 0 or less: every publish while down is refused",
    declared: natsPy,
    behaves: { ...natsPy, reconnectBuffer: { ...kept, zero: "default" } },
    where: limited(0),
    killedBy: ["reconnect-buffer/disabled-refuses-every-publish", "conformance"],
  },
  {
    name: "waits for the reconnect in a flush while down, where its profile says that it does nothing",
    row: "F-29: py, a flush while down returns at once and sends nothing",
    declared: natsPy,
    behaves: { ...natsPy, flush: { ...natsPy.flush, whileDown: "waits" } },
    where: scenarioWith([start, flush(), cut(), publish(10), flush(60), heal(), flush()]),
    killedBy: ["conformance"],
  },
  {
    name: "tells a flush in flight of the cut, where its profile lets it run into its timeout",
    row: "F-29: flush in flight at the cut, py runs into its timeout",
    declared: natsPy,
    behaves: { ...natsPy, flush: { ...natsPy.flush, inFlight: "disconnected" } },
    where: scenarioWith([start, flush(), cut("none"), flush(60), publish(1), heal()]),
    killedBy: ["conformance"],
  },
  {
    name: "lets the PING of a flush overtake what was published in its tick",
    row: "F-30: py alone writes a flush's PING before what waits to be written",
    declared: natsGo,
    behaves: { ...natsGo, flush: { ...natsGo.flush, covers: "written" } },
    where: scenarioWith([start, flush(), together(publish(50), flush()), cut(), publish(1), heal(), flush()]),
    killedBy: ["core-path/flushed-messages-arrive", "core-path/silent-loss-only-inside-a-disturbance", "conformance"],
    survives: "no random scenario flushes in the tick of a burst",
    beyond: "no letter flushes in the tick of a burst",
  },
  {
    name: "notices a cut in the midst of a block that its profile says is written whole",
    row: "F-13: burst without a flush, cut at once, py all or nothing",
    declared: natsPy,
    behaves: { ...natsPy, burst: { interruptible: true, amongPublishers: true, unwrittenOfEach: 0 } },
    where: scenarioWith([start, flush(), overlapped(40), cut(), heal(), flush()]),
    killedBy: ["conformance"],
  },
  {
    name: "keeps more of each publisher than waits to be written, where its limit refuses everything",
    row: "F-272: limit of -1, py keeps one message of each publisher",
    declared: natsPy,
    behaves: { ...natsPy, burst: { ...natsPy.burst, unwrittenOfEach: 40 } },
    where: scenarioWith([start, flush(), limit(1), { kind: "publish", count: 40, bytes: 16, publishers: 2 }, heal()], {
      reconnectBufferBytesMax: -1,
    }),
    killedBy: ["conformance"],
    beyond: "no letter has several publishers, a byte limit and a buffer that refuses everything",
  },
  {
    name: "closes when it is drained while down, where its profile says that it refuses to",
    row: "F-39: drain while down, py 20/20 after restore",
    declared: natsPy,
    behaves: { ...natsPy, drain: { ...natsPy.drain, whileDown: { tells: "reconnecting", leaves: "closed" } } },
    where: scenarioWith([start, flush(), cut(), publish(20), drain, heal(), publish(5), flush()]),
    killedBy: ["conformance"],
  },
  {
    name: "closes in peace while it keeps messages, where its profile says that it raises an error",
    row: "F-38: close while down, py ConnectionResetError",
    declared: natsPy,
    behaves: { ...natsPy, close: { ...natsPy.close, keptWhileDown: "dropped" } },
    where: scenarioWith([start, flush(), cut(), publish(20), close, heal()]),
    killedBy: ["conformance"],
  },
  {
    name: "loses what a close finds unwritten, behind a hold",
    row: "F-31: close, py 1000",
    declared: natsPy,
    behaves: { ...natsPy, close: { ...natsPy.close, unwritten: "lost" } },
    where: scenarioWith([start, flush(), hold, together(publish(100), close), heal()]),
    killedBy: ["conformance"],
  },
];
