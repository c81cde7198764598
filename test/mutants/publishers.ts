/** Mutants of several publishers at once on one connection. None of them shows where a single publisher has the connection. */
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import { natsPy } from "../../models/profiles/nats-py.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import { blocksOf } from "../../models/vocabulary/publishers.ts";
import { type Bare, cut, flush, heal, publish, scenarioWith, start } from "../models/cases.ts";
import { loseOnWire, type Moment, type Mutant, onDeliveries, single, withoutLetter } from "./mutant.ts";

const atOnce = (count: number, publishers: number): Bare => ({ kind: "publish", count, bytes: 16, publishers });
const calm = scenarioWith([start, publish(10), atOnce(40, 2), publish(10), flush()]);
const whileDown = (limitBytes?: number) =>
  scenarioWith(
    [start, flush(), cut(), atOnce(50, 2), heal(), flush()],
    limitBytes === undefined ? {} : { reconnectBufferBytesMax: limitBytes },
  );

const beyond = withoutLetter("several publishers");

/** The messages of the last publisher of each step. */
const lastBlocks = (events: readonly Event[]) =>
  events.flatMap(event => (event.kind === "publishers" ? blocksOf(event, event.publishers).slice(-1) : []));

/** The last publisher of the step that the moment is about. */
function lastBlock({ planned, state }: Moment) {
  const { step } = planned;
  if (step.kind !== "publish" || step.publishers === undefined || planned.kind === "settle") return undefined;
  return blocksOf({ first: state.nextMessage, count: step.count }, step.publishers).at(-1);
}

export const publishersMutants: readonly Mutant[] = [
  {
    name: "lets the last of several publishers overtake itself",
    row: "F-190: each of three publishers in order",
    declared: natsGo,
    says: events =>
      onDeliveries(delivered =>
        lastBlocks(events).reduce((list, { first, count }) => {
          const [one, other] = [first, first + 1].map(m => list.findIndex(each => each.first === m));
          if (count < 2 || one === undefined || other === undefined || one < 0 || other < 0) return list;
          return list.with(one, single(first + 1)).with(other, single(first));
        }, delivered),
      )(events),
    where: calm,
    killedBy: ["core-path/order-is-kept", "conformance"],
    beyond,
  },
  {
    name: "loses the last message of one of several publishers",
    row: "F-190: 320 of 320",
    declared: natsPy,
    does: () => (moment, go) => {
      const block = lastBlock(moment);
      const isCalm = moment.state.client === "connected" && moment.planned.before.hindrance === "none";
      go();
      if (block === undefined || !isCalm || (moment.planned.kind === "step" && moment.planned.overlapping)) return;
      loseOnWire(moment, m => m === block.first + block.count - 1, "outbound or socket");
    },
    where: calm,
    killedBy: ["core-path/silent-loss-only-inside-a-disturbance", "conformance"],
    beyond,
  },
  {
    name: "sends one publisher's payload in another's frame",
    row: "F-190: 320 of 320, none doubled",
    declared: natsJs3,
    says: events =>
      onDeliveries(delivered =>
        events.reduce((list, event) => {
          if (event.kind !== "publishers") return list;
          const [ours, theirs] = blocksOf(event, event.publishers);
          return list.map(one => (one.first === theirs?.first && ours !== undefined ? single(ours.first) : one));
        }, delivered),
      )(events),
    where: calm,
    killedBy: ["core-path/no-message-is-delivered-twice", "conformance"],
    beyond,
  },
  {
    name: "lets a later step overtake the last of several publishers",
    row: "F-190: the steps before and after are barriers",
    declared: natsGo,
    says: events =>
      onDeliveries(delivered =>
        events.reduce((list, event) => {
          if (event.kind !== "publishers") return list;
          const late = event.first + event.count - 1;
          const [from, to] = [late, late + 1].map(m => list.findIndex(one => one.first === m));
          if (from === undefined || to === undefined || from < 0 || to < 0) return list;
          return list.toSpliced(from, 1).toSpliced(to, 0, single(late));
        }, delivered),
      )(events),
    where: calm,
    killedBy: ["core-path/order-is-kept", "conformance"],
    beyond,
  },
  {
    name: "counts its reconnect buffer for each publisher alone",
    row: "F-192: two publishers, limit 1021, 31 in all",
    declared: natsGo,
    does: () => (moment, go) => {
      const { step } = moment.planned;
      const limitBytes = moment.options.reconnectBufferBytesMax ?? 0;
      const many = step.kind === "publish" ? (step.publishers ?? 1) : 1;
      go(
        limitBytes > 0 && many > 1
          ? { options: { ...moment.options, reconnectBufferBytesMax: many * limitBytes } }
          : {},
      );
    },
    where: whileDown(600),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
    beyond,
  },
  {
    name: "drops from its buffer what the last of several publishers kept",
    row: "F-193: three publishers while down, 60 of 60",
    declared: natsPy,
    does: () => (moment, go) => {
      const block = lastBlock(moment);
      const { state } = moment;
      go();
      if (block === undefined) return;
      const isTheirs = (m: number): boolean => m >= block.first && m < block.first + block.count;
      state.pending = state.pending.filter(run => !isTheirs(run.first));
    },
    where: whileDown(),
    killedBy: [
      "reconnect-buffer/below-the-limit-all-arrive-in-order",
      "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
      "conformance",
    ],
    beyond,
  },
];
