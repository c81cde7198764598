/** Mutants of table 1 of docs/facts.md: core publish, cuts, holds, byte anchors and links that swallow what they are given. */
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import { append, copy, type FrameRun } from "../../models/state.ts";
import {
  awaitNoticed,
  blackhole,
  cut,
  flush,
  heal,
  hold,
  limit,
  overlapped,
  pauseServer,
  publish,
  scenarioWith,
  start,
} from "../models/cases.ts";
import {
  type Doing,
  isConnection,
  isFault,
  isHeal,
  loseOnWire,
  losesArrivals,
  type Mutant,
  makesCall,
  onDeliveries,
  rewriting,
  seeing,
  silentAbout,
  single,
} from "./mutant.ts";
import { kept, resetAtDial, whileDown } from "./rows.ts";

const pings = { pingIntervalMs: 150, pingsOutMax: 2 };
const calm = scenarioWith([start, publish(20), flush()]);
const flushedThenCut = scenarioWith([start, publish(20), flush(), cut(), publish(5), heal(), flush()]);
const handshake = scenarioWith([start, flush(), cut(), publish(5), heal("handshake"), overlapped(10), heal(), flush()]);
const handshakeOnly = scenarioWith([start, flush(), cut(), heal("handshake"), overlapped(10), heal(), flush()]);
const released = scenarioWith([start, flush(), hold, publish(50), heal(), flush()]);
const heldAndCut = scenarioWith([start, publish(10), flush(), hold, publish(20), cut(), publish(5), heal(), flush()]);
const noticed = scenarioWith(
  [start, flush(), blackhole, publish(10), awaitNoticed, publish(10), heal(), flush()],
  pings,
);
const unnoticed = scenarioWith([start, flush(), blackhole, publish(10), heal(), flush()]);
const paused = scenarioWith([start, flush(), pauseServer, publish(20), awaitNoticed, heal(), flush()], pings);
const racing = scenarioWith([start, flush(), overlapped(300), cut(), heal(), flush()]);
const writeFailing = scenarioWith([start, flush(), overlapped(4_000, 100), cut(), heal(), flush()]);
const anchored = (bytes: number) => scenarioWith([start, flush(), limit(bytes), publish(50), heal(), flush()]);

/** A byte anchor that counts `more` bytes beyond what was asked for. */
const anchoredAt =
  (more: number): (() => Doing) =>
  () =>
  (moment, go) => {
    const { before } = moment.planned;
    go(before.hindrance === "limit" ? seeing(moment, { limitBytesLeft: before.limitBytesLeft + more }) : {});
  };

