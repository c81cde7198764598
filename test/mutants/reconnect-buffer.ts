/** Mutants of table 2 of docs/facts.md: what is kept while down, where it is refused, and how it is replayed. */

import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import { bufferBytesMax } from "../../models/reconnect-buffer.ts";
import { countOf, type FrameRun, lose } from "../../models/state.ts";
import { frameBytes, pingBytes } from "../../models/vocabulary/frame.ts";
import type { PublishStep } from "../../models/vocabulary/scenario.ts";
import { cut, drain, flush, heal, publish, scenarioWith, start } from "../models/cases.ts";
import {
  atReplay,
  type Doing,
  isConnection,
  type Moment,
  type Mutant,
  makesCall,
  messagesOf,
  rewriting,
  without,
} from "./mutant.ts";
import { kept, resetAtDial, whileDown } from "./rows.ts";

const limited = (reconnectBufferBytesMax: number) => whileDown({ reconnectBufferBytesMax });
const flushedWhileDown = scenarioWith([start, cut(), publish(30), flush(60), publish(9), heal()], {
  reconnectBufferBytesMax: 1_024,
});
const twoOutages = scenarioWith([start, cut(), publish(20), heal(), flush(), cut(), publish(20), heal()], {
  reconnectBufferBytesMax: 1_024,
});
const lostAndKept = scenarioWith([start, publish(10), cut(), publish(9), heal(), flush()]);

/** The publish of this step, alone or within a `together`. */
function publishOf({ planned }: Moment): PublishStep | undefined {
  if (planned.step.kind === "publish") return planned.step;
  if (planned.step.kind !== "together") return undefined;
  return planned.step.steps.find(one => one.kind === "publish");
}

/** Checks each publish against another limit than the declared one; nothing below 1 byte is ever accepted. */
const checkingAgainst =
  (limitOf: (limitBytes: number, asked: PublishStep, frame: number) => number): (() => Doing) =>
  () =>
  (moment, go) => {
    const asked = publishOf(moment);
    if (asked === undefined) return go();
    const { options } = moment;
    const limitBytes = limitOf(
      bufferBytesMax(natsGo, options),
      asked,
      frameBytes(options.subject, asked.bytes, natsGo),
    );
    go({ options: { ...options, reconnectBufferBytesMax: limitBytes < 1 ? -1 : limitBytes } });
  };

const loseKept = ({ state, emit }: Moment, is: (message: number, nth: number) => boolean): void => {
  lose(
    without(state.pending, (message, nth) => !is(message, nth)),
    "reconnect buffer",
    emit,
  );
  state.pending = without(state.pending, is);
};

const isWhileDown = ({ state, planned }: Moment): boolean =>
  state.client === "disconnected" && planned.before.link === "down";

