/** Promises of the core path. One fold serves them all: it runs once, and each promise reads the parts that it needs. */
import type { StepId } from "../models/vocabulary/scenario.ts";
import { isCalm } from "./disturbance.ts";
import { isSilentlyLost, type Known, type KnownRun, mark } from "./message-runs.ts";
import {
  type Declared,
  type Ending,
  ending,
  type Hearing,
  type OwnedProperty,
  ownedProperty,
  type Wording,
} from "./property.ts";
import { newSeen, onSeen, type Seen } from "./seen.ts";
import { gapsEnding, gapsTook } from "./service/gaps.ts";
import { ofService } from "./service/promise.ts";

export interface CorePath {
  readonly seen: Seen;
  /** A flush proves nothing about messages published before it in the same step. */
  readonly flushOvertakes: boolean;
  foreign: number;
  outages: number;
  shutdowns: number;
  /** The first message since whose call nothing has been wrong; it and later ones are due once flushed, if accepted. */
  calmFrom: number;
  due: number;
  /** Calls of several publishers below this message were begun while something was wrong, and told when they had all returned. */
  begunDisturbedTo: number;
  /** The first message from which on none has been flushed, and none was under way during a disturbance. */
  unflushedFrom: number;
  /** The step that published last, and its first message. */
  tick: StepId;
  tickFrom: number;
  /** A flush has succeeded on this connection. */
  roundTripped: boolean;
}

export const startCorePath = ({ profile }: Declared, seen = newSeen()): CorePath => ({
  seen,
  flushOvertakes: profile.flush.covers === "written",
  foreign: 0,
  outages: 0,
  shutdowns: 0,
  calmFrom: 0,
  due: 0,
  begunDisturbedTo: 0,
  unflushedFrom: 0,
  tick: "",
  tickFrom: 0,
  roundTripped: false,
});

export const hearsCorePath = {
  published(state, { first, count, durable }) {
    if (state.tick !== state.seen.now.step) {
      state.tick = state.seen.now.step;
      state.tickFrom = first;
    }
    const begunDisturbed = first < state.begunDisturbedTo;
    if (durable !== true && (begunDisturbed || isDisturbed(state))) putAtRisk(state, first, first + count);
    if (begunDisturbed) state.calmFrom = state.seen.known.published;
    else forgetUnlessCalm(state);
  },
  publishers(state, { first, count }) {
    if (!isCalm(state.seen.now)) state.begunDisturbedTo = first + count;
  },
  called(state, { call, outcome }) {
    if (call === "flush" && outcome.is === "ok" && isCalm(state.seen.now)) {
      const { known } = state.seen;
      if (state.calmFrom < known.published) state.due += mark(known, state.calmFrom, known.published, "due");
      state.calmFrom = known.published;
      const overtaken = state.flushOvertakes && state.tick === state.seen.now.step;
      state.unflushedFrom = overtaken ? Math.max(state.unflushedFrom, state.tickFrom) : known.published;
      state.roundTripped = true;
    }
    if (call === "close" || call === "drain" || call === "exit") state.shutdowns++;
    if (call === "close" && !state.roundTripped) putAtRisk(state, state.unflushedFrom, state.seen.known.published);
    if (call === "exit") endProcess(state);
  },
  process(state, { replica, change }) {
    if (replica !== 0 || change === "started") return;
    state.shutdowns++;
    endProcess(state);
  },
  fault(state, { phase, fault }) {
    if (phase !== "installed") return;
    if (fault !== "hold") state.outages++;
    state.roundTripped = false;
    putAtRisk(state, state.unflushedFrom, state.seen.known.published);
    forgetUnlessCalm(state);
  },
  connection: forgetUnlessCalm,
  foreign(state, { count }) {
    state.foreign += count;
  },
} satisfies Hearing<CorePath>;
export const trackCorePath = onSeen<CorePath>(hearsCorePath);

const isDisturbed = ({ seen: { now } }: CorePath): boolean => now.inForce > 0 || now.outage;

function putAtRisk(state: CorePath, first: number, end: number): void {
  const { known } = state.seen;
  if (first < end) mark(known, first, end, "atRisk");
  state.unflushedFrom = known.published;
}