const delivery: readonly Mutant[] = [
  {
    name: "delivers a message twice",
    row: "F-1: published while down, 50/50",
    declared: natsGo,
    says: onDeliveries(delivered => delivered.flatMap(one => (one.first === 7 ? [one, one] : [one]))),
    where: whileDown(),
    killedBy: ["core-path/no-message-is-delivered-twice", "conformance"],
    beyond: "it is the eighth message, and three are published",
  },
  {
    name: "swaps two deliveries",
    row: "F-1: 10 flushed",
    declared: natsGo,
    says: onDeliveries(delivered => {
      const [third, fourth] = [3, 4].map(m => delivered.findIndex(one => one.first === m));
      if (third === undefined || fourth === undefined || third < 0 || fourth < 0) return delivered;
      return delivered.with(third, single(4)).with(fourth, single(3));
    }),
    where: calm,
    killedBy: ["core-path/order-is-kept", "conformance"],
    beyond: "they are the fourth and the fifth message, and three are published",
  },
  {
    name: "delivers a number that was never published",
    row: "F-1: 50/50, never more",
    declared: natsGo,
    does: () => (moment, go) => {
      go();
      if (moment.planned.kind === "settle") moment.emit(single(moment.state.nextMessage));
    },
    where: calm,
    killedBy: ["core-path/nothing-is-fabricated", "conformance"],
  },
  {
    name: "delivers something that nobody wrote",
    row: "F-1: 50/50, never more",
    declared: natsGo,
    says: events => [...events, { kind: "foreign", count: 1 }],
    where: calm,
    killedBy: ["core-path/nothing-is-fabricated", "conformance"],
  },
  {
    name: "loses one message that was flushed",
    row: "F-95: two PONGs, no sleep",
    declared: natsGo,
    says: onDeliveries(delivered => delivered.filter(one => one.first !== 4)),
    where: whileDown(),
    killedBy: ["core-path/flushed-messages-arrive", "core-path/silent-loss-only-inside-a-disturbance", "conformance"],
    beyond: "it is the fifth message, and three are published",
  },
  {
    name: "says that a flush is done before what it flushes has left",
    row: "F-95: two PONGs, no sleep",
    declared: natsJs3,
    does: () => (moment, go) => {
      const { state } = moment;
      if (!makesCall(moment, "flush") || state.client !== "connected" || moment.planned.before.hindrance !== "none")
        return go();
      const under = copy(state).wire;
      go({ emit: event => (event.kind === "delivered" || event.kind === "ended" ? undefined : moment.emit(event)) });
      state.wire = under;
    },
    where: flushedThenCut,
    killedBy: ["core-path/flushed-messages-arrive", "conformance"],
  },
  {
    name: "loses the last message of a burst with no fault in force",
    row: "F-1: 10 flushed",
    declared: natsJs3,
    does: () => (moment, go) => {
      const { state, planned } = moment;
      go();
      if (planned.step.kind !== "publish" || planned.overlapping || state.client !== "connected") return;
      if (moment.planned.before.hindrance === "none")
        loseOnWire(moment, m => m === state.nextMessage - 1, "outbound or socket");
    },
    where: scenarioWith([start, publish(20)]),
    killedBy: ["core-path/silent-loss-only-inside-a-disturbance", "conformance"],
  },
];