const refusals: readonly Mutant[] = [
  {
    name: "accepts one message over its limit",
    row: "F-24: limit 1024, frame 34: 31 accepted",
    declared: natsGo,
    does: checkingAgainst((limitBytes, _asked, frame) => limitBytes + frame),
    where: limited(1_024),
    killedBy: [
      "reconnect-buffer/never-holds-more-than-limit-and-one-frame",
      "reconnect-buffer/the-first-refusal-is-where-predicted",
      "conformance",
    ],
  },
  {
    name: "checks its limit after the append",
    row: "F-18: accepts while the bytes kept are below the limit, before the append",
    declared: natsGo,
    does: checkingAgainst((limitBytes, _asked, frame) => limitBytes - frame + 1),
    where: limited(1_024),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "checks the payload against what is left, as nats-py does",
    row: "F-18: ceil(limit / frame) frames",
    declared: natsGo,
    does: checkingAgainst((limitBytes, asked) => limitBytes - asked.bytes + 1),
    where: limited(1_024),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "accepts a message when it is exactly full",
    row: "F-24: limit 1020: 30 accepted",
    declared: natsGo,
    does: checkingAgainst(limitBytes => limitBytes + 1),
    where: limited(1_020),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "refuses one byte before it is full",
    row: "F-24: limit 1021: 31 accepted",
    declared: natsGo,
    does: checkingAgainst(limitBytes => limitBytes - 1),
    where: limited(1_021),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "refuses a message that is larger than its whole buffer",
    row: "F-24: one message of 100,022 bytes into 1024: accepted",
    declared: natsGo,
    does: checkingAgainst((limitBytes, _asked, frame) => (frame > limitBytes ? -1 : limitBytes)),
    where: scenarioWith([start, cut(), publish(1, 100_000), heal()], { reconnectBufferBytesMax: 1_024 }),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "has a default buffer one frame too small",
    row: "F-24: default, frame 1020: 8225",
    declared: natsGo,
    behaves: { ...natsGo, reconnectBuffer: { ...kept, bytesMaxDefault: kept.bytesMaxDefault - 1_020 } },
    where: scenarioWith([start, cut(), publish(8_226, 1_000), heal()]),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
    survives:
      "the generator publishes at most about 0.3 MB in an outage, so that the default of 8,388,608 bytes is never reached",
    beyond: "three messages of 20 KiB at most are kept, and its buffer holds 8 MiB",
  },
  {
    name: "takes a limit of 0 for disabled",
    row: "F-19: 0: the default, 8,388,608",
    declared: natsGo,
    misreads: options =>
      options.reconnectBufferBytesMax === 0 ? { ...options, reconnectBufferBytesMax: -1 } : options,
    where: limited(0),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "is disabled where no limit is given",
    row: "F-19: 0: the default, 8,388,608",
    declared: natsGo,
    misreads: options => ({ reconnectBufferBytesMax: -1, ...options }),
    where: whileDown(),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "takes a disabled buffer for the default",
    row: "F-19: -1: every publish while down is refused",
    declared: natsGo,
    misreads: options =>
      (options.reconnectBufferBytesMax ?? 0) < 0 ? { ...options, reconnectBufferBytesMax: 0 } : options,
    where: limited(-1),
    killedBy: ["reconnect-buffer/disabled-refuses-every-publish", "conformance"],
  },
  {
    name: "keeps one message in a disabled buffer",
    row: "F-19: -1: every publish while down is refused; 1: exactly one message",
    declared: natsGo,
    misreads: options =>
      options.reconnectBufferBytesMax === -1 ? { ...options, reconnectBufferBytesMax: 1 } : options,
    where: limited(-1),
    killedBy: ["reconnect-buffer/disabled-refuses-every-publish", "conformance"],
  },
  {
    name: "drops the oldest message instead of refusing the newest",
    row: "F-18: accepts while the bytes kept are below the limit",
    declared: natsGo,
    does: () => (moment, go) => {
      const { state } = moment;
      const limitBytes = bufferBytesMax(natsGo, moment.options);
      go(makesCall(moment, "publish") ? { options: { ...moment.options, reconnectBufferBytesMax: 0 } } : {});
      while (state.pendingBytes > limitBytes) {
        const [oldest] = state.pending;
        if (oldest === undefined) return;
        loseKept(moment, (_message, nth) => nth === 0);
        state.pendingBytes -= oldest.frameBytes;
      }
    },
    where: limited(1_024),
    killedBy: [
      "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
      "reconnect-buffer/never-holds-more-than-limit-and-one-frame",
      "conformance",
    ],
  },
  {
    name: "tells its caller that a refused publish was accepted",
    row: "F-24: limit 1024, frame 34: 31 accepted",
    declared: natsGo,
    does: rewriting(event =>
      event.kind === "published" && event.outcome.is === "rejected" && event.outcome.kind === "buffer-full"
        ? { ...event, outcome: { is: "accepted" } }
        : event,
    ),
    where: limited(1_024),
    killedBy: [
      "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
      "reconnect-buffer/the-first-refusal-is-where-predicted",
      "conformance",
    ],
  },
  {
    name: "leaves open what it refused",
    row: "F-19: every publish while down is refused",
    declared: natsGo,
    does: rewriting(event =>
      event.kind === "published" && event.outcome.is === "rejected" && event.outcome.kind === "buffer-full"
        ? { ...event, outcome: { is: "unsettled", kind: "other" } }
        : event,
    ),
    where: limited(1_024),
    killedBy: ["conformance"],
  },
  {
    name: "refuses what goes beyond 1024 bytes while down, where nothing is ever refused",
    row: "F-20: js, no limit, no error",
    declared: natsJs3,
    does: () => {
      let down = 0;
      return (moment, go) =>
        go({
          emit: event => {
            if (isConnection(event, "reconnected")) down = 0;
            if (event.kind !== "published" || !isWhileDown(moment)) return moment.emit(event);
            down += event.count * event.frameBytes;
            moment.emit(down > 1_024 ? { ...event, outcome: { is: "rejected", kind: "buffer-full" } } : event);
          },
        });
    },
    where: whileDown(),
    killedBy: ["conformance"],
  },
];

const counting: readonly Mutant[] = [
  {
    name: "forgets that a flush while down takes six bytes",
    row: "F-26: a flush while down adds 6 bytes to the same buffer",
    declared: natsGo,
    does: () => (moment, go) => {
      const before = moment.state.pendingBytes;
      go();
      if (makesCall(moment, "flush") && isWhileDown(moment)) moment.state.pendingBytes = before;
    },
    where: flushedWhileDown,
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "counts a flush while down twice",
    row: "F-26: a flush while down adds 6 bytes to the same buffer",
    declared: natsGo,
    does: () => (moment, go) => {
      go();
      if (makesCall(moment, "flush") && isWhileDown(moment)) moment.state.pendingBytes += pingBytes;
    },
    where: scenarioWith([start, cut(), publish(29), flush(60), publish(9), heal()], { reconnectBufferBytesMax: 1_030 }),
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "goes on counting what it has replayed",
    row: "F-18: the bytes kept",
    declared: natsGo,
    does: () => (moment, go) => {
      const { state } = moment;
      let counted = 0;
      go({
        emit: event => {
          if (isConnection(event, "reconnected")) counted = state.pendingBytes;
          moment.emit(event);
        },
      });
      state.pendingBytes += counted;
    },
    where: twoOutages,
    killedBy: ["reconnect-buffer/the-first-refusal-is-where-predicted", "conformance"],
  },
  {
    name: "says that a flush succeeded while it is down",
    row: "F-26: a flush while down leaves its 6 bytes when it times out",
    declared: natsGo,
    does: rewriting(
      event => (event.kind === "called" && event.call === "flush" ? { ...event, outcome: { is: "ok" } } : event),
      isWhileDown,
    ),
    where: flushedWhileDown,
    killedBy: ["conformance"],
  },
  {
    name: "answers a flush from before the reconnect",
    row: "F-28: in js it is rejected at the next dial",
    declared: natsJs3,
    does: rewriting(
      event => (event.kind === "called" && event.call === "flush" ? { ...event, outcome: { is: "ok" } } : event),
      ({ state }) => state.client === "lost",
    ),
    where: scenarioWith([start, publish(5), flush(), cut("none"), publish(5), flush(60), heal()]),
    killedBy: ["conformance"],
  },
  {
    name: "rejects a flush while down at the disconnect",
    row: "F-26: a flush while down times out",
    declared: natsGo,
    does: rewriting(
      event =>
        event.kind === "called" && event.call === "flush"
          ? { ...event, outcome: { is: "failed", kind: "disconnected" } }
          : event,
      isWhileDown,
    ),
    where: flushedWhileDown,
    killedBy: ["conformance"],
  },
];

