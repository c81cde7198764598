/** Mutants of tables 3 and 4 of docs/facts.md: close and drain, after a burst and during an outage. */
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs2 } from "../../models/profiles/nats-js-2.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import { arrive, copy, type FrameRun } from "../../models/state.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { close, cut, drain, flush, heal, hold, publish, scenarioWith, start, together } from "../models/cases.ts";
import {
  type Doing,
  loseOnWire,
  losesArrivals,
  type Moment,
  type Mutant,
  makesCall,
  rewriting,
  silentAbout,
} from "./mutant.ts";

const burstThenClose = scenarioWith([start, flush(), together(publish(1_000, 100), close)]);
const smallBurstThenClose = scenarioWith([start, flush(), together(publish(100), close)]);
const drained = scenarioWith([start, publish(20), drain]);
const closed = scenarioWith([start, publish(5), flush(), close, publish(2)]);
const closedWhileDown = scenarioWith([start, flush(), cut(), publish(20), close, heal()]);
const drainedWhileDown = scenarioWith([start, cut(), publish(5), drain, publish(2), heal(), publish(2)]);

const isDown = ({ state }: Moment): boolean => state.client === "disconnected";
const closing = (profile: Profile, unwritten: Profile["close"]["unwritten"]): Profile => ({
  ...profile,
  close: { ...profile.close, unwritten },
});
const drainingWhileDown = (profile: Profile, whileDown: Profile["drain"]["whileDown"]): Profile => ({
  ...profile,
  drain: { ...profile.drain, whileDown },
});
const acceptedAfterAll = (event: Event): Event =>
  event.kind === "published" && event.outcome.is === "rejected" && event.outcome.kind !== "buffer-full"
    ? { ...event, outcome: { is: "accepted" } }
    : event;

const endOfBurst: readonly Mutant[] = [
  {
    name: "loses the unwritten tail when it is closed",
    row: "F-31: close, js3 1000 with a status() iterator open",
    declared: natsJs3,
    behaves: closing(natsJs3, "lost"),
    where: smallBurstThenClose,
    killedBy: ["core-path/silent-loss-only-inside-a-disturbance", "conformance"],
  },
  {
    name: "loses the unwritten tail when nats.go is closed",
    row: "F-31: close, go 1000",
    declared: natsGo,
    behaves: closing(natsGo, "lost"),
    where: smallBurstThenClose,
    killedBy: ["core-path/silent-loss-only-inside-a-disturbance", "conformance"],
  },
  {
    name: "writes the tail that its profile says a close loses",
    row: "F-31: close, js2 822",
    declared: natsJs2,
    behaves: closing(natsJs2, "written"),
    where: burstThenClose,
    killedBy: ["conformance"],
  },
  {
    name: "writes inline when 16 KiB wait",
    row: "F-37: both libraries write inline when 32 KiB wait; 822 is three blocks of 274 frames",
    declared: natsJs2,
    behaves: { ...natsJs2, inlineFlushBytes: 16_384 },
    where: burstThenClose,
    killedBy: ["conformance"],
  },
  {
    name: "resets its socket when it is closed before its first round trip",
    row: "F-100: a close before the first round trip may lose any tail, js 0 of 150",
    declared: natsJs3,
    behaves: { ...natsJs3, close: { ...natsJs3.close, socket: "reset-if-unread" } },
    where: scenarioWith([start, together(publish(100), close)]),
    killedBy: ["conformance"],
  },
  {
    name: "takes what is under way with it when it is closed",
    row: "F-31: close, js3 1000 with a status() iterator open",
    declared: natsJs3,
    does: () => (moment, go) => {
      go();
      if (makesCall(moment, "close")) loseOnWire(moment, () => true, "outbound or socket");
    },
    where: scenarioWith([start, flush(), publish(20), close]),
    killedBy: ["core-path/silent-loss-only-inside-a-disturbance", "conformance"],
  },
  {
    name: "drops what a link held when the client closes behind it",
    row: "F-41: a client closes behind a hold, then release: the held bytes still arrive",
    declared: natsJs3,
    does: () => (moment, go) => {
      const wasHeld = moment.planned.before.hindrance === "hold";
      go();
      if (wasHeld && makesCall(moment, "close")) loseOnWire(moment, () => true, "link");
    },
    where: scenarioWith([start, flush(), hold, publish(20), close, heal()]),
    killedBy: ["conformance"],
  },
  {
    name: "drains without flushing",
    row: "F-33: drain, waited for, 1000",
    declared: natsGo,
    does: rewriting(losesArrivals, moment => makesCall(moment, "drain")),
    where: drained,
    killedBy: ["core-path/silent-loss-only-inside-a-disturbance", "conformance"],
  },
  {
    name: "never says that it has closed after a drain",
    row: "F-33: drain, waited for",
    declared: natsJs3,
    does: rewriting(silentAbout("closed"), moment => makesCall(moment, "drain")),
    where: drained,
    killedBy: ["conformance"],
  },
  {
    name: "closes without the disconnect that it is declared to announce",
    row: "models/profiles/nats-go.ts: a clean close raises both handlers",
    declared: natsGo,
    behaves: { ...natsGo, close: { ...natsGo.close, events: { connected: ["closed"], down: ["closed"] } } },
    where: closed,
    killedBy: ["conformance"],
  },
  {
    name: "accepts what is published after it has closed",
    row: "F-42: a publish on a closed connection is refused",
    declared: natsGo,
    does: rewriting(acceptedAfterAll),
    where: closed,
    killedBy: ["core-path/silent-loss-only-inside-a-disturbance", "conformance"],
  },
];