const cuts: readonly Mutant[] = [
  {
    name: "keeps what its profile says it wipes",
    row: "F-1: published while down, js 0/50",
    declared: natsJs3,
    behaves: { ...natsJs3, reconnectBuffer: kept },
    where: whileDown(),
    killedBy: ["conformance"],
  },
  {
    name: "wipes only from its second outage on",
    row: "F-1: published while down, js 0/50",
    declared: natsJs3,
    does: () => {
      let reconnects = 0;
      return (moment, go) =>
        go({
          profile: reconnects === 0 ? { ...natsJs3, reconnectBuffer: kept } : natsJs3,
          emit: event => {
            moment.emit(event);
            if (isConnection(event, "reconnected")) reconnects++;
          },
        });
    },
    where: whileDown(),
    killedBy: ["conformance"],
  },
  {
    name: "wipes its buffer after a reset",
    row: "F-8: reset on a live connection, go 10/10 after it was noticed",
    declared: natsGo,
    does: () => (moment, go) => go(moment.options.cutsWith === "rst" ? { profile: resetAtDial(natsGo) } : {}),
    where: whileDown({ cutsWith: "rst" }),
    killedBy: [
      "reconnect-buffer/below-the-limit-all-arrive-in-order",
      "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
      "conformance",
    ],
  },
  {
    name: "loses what is published during a redial's handshake",
    row: "F-2: publish during the redial's handshake, 10/10",
    declared: natsJs3,
    does: () => (moment, go) => {
      const burst = moment.state.open;
      go();
      if (isHeal(moment) && burst !== undefined) loseOnWire(moment, m => m >= burst.first, "reset at dial");
    },
    where: handshakeOnly,
    killedBy: ["conformance"],
  },
  {
    name: "refuses what is published during a redial's handshake",
    row: "F-2: publish during the redial's handshake, the call blocks until it ends",
    declared: natsGo,
    does: () => (moment, go) => {
      const burst = moment.state.open;
      if (!isHeal(moment) || burst === undefined) return go();
      go({
        emit: event =>
          moment.emit(
            event.kind === "published" ? { ...event, outcome: { is: "rejected", kind: "not-connected" } } : event,
          ),
      });
      loseOnWire(moment, m => m >= burst.first, "refused");
    },
    where: handshakeOnly,
    killedBy: ["conformance"],
  },
  {
    name: "replays what it kept after what is newer",
    row: "F-2: publish during the redial's handshake, 10/10",
    declared: natsGo,
    does: () => (moment, go) => {
      const { state } = moment;
      let withheld: readonly FrameRun[] = [];
      go({
        emit: event => {
          moment.emit(event);
          if (!isConnection(event, "reconnected")) return;
          withheld = state.pending;
          state.pending = [];
        },
      });
      for (const run of withheld) append(state.wire, run);
    },
    where: handshake,
    killedBy: ["core-path/order-is-kept", "conformance"],
  },
  {
    name: "sends again after the reconnect what it had sent when the cut came",
    row: "F-12: burst without a flush, cut at once: one contiguous block is lost, none is doubled",
    declared: natsGo,
    does: () => (moment, go) => {
      const { state, planned } = moment;
      const burst = state.open;
      let arrived: readonly FrameRun[] = [];
      go({
        emit: event => {
          moment.emit(event);
          if (burst !== undefined && event.kind === "delivered" && !isHeal(moment))
            arrived = [...arrived, { first: event.first, count: event.count, frameBytes: burst.frameBytes }];
        },
      });
      if (planned.step.kind === "fault" && state.client === "disconnected") state.pending.unshift(...arrived);
    },
    where: racing,
    killedBy: ["core-path/no-message-is-delivered-twice", "conformance"],
  },
  {
    name: "lets its event loop run in the midst of a burst",
    row: "F-14: burst without a flush, js loses whole inline-flush blocks or all",
    declared: natsJs3,
    behaves: { ...natsJs3, burst: { interruptible: true, amongPublishers: true, unwrittenOfEach: 0 } },
    where: scenarioWith([start, flush(), cut(), heal("none"), publish(50), heal(), flush()]),
    killedBy: ["conformance"],
  },
  {
    name: "calls a write error a refusal",
    row: "F-12: above 32 KiB two to thirteen calls may return a write error",
    declared: natsGo,
    does: rewriting(event =>
      event.kind === "published" && event.outcome.is === "unsettled"
        ? { ...event, outcome: { is: "rejected", kind: "closed" } }
        : event,
    ),
    where: writeFailing,
    killedBy: ["conformance"],
  },
  {
    name: "returns write errors where its profile says that they are swallowed",
    row: "F-12: above 32 KiB two to thirteen calls may return a write error (go alone)",
    declared: natsJs3,
    behaves: { ...natsJs3, writeErrorsReturned: true },
    where: writeFailing,
    killedBy: ["conformance"],
  },
];

const held: readonly Mutant[] = [
  {
    name: "delivers after a cut what the link held",
    row: "F-4: upstream held, publish 50, cut, 0/50",
    declared: natsGo,
    does: () => (moment, go) => {
      const { state } = moment;
      if (!isFault(moment, "cut") || moment.planned.before.hindrance !== "hold") return go();
      state.wireFree = state.wire.reduce((sum, run) => sum + run.count, 0);
      go({ choose: (_label, _lo, hi) => hi });
    },
    where: heldAndCut,
    killedBy: ["conformance"],
  },
  {
    name: "loses what the link held when it is released",
    row: "F-5: upstream held, publish 50, released, 50/50",
    declared: natsJs3,
    does: () => (moment, go) => {
      if (isHeal(moment) && moment.planned.before.hindrance === "hold") loseOnWire(moment, () => true, "link");
      go();
    },
    where: released,
    killedBy: ["conformance"],
  },
  {
    name: "says that a flush succeeded while its link was held",
    row: "F-95: two PONGs, no sleep",
    declared: natsGo,
    does: rewriting(
      event => (event.kind === "called" && event.call === "flush" ? { ...event, outcome: { is: "ok" } } : event),
      ({ planned }) => planned.before.hindrance === "hold",
    ),
    where: scenarioWith([start, hold, publish(5), flush(60), cut(), heal()]),
    killedBy: ["conformance"],
  },
  {
    name: "sends one frame more than its link let through",
    row: "F-6: cut after 20 frames of 50, 20/50",
    declared: natsJs3,
    does: () => (moment, go) => {
      let more = moment.planned.before.hindrance === "limit" && makesCall(moment, "publish") ? 1 : 0;
      go({
        emit: event => {
          if (event.kind === "ended" && event.place === "link" && more-- > 0) moment.emit(single(event.first));
          moment.emit(event);
        },
      });
    },
    where: anchored(680),
    killedBy: ["conformance"],
  },
  {
    name: "lets one byte more through than the limit",
    row: "F-7: 20 frames - 1 byte, 19/50",
    declared: natsJs3,
    does: anchoredAt(1),
    where: anchored(679),
    killedBy: ["conformance"],
  },
  {
    name: "lets one byte less through than the limit",
    row: "F-6: cut after 20 frames (+0 or +1 byte) of 50, 20/50",
    declared: natsGo,
    does: anchoredAt(-1),
    where: anchored(680),
    killedBy: ["conformance"],
  },
];