const endings: readonly Mutant[] = [
  {
    name: "asks what its drain has left once the client has thrown it away",
    row: "F-256: a drain while down, and the bytes that the client still has",
    declared: natsGo,
    does: rewriting(event =>
      event.kind === "called" && event.unsent !== undefined ? { ...event, unsent: { bytes: 0 } } : event,
    ),
    where: scenarioWith([start, cut(), publish(20), drain, heal()]),
    killedBy: ["reconnect-buffer/a-drain-tells-of-all-that-it-leaves-unsent"],
  },
];

const replays: readonly Mutant[] = [
  {
    name: "wipes its buffer at each dial",
    row: "F-1: published while down, go 50/50",
    declared: natsGo,
    behaves: resetAtDial(natsGo),
    where: whileDown(),
    killedBy: [
      "reconnect-buffer/below-the-limit-all-arrive-in-order",
      "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
      "conformance",
    ],
  },
  {
    name: "replays what it kept twice",
    row: "F-1: published while down, go 50/50",
    declared: natsGo,
    does: atReplay(({ state }) => {
      state.pending = [...state.pending, ...state.pending];
    }),
    where: whileDown(),
    killedBy: ["core-path/no-message-is-delivered-twice", "conformance"],
  },
  {
    name: "replays what it kept in reverse",
    row: "F-1: published while down, go 50/50",
    declared: natsGo,
    does: atReplay(({ state }) => {
      state.pending = messagesOf(state.pending).toReversed();
    }),
    where: whileDown(),
    killedBy: ["core-path/order-is-kept", "reconnect-buffer/below-the-limit-all-arrive-in-order", "conformance"],
  },
  {
    name: "replays what it kept without the last frame",
    row: "F-1: published while down, go 50/50",
    declared: natsGo,
    does: atReplay(moment => {
      const last = countOf(moment.state.pending) - 1;
      loseKept(moment, (_message, nth) => nth === last);
    }),
    where: whileDown(),
    killedBy: [
      "reconnect-buffer/below-the-limit-all-arrive-in-order",
      "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
      "conformance",
    ],
  },
  {
    name: "loses the second of the messages that it kept",
    row: "F-12: burst without a flush: one contiguous block",
    declared: natsGo,
    does: atReplay(moment => loseKept(moment, (_message, nth) => nth === 1)),
    where: lostAndKept,
    killedBy: [
      "core-path/loss-around-one-cut-is-one-block",
      "reconnect-buffer/below-the-limit-all-arrive-in-order",
      "conformance",
    ],
  },
  {
    name: "drops the message that overshoots its buffer",
    row: "F-18: overshoots by up to one frame",
    declared: natsGo,
    does: atReplay(moment => {
      const { state, options } = moment;
      const last = countOf(state.pending) - 1;
      if (state.pendingBytes > bufferBytesMax(natsGo, options)) loseKept(moment, (_message, nth) => nth === last);
    }),
    where: limited(1_024),
    killedBy: ["reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence", "conformance"],
  },
  {
    name: "sends after the reconnect what it refused",
    row: "F-19: every publish while down is refused",
    declared: natsGo,
    does: () => {
      let refused: readonly FrameRun[] = [];
      return (moment, go) =>
        go({
          emit: event => {
            moment.emit(event);
            if (event.kind === "published" && event.outcome.is === "rejected" && event.outcome.kind === "buffer-full")
              refused = [...refused, { first: event.first, count: event.count, frameBytes: event.frameBytes }];
            if (!isConnection(event, "reconnected")) return;
            moment.state.pending.push(...refused);
            refused = [];
          },
        });
    },
    where: limited(1_024),
    killedBy: ["core-path/an-error-that-proves-nothing-happened-is-true", "conformance"],
  },
];

export const reconnectBufferMutants: readonly Mutant[] = [...refusals, ...counting, ...endings, ...replays];
