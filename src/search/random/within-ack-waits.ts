/**
 * A scenario in which every ack wait ends for the server when it ends for the scenario. Waits, starts and stops take real time and none of the
 * scenario's. Two ack waits that end so close together that the server's timers could not be told apart are no better. Without this, such a case is
 * given up on any machine, and a busy one is blamed.
 */
import { type Answering, sampled } from "../../../models/choice.ts";
import { planCase, settleId } from "../../../models/plan/plan.ts";
import { waitMsOf } from "../../../models/policy/deliveries.ts";
import { effective } from "../../../models/policy/two-sides.ts";
import type { Emit, Event, HandledOutcome } from "../../../models/vocabulary/event.ts";
import type { ConsumePolicy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import { type Handler, restartsServer, type Scenario } from "../../../models/vocabulary/scenario.ts";
import { ackWaitBehindMsMax, apartFromMs } from "../../worlds/driver/clocks.ts";
import { runAnswered } from "../../worlds/model.ts";
import { endingBefore, publishWaits, realMsOf } from "./within-windows.ts";

/** A moment of the scenario's time, and the real one that goes with it. */
interface Moment {
  readonly atMs: number;
  readonly realMs: number;
}

/** The end of an ack wait. */
interface AckWait extends Moment {
  /** The first delivery of its message. */
  readonly origin: Origin;
  /** The real moment of this delivery. */
  readonly beganMs: number;
  /** Its end for a server that has restarted, which counts from the moment at which it stored the message (F-308 of docs/facts.md). */
  readonly restarted: Moment;
}

/** A step, and the number of it and of the times taken before it. */
interface Origin {
  readonly step: string;
  readonly number: number;
  readonly took: number;
}

/** The real time that something in a step took. */
interface Took {
  readonly step: string;
  readonly ms: number;
}

const later = ({ atMs, realMs }: Moment, ms: number): Moment => ({ atMs: atMs + ms, realMs: realMs + ms });

/** The server's timers, and a busy machine. */
const slackMs = 300;
/** The driver waits for a timer of the server for up to 100 ms longer than it says. */
const apartMsMin = 150;

/** Outcomes after which the server waits for an acknowledgement. What was begun has another outcome later, unless its process ends first. */
const waitsAgain: ReadonlySet<HandledOutcome> = new Set(["failed", "hung", "ack-lost", "begun"]);

/** Handlers that do not acknowledge what they are given, or not at once. */
const leavesOpen: ReadonlySet<Handler> = new Set(["hangs", "fails", "loses-ack"]);

/** The scenario up to the step without which it would be so. */
export function withinAckWaits(scenario: Scenario, profile: Profile): Scenario {
  const { policy } = scenario;
  if (policy === undefined) return scenario;
  const consume = effective(policy.consume);
  for (let one = scenario; ; ) {
    const shorter = endingBefore(one, outlasting(one, profile, consume));
    if (shorter.steps.length === one.steps.length) return one;
    one = shorter;
  }
}

/** The step that lets real time come to the end of an ack wait before the scenario's time does. */
function outlasting(scenario: Scenario, profile: Profile, consume: ConsumePolicy): string | undefined {
  const waitedMs = publishWaits(scenario);
  const ends = new Map<string, AckWait>();
  const advances = new Set(scenario.steps.filter(({ kind }) => kind === "advance").map(({ id }) => id));
  const stored = new Map<number, Moment>();
  const took: Took[] = [];
  let now: Moment = { atMs: 0, realMs: 0 };
  let step = "";
  let number = 0;
  let found: string | undefined;
  const earlyBy = (ms: number): AckWait | undefined =>
    [...ends.values()].find(end => end.atMs > now.atMs && end.realMs - ms < now.realMs);
  const over = (): readonly AckWait[] => [...ends.values()].filter(end => end.atMs <= now.atMs);
  const emit: Emit = event => {
    if (event.kind === "step" && event.phase === "began") {
      step = event.step;
      number++;
      // As `keepApart` of the driver does.
      const fromMs = advances.has(step) ? 0 : apartFromMs([...ends.values()], now.atMs, waitMsOf(consume, 1));
      now = { ...now, realMs: Math.max(now.realMs, fromMs) };
    }
    if ((event.kind === "healed" || event.kind === "advanced") && event.step === settleId) step = settleId;
    if (event.kind === "advanced") now = advanced(now, event.atMs, [...ends.values()]);
    if (event.kind === "handled") {
      const { subject, first, count, delivery, outcome } = event;
      const waitMs = waitMsOf(consume, delivery);
      for (let message = first; message < first + count; message++) {
        const before = ends.get(`${subject}/${message}/${delivery - 1}`);
        const work = ends.get(`${subject}/${message}/${delivery}`);
        // A handler comes to its end by the real clock.
        if (work !== undefined) now = { ...now, realMs: Math.max(now.realMs, work.beganMs + (event.tookMs ?? 0)) };
        for (const known of [delivery - 1, delivery]) ends.delete(`${subject}/${message}/${known}`);
        // The server's timers are exact, whatever else real time has passed for.
        const began = before?.atMs === now.atMs ? before : now;
        const restarted = later(stored.get(message) ?? began, waitMs);
        const origin = (before ?? work)?.origin ?? { step, number, took: took.length };
        const end = { ...later(began, waitMs), origin, beganMs: began.realMs, restarted };
        if (waitsAgain.has(outcome)) ends.set(`${subject}/${message}/${delivery}`, end);
      }
    }
    if (event.kind === "advanced" || event.kind === "handled") {
      const early = earlyBy(apartMsMin);
      if (early !== undefined) found ??= togetherSince([early, ...over()], took);
    }
    if (event.kind === "published" && isStoredAnew(event))
      for (let message = event.first; message < event.first + event.count; message++) stored.set(message, now);
    if (event.kind === "fault" && restartsServer.has(event.fault))
      for (const [key, one] of ends) ends.set(key, { ...one, ...one.restarted });
    const ms = realMsOf(scenario, event) + (event.kind === "published" ? waitedMs(event) : 0);
    if (ms === 0) return;
    took.push({ step, ms });
    now = { ...now, realMs: now.realMs + ms };
    if (step !== settleId && earlyBy(slackMs) !== undefined) found ??= step;
  };
  runAnswered(planCase(scenario, profile), { answering: leavingOpen(scenario), emit });
  return found;
}

/** Each message goes to a handler that leaves it open, where one may be given it: which of them is, chance decides on any run. */
function leavingOpen({ id, steps }: Scenario): Answering {
  const { at, choose } = sampled(id);
  const leaves = (replica: number, subject: string): boolean =>
    steps.some(
      one =>
        one.kind === "subscribe" && one.replica === replica && one.subject === subject && leavesOpen.has(one.handler),
    );
  return {
    at,
    choose(label, lo, hi, about) {
      const sampledAnswer = choose(label, lo, hi, about);
      if (about?.kind !== "handled-by") return sampledAnswer;
      const index = about.replicas.findIndex(replica => leaves(replica, about.subject));
      return index < 0 ? sampledAnswer : index;
    },
  };
}

const isStoredAnew = ({ outcome }: Extract<Event, { readonly kind: "published" }>): boolean =>
  outcome.is !== "rejected" && (outcome.is !== "acked" || outcome.duplicate !== true);

/** The step that brought them together: of those since the last of them began the one that took longest, or else that in which it began. */
function togetherSince(ends: readonly AckWait[], all: readonly Took[]): string | undefined {
  const [last] = ends.map(({ origin }) => origin).sort((one, other) => other.number - one.number);
  if (last === undefined) return undefined;
  const [longest] = all.slice(last.took).toSorted((one, other) => other.ms - one.ms);
  return longest?.step ?? last.step;
}

/** The scenario's time moves. The real one passes up to the ack waits that are over, and follows towards the others (`follow` of the driver). */
function advanced(now: Moment, atMs: number, ends: readonly Moment[]): Moment {
  const goesOn = ends.filter(end => end.atMs > now.atMs);
  const leastMs = ({ atMs: endMs, realMs }: Moment): number =>
    endMs <= atMs ? realMs : realMs - (endMs - atMs) - ackWaitBehindMsMax;
  return { atMs, realMs: Math.max(now.realMs, ...goesOn.map(leastMs)) };
}