/** Messages under way may have ended with it. */
function endProcess(state: CorePath): void {
  putAtRisk(state, state.unflushedFrom, state.seen.known.published);
  state.calmFrom = state.seen.known.published;
  state.roundTripped = false;
}

function forgetUnlessCalm(state: CorePath): void {
  if (!isCalm(state.seen.now)) state.calmFrom = state.seen.known.published;
}

const ofCorePath = (
  id: string,
  wording: Wording,
  expectation: "always" | "eventually",
  end: (state: CorePath) => Ending,
): OwnedProperty =>
  ownedProperty<CorePath>({
    ...wording,
    id: `core-path/${id}`,
    expectation,
    start: startCorePath,
    on: trackCorePath,
    end,
  });

export const corePath: readonly OwnedProperty[] = [
  ofCorePath(
    "no-message-is-delivered-twice",
    {
      promise: "The client alone never makes a core message arrive twice.",
      owner: "client",
      causes:
        "The client sends again after a reconnect what had left it before the cut. None of the four measured clients does; a wrapper that publishes again after an error looks the same.",
    },
    "always",
    ({ seen: { known } }) => {
      const { arrived, arrivedTwice } = known.counts;
      const twice = arrivedTwice > 0 ? known.runs.find(run => run.arrivals > 1) : undefined;
      return ending(arrived, twice && `message ${twice.first} arrived ${twice.arrivals} times`);
    },
  ),
  ofCorePath(
    "order-is-kept",
    {
      promise: "Messages of one publisher arrive in the order of their publish calls.",
      owner: "client",
      causes:
        "The client sends what it kept while down after newer messages. A wrapper that publishes over several connections does the same.",
    },
    "always",
    ({ seen: { known } }) => {
      const { deliveries, disorder } = known;
      const exercised = Math.max(0, deliveries - 1);
      return ending(exercised, disorder && `message ${disorder.message} arrived after message ${disorder.after}`);
    },
  ),
  ofCorePath(
    "nothing-is-fabricated",
    {
      promise: "Everything that arrives was published.",
      owner: "client",
      causes:
        "The client writes a damaged frame. Another program that publishes on the subjects under test looks the same.",
    },
    "always",
    ({ seen, foreign }) => {
      const { counts, runs, published } = seen.known;
      const exercised = counts.arrived + foreign;
      if (foreign > 0) return ending(exercised, `${foreign} messages arrived that no one published`);
      const made = counts.arrivedUntold > 0 ? runs.find(run => run.arrivals > 0 && run.first >= published) : undefined;
      return ending(exercised, made && `message ${made.first} arrived and was never published`);
    },
  ),
  {
    ...ofCorePath(
      "loss-around-one-cut-is-one-block",
      {
        promise: "What one outage loses is one contiguous block of the messages that were handed on.",
        owner: "client",
        causes:
          "The client drops single messages of what it was handed, before and after what it keeps. The measured clients lose one block: what was unwritten or under way at the cut (F-12, F-14).",
      },
      "always",
      ({ seen: { known }, outages, shutdowns }) => {
        if (outages !== 1 || shutdowns > 0 || !known.complete || known.counts.lost === 0) return { exercised: 0 };
        const blocks = known.atOnce.length === 0 ? lostBlocks(known) : mostLostBlocks(known);
        return ending(
          blocks > 0 ? 1 : 0,
          blocks > 1 ? `one outage lost ${blocks} separate blocks of messages` : undefined,
        );
      },
    ),
    yieldsTo: ["core-path/flushed-messages-arrive", "core-path/silent-loss-only-inside-a-disturbance"],
  },
  ofCorePath(
    "flushed-messages-arrive",
    {
      promise: "What was accepted while nothing was wrong, and flushed before anything went wrong, arrives.",
      owner: "client",
      causes:
        "A flush says ok before the server has what was published before it. nats-py writes the PING of a flush first, and then what the same tick has published (F-30).",
    },
    "eventually",
    ({ seen: { known }, due }) => {
      const missing =
        due > 0 && known.counts.missing > 0
          ? known.runs.find(run => run.due && isSilentlyLost(run, known.complete))
          : undefined;
      return ending(due, missing && `message ${missing.first} was flushed and did not arrive`);
    },
  ),
  ofCorePath(
    "silent-loss-only-inside-a-disturbance",
    {
      promise:
        "No accepted message is lost that was neither under way while a fault was in force or its process ended, nor handed to a connection closed before its first round trip.",
      owner: "client",
      causes:
        "The client closes without writing what it was handed. nats.js 2 loses the last block of a burst that way; a flush before the close prevents it (F-31, F-32).",
    },
    "always",
    ({ seen: { known } }) => {
      let safe = 0;
      let lost: KnownRun | undefined;
      for (const run of known.runs) {
        if (run.atRisk || run.outcome?.is !== "accepted") continue;
        safe += run.count;
        if (run.arrivals === 0 && known.complete) lost ??= run;
      }
      return ending(safe, lost && `message ${lost.first} was accepted with no fault in force and did not arrive`);
    },
  ),
  ofCorePath(
    "an-error-that-proves-nothing-happened-is-true",
    {
      promise: "A message whose publish was rejected never arrives.",
      owner: "client",
      causes:
        "An error after the bytes have left is taken for a refusal. nats.go returns write errors for a burst of which a part arrives, so they prove nothing (F-12).",
    },
    "always",
    ({ seen: { known } }) => {
      const { rejected, rejectedArrived } = known.counts;
      const untrue =
        rejectedArrived > 0 ? known.runs.find(run => run.outcome?.is === "rejected" && run.arrivals > 0) : undefined;
      return ending(rejected, untrue && `message ${untrue.first} was rejected, and arrived`);
    },
  ),
  ofService(
    "core-path/a-best-effort-gap-is-no-longer-than-declared",
    {
      promise:
        "A subscriber of a best-effort family hears nothing for no longer than the family declares, from the start of an outage or a restart to the next message, if the outage itself is no longer.",
      owner: "service",
      causes:
        "The client waits before it dials: nats.go the whole wait, 2 s by default, however short the outage. Or the process is down for longer: its stop takes its time, or its supervisor backs off.",
      appliesUnder: ({ families }) => families.some(({ gapMs }) => gapMs !== undefined),
    },
    "always",
    gapsEnding,
    gapsTook,
  ),
];

