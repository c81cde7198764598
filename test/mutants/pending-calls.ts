/** Mutants of a flush or a drain that is pending while a fault falls or ends. None of them shows where every call has returned before. */
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs2 } from "../../models/profiles/nats-js-2.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import { natsPy } from "../../models/profiles/nats-py.ts";
import type { CallOutcome } from "../../models/vocabulary/event.ts";
import { type Bare, blackhole, cut, flush, heal, hold, publish, scenarioWith, start } from "../models/cases.ts";
import { type Doing, isFault, isHeal, loseOnWire, type Moment, type Mutant, withoutLetter } from "./mutant.ts";

const pendingFlush: Bare = { kind: "flush", timeoutMs: 1_000, overlap: true };
const pendingDrain: Bare = { kind: "drain", overlap: true };
const flushAndCut = scenarioWith([start, flush(), hold, publish(20), pendingFlush, cut(), publish(5), heal(), flush()]);
const flushReleased = scenarioWith([start, flush(), hold, publish(20), pendingFlush, heal(), flush()]);
const flushSwallowed = scenarioWith([start, flush(), blackhole, publish(20), pendingFlush, heal(), flush()]);
const drainAndCut = scenarioWith([start, flush(), hold, publish(20), pendingDrain, cut(), heal(), publish(3)]);
const drainReleased = scenarioWith([start, flush(), hold, publish(20), pendingDrain, heal(), publish(3)]);

const beyond = withoutLetter("a flush or drain that is pending");

/** Gives another answer to the pending call, where the moment is such a one. */
const answering =
  (outcome: CallOutcome, applies: (moment: Moment) => boolean): (() => Doing) =>
  () =>
  (moment, go) => {
    const pending = moment.state.call?.id;
    if (pending === undefined || !applies(moment)) return go();
    go({
      emit: event => moment.emit(event.kind === "called" && event.step === pending ? { ...event, outcome } : event),
    });
  };

export const pendingCallMutants: readonly Mutant[] = [
  {
    name: "says that a pending flush succeeded though the link was cut",
    row: "F-195: a flush pending behind a hold, then a cut: it fails",
    declared: natsGo,
    does: answering({ is: "ok" }, moment => isFault(moment, "cut")),
    where: flushAndCut,
    killedBy: ["conformance"],
    beyond,
  },
  {
    name: "says that a pending flush succeeded though a silent link swallowed it",
    row: "F-195: a flush pending in a blackhole that is then removed: it fails",
    declared: natsJs3,
    does: answering({ is: "ok" }, moment => isHeal(moment) && moment.planned.before.hindrance === "blackhole"),
    where: flushSwallowed,
    killedBy: ["conformance"],
    beyond,
  },
  {
    name: "forgets a pending flush when a hold is released",
    row: "F-196: a flush pending behind a hold, then released: ok",
    declared: natsPy,
    does: answering({ is: "failed", kind: "timeout" }, isHeal),
    where: flushReleased,
    killedBy: ["conformance"],
    beyond,
  },
  {
    name: "says that a pending flush succeeded and loses the last of what it covers",
    row: "F-196: 20 of 20",
    declared: natsJs2,
    does: () => (moment, go) => {
      const { state } = moment;
      const last = state.nextMessage - 1;
      if (isHeal(moment) && state.call?.kind === "flush") loseOnWire(moment, m => m === last, "link");
      go();
    },
    where: flushReleased,
    killedBy: ["conformance"],
    beyond,
  },
  {
    name: "goes on after a cut has met its drain",
    row: "F-197: go closes",
    declared: natsGo,
    behaves: { ...natsGo, drain: { ...natsGo.drain, atDisconnect: { tells: "ok", leaves: "stuck" } } },
    where: drainAndCut,
    killedBy: ["conformance"],
    beyond,
  },
  {
    name: "says that a drain is done though a cut has met it",
    row: "F-197: nats.js 3 rejects",
    declared: natsJs3,
    behaves: { ...natsJs3, drain: { ...natsJs3.drain, atDisconnect: natsJs2.drain.atDisconnect } },
    where: drainAndCut,
    killedBy: ["conformance"],
    beyond,
  },
  {
    name: "closes at once while its drain is pending",
    row: "F-199: a drain pending behind a hold, then released: 20 of 20",
    declared: natsJs3,
    does: () => (moment, go) => {
      if (isHeal(moment) && moment.state.call?.kind === "drain") loseOnWire(moment, () => true, "link");
      go();
    },
    where: drainReleased,
    killedBy: ["conformance"],
    beyond,
  },
];