/** Closed while down, and what it kept is written at the next dial all the same. */
const writesKeptAtClose = (): Doing => {
  let saved: readonly FrameRun[] = [];
  return (moment, go) => {
    const { state } = moment;
    const kept = isDown(moment) && makesCall(moment, "close") ? copy(state).pending : [];
    go();
    if (kept.length > 0) saved = kept;
    if (moment.planned.kind === "settle") arrive({ ...moment, view: moment.planned.after }, saved);
  };
};

const outages: readonly Mutant[] = [
  {
    name: "delivers what it kept although it was closed while down",
    row: "F-38: close while down, 20 kept, 0/20",
    declared: natsGo,
    does: writesKeptAtClose,
    where: closedWhileDown,
    killedBy: ["conformance"],
  },
  {
    name: "says that a close while down has failed",
    row: "F-38: close while down: closed, no error",
    declared: natsJs3,
    does: rewriting(
      event =>
        event.kind === "called" && event.call === "close"
          ? { ...event, outcome: { is: "failed", kind: "disconnected" } }
          : event,
      isDown,
    ),
    where: closedWhileDown,
    killedBy: ["conformance"],
  },
  {
    name: "stays silent when it is closed while down",
    row: "F-38: close while down: closed",
    declared: natsJs2,
    does: rewriting(silentAbout("closed"), moment => isDown(moment) && makesCall(moment, "close")),
    where: closedWhileDown,
    killedBy: ["conformance"],
  },
  {
    name: "stays open, refusing everything, after a drain while down",
    row: "F-39: drain while down, go: closed",
    declared: natsGo,
    behaves: drainingWhileDown(natsGo, { tells: "reconnecting", leaves: "stuck" }),
    where: drainedWhileDown,
    killedBy: ["conformance"],
  },
  {
    name: "goes on keeping what is published after a drain while down, as nats-py does",
    row: "F-39: drain while down, go: closed, 0/20",
    declared: natsGo,
    behaves: drainingWhileDown(natsGo, { tells: "reconnecting", leaves: "stuck" }),
    does: () => (moment, go) => {
      go();
      moment.state.stuck = false;
    },
    where: drainedWhileDown,
    killedBy: ["conformance"],
  },
  {
    name: "resolves a drain that lost everything, where it is declared to reject",
    row: "F-39: drain while down, js3 rejects",
    declared: natsJs3,
    behaves: natsJs2,
    where: drainedWhileDown,
    killedBy: ["conformance"],
  },
  {
    name: "rejects a drain that it is declared to resolve",
    row: "F-39: drain while down, js2 resolves at the next dial",
    declared: natsJs2,
    behaves: drainingWhileDown(natsJs2, natsJs3.drain.whileDown),
    where: drainedWhileDown,
    killedBy: ["conformance"],
  },
  {
    name: "closes after a drain while down, where it is declared to stay open",
    row: "F-39: drain while down, js3: not closed",
    declared: natsJs3,
    behaves: drainingWhileDown(natsJs3, { tells: "disconnected", leaves: "closed" }),
    where: drainedWhileDown,
    killedBy: ["conformance"],
  },
  {
    name: "accepts publishes again after a drain while down",
    row: "F-39: drain while down, js refuses every publish for ever",
    declared: natsJs3,
    does: () => (moment, go) => {
      go();
      moment.state.stuck = false;
    },
    where: drainedWhileDown,
    killedBy: ["conformance"],
  },
];

export const shutdownMutants: readonly Mutant[] = [...endOfBurst, ...outages];