/** The number of blocks of lost messages among those that were handed on. */
function lostBlocks({ runs }: Known): number {
  let blocks = 0;
  let within = false;
  for (const { outcome, arrivals } of runs) {
    if (outcome === undefined || outcome.is === "rejected") continue;
    if (arrivals === 0 && !within) blocks++;
    within = arrivals === 0;
  }
  return blocks;
}

/** Blocks of lost messages so far, by whether the last message was lost; undefined where it cannot have been so. */
interface LostBlocks {
  readonly within: number | undefined;
  readonly outside: number | undefined;
}

/**
 * The same where several publishers had no order between them. Each is followed through its own messages, and the one that shows most blocks
 * counts.
 */
function mostLostBlocks({ runs, atOnce }: Known): number {
  let blocks: LostBlocks = { within: undefined, outside: 0 };
  let from = 0;
  for (const one of atOnce.toSorted((a, b) => a.first - b.first)) {
    blocks = blocksWithin(runs, from, one.first, blocks);
    const each = one.blocks.map(({ first, end }) => blocksWithin(runs, first, end, blocks));
    blocks = { within: most(each.map(({ within }) => within)), outside: most(each.map(({ outside }) => outside)) };
    from = one.end;
  }
  const { within = 0, outside = 0 } = blocksWithin(runs, from, Number.POSITIVE_INFINITY, blocks);
  return Math.max(within, outside);
}

const most = (counts: readonly (number | undefined)[]): number | undefined =>
  counts.reduce((a, b) => (a === undefined ? b : Math.max(a, b ?? 0)), undefined);

/** The same after the messages from `first` to before `end`. */
function blocksWithin(runs: readonly KnownRun[], first: number, end: number, before: LostBlocks): LostBlocks {
  let { within, outside } = before;
  for (const run of runs) {
    if (run.first + run.count <= first || run.first >= end) continue;
    if (run.outcome === undefined || run.outcome.is === "rejected") continue;
    const begun = outside === undefined ? undefined : outside + 1;
    [within, outside] = run.arrivals === 0 ? [most([within, begun]), undefined] : [undefined, most([outside, within])];
  }
  return { within, outside };
}