const silent: readonly Mutant[] = [
  {
    name: "sends again what a silent link swallowed",
    row: "F-9: upstream dropped, publish 10, noticed by PINGs, 0/10",
    declared: natsGo,
    does: () => (moment, go) => {
      const { state, planned } = moment;
      const swallowed = moment.planned.before.hindrance === "blackhole" ? copy(state).wire : [];
      go();
      if (planned.step.kind === "await-noticed") state.pending.unshift(...swallowed);
    },
    where: noticed,
    killedBy: ["conformance"],
  },
  {
    name: "wipes its buffer after a silent link",
    row: "F-9: upstream dropped, noticed by PINGs, publish 10, go 10/10",
    declared: natsGo,
    does: () => {
      let stale = false;
      return (moment, go) => {
        if (moment.planned.step.kind === "await-noticed") stale = true;
        go(stale ? { profile: resetAtDial(natsGo) } : {});
      };
    },
    where: scenarioWith([start, flush(), blackhole, awaitNoticed, publish(10), heal(), flush()], pings),
    killedBy: [
      "reconnect-buffer/below-the-limit-all-arrive-in-order",
      "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
      "conformance",
    ],
  },
  {
    name: "never notices that its link is silent",
    row: "F-15: stale detection takes (outstanding PINGs + 1) × interval",
    declared: natsJs3,
    does: () => {
      let stale = false;
      return (moment, go) => {
        if (moment.planned.step.kind === "await-noticed") stale = true;
        const { emit } = moment;
        go(
          stale
            ? { emit: event => [silentAbout("disconnected", "reconnected")(event, moment)].flat().forEach(emit) }
            : {},
        );
        if (isHeal(moment)) stale = false;
      };
    },
    where: noticed,
    killedBy: ["connection/a-silent-link-is-noticed", "conformance"],
  },
  {
    name: "keeps its connection when a link that swallowed it all is restored",
    row: "F-10: upstream dropped, publish 10, restored before it was noticed",
    declared: natsJs3,
    does: rewriting(
      silentAbout("disconnected", "reconnected"),
      moment => isHeal(moment) && moment.planned.before.hindrance === "blackhole",
    ),
    where: unnoticed,
    killedBy: ["conformance"],
  },
  {
    name: "delivers what a link swallowed when it is restored",
    row: "F-10: upstream dropped, publish 10, restored before it was noticed, 0/10",
    declared: natsGo,
    does: () => (moment, go) => {
      const { state } = moment;
      const isUnnoticed = moment.planned.before.hindrance === "blackhole" && state.client === "connected";
      go(isHeal(moment) && isUnnoticed ? seeing(moment, { hindrance: "hold" }) : {});
    },
    where: unnoticed,
    killedBy: ["conformance"],
  },
  {
    name: "loses what a paused server was sent",
    row: "F-11: server SIGSTOP, publish 20, noticed, SIGCONT, 20/20",
    declared: natsGo,
    does: rewriting(losesArrivals, moment => isHeal(moment) && moment.planned.before.hindrance === "pause"),
    where: paused,
    killedBy: ["conformance"],
  },
];

export const corePathMutants: readonly Mutant[] = [...delivery, ...cuts, ...held, ...silent];
