/**
 * A scenario in which every ack wait ends for the server when it ends for the scenario. Waits, starts and stops take real time and none of the
 * scenario's. Two ack waits that end so close together that the server's timers could not be told apart are no better. Without this, such a case is
 * given up on any machine, and a busy one is blamed.
 */
import { type Answering, sampled } from "../../../models/choice.ts";
import { planCase, settleId } from "../../../models/plan/plan.ts";
import { waitMsOf } from "../../../models/policy/deliveries.ts";
import { effective } from "../../../models/policy/two-sides.ts";
import type { Emit, Event, HandledOutcome, Run } from "../../../models/vocabulary/event.ts";
import type { ConsumePolicy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import { type Handler, restartsServer, type Scenario } from "../../../models/vocabulary/scenario.ts";
import { isStoredAnew } from "../../worlds/driver/calls.ts";
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

type HandledEvent = Extract<Event, { readonly kind: "handled" }>;

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
  const waits = new AckWaits(consume);
  const waitedMs = publishWaits(scenario);
  const advances = new Set(scenario.steps.filter(({ kind }) => kind === "advance").map(({ id }) => id));
  const emit: Emit = event => {
    if (event.kind === "step" && event.phase === "began") waits.begin(event.step, !advances.has(event.step));
    if ((event.kind === "healed" || event.kind === "advanced") && event.step === settleId) waits.settle();
    if (event.kind === "advanced") waits.advance(event.atMs);
    if (event.kind === "handled") waits.handle(event);
    if (event.kind === "published" && isStoredAnew(event)) waits.store(event);
    if (event.kind === "fault" && restartsServer.has(event.fault)) waits.restart();
    waits.take(realMsOf(scenario, event) + (event.kind === "published" ? waitedMs(event) : 0));
  };
  runAnswered(planCase(scenario, profile), { answering: leavingOpen(scenario), emit });
  return waits.outlasting;
}

/** The ack waits that go on, by the clocks of the scenario and of the server. */
class AckWaits {
  readonly #consume: ConsumePolicy;
  #now: Moment = { atMs: 0, realMs: 0 };
  #step = "";
  #number = 0;
  /** Keyed by subject, message and delivery. */
  readonly #ends = new Map<string, AckWait>();
  readonly #stored = new Map<number, Moment>();
  readonly #took: Took[] = [];
  /** The first step that lets an ack wait end too early. */
  outlasting: string | undefined;

  constructor(consume: ConsumePolicy) {
    this.#consume = consume;
  }

  /** `keepsApart`: the driver lets real time follow before the step (`keepApart`). */
  begin(step: string, keepsApart: boolean): void {
    this.#step = step;
    this.#number++;
    const waitMs = waitMsOf(this.#consume, 1);
    if (keepsApart) this.#reach(apartFromMs([...this.#ends.values()], this.#now.atMs, waitMs));
  }

  settle(): void {
    this.#step = settleId;
  }

  /** The scenario's time moves. The real one passes up to the ack waits that are over, and follows towards the others (`follow` of the driver). */
  advance(atMs: number): void {
    const goesOn = [...this.#ends.values()].filter(end => end.atMs > this.#now.atMs);
    for (const { atMs: endMs, realMs } of goesOn)
      this.#reach(endMs <= atMs ? realMs : realMs - (endMs - atMs) - ackWaitBehindMsMax);
    this.#now = { ...this.#now, atMs };
    this.#lookTogether();
  }

  handle({ subject, first, count, delivery, outcome, tookMs = 0 }: HandledEvent): void {
    const waitMs = waitMsOf(this.#consume, delivery);
    for (let message = first; message < first + count; message++) {
      const keyOf = (one: number): string => `${subject}/${message}/${one}`;
      const [before, work] = [this.#ends.get(keyOf(delivery - 1)), this.#ends.get(keyOf(delivery))];
      // A handler comes to its end by the real clock.
      if (work !== undefined) this.#reach(work.beganMs + tookMs);
      for (const one of [delivery - 1, delivery]) this.#ends.delete(keyOf(one));
      if (!waitsAgain.has(outcome)) continue;
      // The server's timers are exact, whatever else real time has passed for.
      const began = before?.atMs === this.#now.atMs ? before : this.#now;
      const origin = (before ?? work)?.origin ?? { step: this.#step, number: this.#number, took: this.#took.length };
      const restarted = later(this.#stored.get(message) ?? began, waitMs);
      this.#ends.set(keyOf(delivery), { ...later(began, waitMs), origin, beganMs: began.realMs, restarted });
    }
    this.#lookTogether();
  }

  store({ first, count }: Run): void {
    for (let message = first; message < first + count; message++) this.#stored.set(message, this.#now);
  }

  restart(): void {
    for (const [key, one] of this.#ends) this.#ends.set(key, { ...one, ...one.restarted });
  }

  /** Something takes real time, and none of the scenario's. */
  take(ms: number): void {
    if (ms === 0) return;
    this.#took.push({ step: this.#step, ms });
    this.#reach(this.#now.realMs + ms);
    if (this.#step !== settleId && this.#earlyBy(slackMs) !== undefined) this.outlasting ??= this.#step;
  }

  #reach(realMs: number): void {
    this.#now = { ...this.#now, realMs: Math.max(this.#now.realMs, realMs) };
  }

  #earlyBy(ms: number): AckWait | undefined {
    return [...this.#ends.values()].find(end => end.atMs > this.#now.atMs && end.realMs - ms < this.#now.realMs);
  }

  /** Looks for one that ends together with those that are over. */
  #lookTogether(): void {
    const early = this.#earlyBy(apartMsMin);
    if (early === undefined) return;
    const over = [...this.#ends.values()].filter(end => end.atMs <= this.#now.atMs);
    this.outlasting ??= togetherSince([early, ...over], this.#took);
  }
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

/**
 * The step that brought them together: of those since the last of them began the one that took longest, or else that in which it began. One that
 * begins as the case settles was on its way before.
 */
function togetherSince(ends: readonly AckWait[], all: readonly Took[]): string | undefined {
  const began = ends.map(({ origin }) => origin).filter(({ step }) => step !== settleId);
  const [last] = began.sort((one, other) => other.number - one.number);
  if (last === undefined) return undefined;
  const within = all.slice(last.took).filter(({ step }) => step !== settleId);
  const [longest] = within.toSorted((one, other) => other.ms - one.ms);
  return longest?.step ?? last.step;
}
