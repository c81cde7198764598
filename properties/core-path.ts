/** Promises of the core path. One fold serves them all: it is run once, and each reads of it what it needs. */
import type { Event, Run } from "../models/vocabulary/event.ts";
import { type Disturbance, isCalm, newDisturbance, trackDisturbance } from "./disturbance.ts";
import {
  firstSilentlyLost,
  isSilentlyLost,
  type Known,
  type KnownRun,
  markAtRisk,
  messagesIn,
  newKnown,
  recordRuns,
} from "./message-runs.ts";
import { type Ending, ending, type Property, property } from "./property.ts";

interface CorePath {
  readonly known: Known;
  readonly now: Disturbance;
  foreign: number;
  /** The last message that arrived, and the first complaint about the order. */
  last: number;
  disorder: string | undefined;
  outages: number;
  shutdowns: number;
  /** Accepted while nothing was wrong; due once they are flushed. */
  sent: Run[];
  readonly due: Run[];
  /** Handed on since the last flush while nothing was wrong. */
  unflushed: Run[];
  /** A flush has succeeded on this connection. */
  roundTripped: boolean;
}

const startCorePath = (): CorePath => ({
  known: newKnown(),
  now: newDisturbance(),
  foreign: 0,
  last: -1,
  disorder: undefined,
  outages: 0,
  shutdowns: 0,
  sent: [],
  due: [],
  unflushed: [],
  roundTripped: false,
});

function trackCorePath(state: CorePath, event: Event): void {
  recordRuns(state.known, event);
  trackDisturbance(state.now, event);
  switch (event.kind) {
    case "published":
      if (event.durable === true) break;
      state.unflushed.push(event);
      if (event.outcome.is === "accepted") state.sent.push(event);
      break;
    case "delivered":
      if (event.first < state.last) state.disorder ??= `message ${event.first} arrived after message ${state.last}`;
      state.last = event.first + event.count - 1;
      break;
    case "called":
      if (event.call === "close" || event.call === "drain" || event.call === "exit") state.shutdowns++;
      if (event.call === "flush" && event.outcome.is === "ok" && isCalm(state.now)) {
        state.due.push(...state.sent);
        state.sent = [];
        state.unflushed = [];
        state.roundTripped = true;
      }
      break;
    case "process":
      if (endsProcess(event)) state.shutdowns++;
      break;
    case "fault":
      if (event.phase === "installed" && event.fault !== "hold") state.outages++;
      break;
    case "foreign":
      state.foreign += event.count;
      break;
    default:
      break;
  }
  if ((!isCalm(state.now) || endsProcess(event)) && state.sent.length > 0) state.sent = [];
  trackRisk(state, event);
}

function trackRisk(state: CorePath, event: Event): void {
  const disturbed = state.now.inForce.length > 0 || state.now.outage;
  const ended = endsProcess(event);
  if (disturbed || ended) state.roundTripped = false;
  const closedFresh = event.kind === "called" && event.call === "close" && !state.roundTripped;
  if (state.unflushed.length === 0 || !(disturbed || closedFresh || ended)) return;
  for (const run of state.unflushed) markAtRisk(state.known, run);
  state.unflushed = [];
}

const endsProcess = (event: Event): boolean =>
  (event.kind === "called" && event.call === "exit") ||
  (event.kind === "process" && event.replica === 0 && event.change !== "started");

const ofCorePath = (
  id: string,
  promise: string,
  expectation: "always" | "eventually",
  end: (state: CorePath) => Ending,
): Property =>
  property<CorePath>({ id: `core-path/${id}`, promise, expectation, start: startCorePath, on: trackCorePath, end });

/** How many messages of the runs that fit, and the first of those that break. */
function tally(
  { runs }: Known,
  fits: (run: KnownRun) => boolean,
  breaks: (run: KnownRun) => boolean,
): { count: number; broken: KnownRun | undefined } {
  let count = 0;
  let broken: KnownRun | undefined;
  for (const run of runs) {
    if (!fits(run)) continue;
    count += run.count;
    if (broken === undefined && breaks(run)) broken = run;
  }
  return { count, broken };
}

const arrived = ({ arrivals }: KnownRun): boolean => arrivals > 0;

export const corePath: readonly Property[] = [
  ofCorePath(
    "no-message-is-delivered-twice",
    "The client alone never makes a core message arrive twice.",
    "always",
    ({ known }) => {
      const { count, broken } = tally(known, arrived, run => run.arrivals > 1);
      return ending(count, broken && `message ${broken.first} arrived ${broken.arrivals} times`);
    },
  ),
  ofCorePath(
    "order-is-kept",
    "Messages of one publisher arrive in the order of their publish calls.",
    "always",
    ({ known, disorder }) => ending(Math.max(0, known.deliveries - 1), disorder),
  ),
  ofCorePath("nothing-is-fabricated", "Everything that arrives was published.", "always", ({ known, foreign }) => {
    const { count, broken } = tally(known, arrived, run => run.first >= known.published);
    const exercised = count + foreign;
    if (foreign > 0) return ending(exercised, `${foreign} messages arrived that no one published`);
    return ending(exercised, broken && `message ${broken.first} arrived and was never published`);
  }),
  ofCorePath(
    "loss-around-one-cut-is-one-block",
    "What one outage loses is one contiguous block of the messages that were handed on.",
    "always",
    ({ known, outages, shutdowns }) => {
      if (outages !== 1 || shutdowns > 0 || !known.complete) return { exercised: 0 };
      const blocks = lostBlocks(known);
      return ending(
        blocks > 0 ? 1 : 0,
        blocks > 1 ? `one outage lost ${blocks} separate blocks of messages` : undefined,
      );
    },
  ),
  ofCorePath(
    "flushed-messages-arrive",
    "What was accepted while nothing was wrong, and flushed before anything went wrong, arrives.",
    "eventually",
    ({ known, due }) => {
      const missing = firstSilentlyLost(known, due);
      return ending(
        messagesIn(due),
        missing === undefined ? undefined : `message ${missing} was flushed and did not arrive`,
      );
    },
  ),
  ofCorePath(
    "silent-loss-only-inside-a-disturbance",
    "No accepted message is lost that was neither under way while a fault was in force or its process ended, nor handed to a connection closed before its first round trip.",
    "always",
    ({ known }) => {
      const { count, broken } = tally(
        known,
        ({ outcome, atRisk }) => outcome?.is === "accepted" && !atRisk,
        run => isSilentlyLost(run, known.complete),
      );
      return ending(count, broken && `message ${broken.first} was accepted with no fault in force and did not arrive`);
    },
  ),
  ofCorePath(
    "an-error-that-proves-nothing-happened-is-true",
    "A message whose publish was rejected never arrives.",
    "always",
    ({ known }) => {
      const { count, broken } = tally(known, ({ outcome }) => outcome?.is === "rejected", arrived);
      return ending(count, broken && `message ${broken.first} was rejected, and arrived`);
    },
  ),
];

/** Blocks of messages that did not arrive, among those that were handed on. */
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
