/**
 * The turns of several publishers that an observation leaves open: the part of narrowing that reads the order of arrival.
 *
 * Messages that arrived came in the order in which the client was handed them. Of the others, those that one outage lost lie in one block
 * between two that arrived, and so do those that a full buffer refused. So all such messages of all publishers stand side by side.
 */
import type { Indexed } from "./observation.ts";
import type { PlannedStep, ScenarioStep } from "./plan/plan.ts";
import type { Run } from "./vocabulary/event.ts";

type Fate = "arrived" | "lost" | "refused";

export class TurnsSeen {
  private readonly seen: Indexed;
  /** The place of each message in the order of arrival. */
  private readonly placeOf = new Map<number, number>();

  constructor(seen: Indexed) {
    this.seen = seen;
    for (const [place, message] of seen.observed.delivered.entries())
      if (!this.placeOf.has(message)) this.placeOf.set(message, place);
  }

  /** The turns to try next, each as the question counts them. */
  answers(rests: readonly Run[], blocks: readonly Run[]): readonly number[] {
    const heads = rests.map(rest => (rest.count > 0 ? this.fateOf(rest.first) : undefined));
    const gap = this.gapBegun(rests, blocks, heads);
    if (gap !== undefined) return [this.turn(rests, gap, this.alike(rests[gap] as Run))];
    const begins = this.gapsPossible(rests, heads).map(i => this.turn(rests, i, this.alike(rests[i] as Run)));
    const next = this.nextToArrive(rests, heads);
    if (next === undefined) return begins.length > 0 ? begins : [this.turn(rests, firstOpen(rests), 1)];
    // Where a block may begin at any place, each is tried.
    const count = begins.length > 0 ? 1 : this.inARow(rests, next);
    return [this.turn(rests, next, count), ...begins];
  }

  private fateOf(message: number): Fate {
    if (this.placeOf.has(message)) return "arrived";
    return this.seen.observed.outcomes[message]?.is === "rejected" ? "refused" : "lost";
  }

  /** The answer for `count` messages of one publisher. */
  private turn(rests: readonly Run[], publisher: number, count: number): number {
    let before = 0;
    for (const rest of rests.slice(0, publisher)) before += rest.count;
    return before + count - 1;
  }

  /** The publisher that goes on with a block of messages that did not arrive, which another publisher has begun. */
  private gapBegun(
    rests: readonly Run[],
    blocks: readonly Run[],
    heads: readonly (Fate | undefined)[],
  ): number | undefined {
    for (const [i, rest] of rests.entries()) {
      if (rest.first <= (blocks[i]?.first ?? 0)) continue;
      const last = this.fateOf(rest.first - 1);
      if (last === "arrived" || last === heads[i]) continue;
      const next = heads.indexOf(last);
      if (next >= 0) return next;
    }
    return undefined;
  }

  /** Publishers with which such a block can begin: every one that has messages of it has come to them. */
  private gapsPossible(rests: readonly Run[], heads: readonly (Fate | undefined)[]): readonly number[] {
    return (["lost", "refused"] as const).flatMap(fate => {
      const first = heads.indexOf(fate);
      const isReady = rests.every((rest, i) => heads[i] === fate || !this.has(rest, fate));
      return first >= 0 && isReady ? [first] : [];
    });
  }

  private has({ first, count }: Run, fate: Fate): boolean {
    for (let message = first; message < first + count; message++) if (this.fateOf(message) === fate) return true;
    return false;
  }

  /** The publisher whose next message arrived before the next of every other, unless one that did not arrive stands before that. */
  private nextToArrive(rests: readonly Run[], heads: readonly (Fate | undefined)[]): number | undefined {
    const places = rests.map(rest => this.nextPlace(rest));
    const first = places.indexOf(Math.min(...places));
    return heads[first] === "arrived" ? first : undefined;
  }

  /** The place of the first of these messages that arrived. */
  private nextPlace({ first, count }: Run): number {
    for (let message = first; message < first + count; message++) {
      const place = this.placeOf.get(message);
      if (place !== undefined) return place;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** The number of messages of the publisher that arrived before the next of any other. */
  private inARow(rests: readonly Run[], publisher: number): number {
    const others = Math.min(
      ...rests.map((rest, i) => (i === publisher ? Number.POSITIVE_INFINITY : this.nextPlace(rest))),
    );
    const { first, count } = rests[publisher] as Run;
    let messages = 1;
    while (messages < count && (this.placeOf.get(first + messages) ?? Number.POSITIVE_INFINITY) < others) messages++;
    return messages;
  }

  /** The number of messages at the beginning of the run that share the fate of the first. */
  private alike({ first, count }: Run): number {
    const fate = this.fateOf(first);
    let messages = 1;
    while (messages < count && this.fateOf(first + messages) === fate) messages++;
    return messages;
  }
}

const firstOpen = (rests: readonly Run[]): number => rests.findIndex(rest => rest.count > 0);

/**
 * True where messages of several publishers may be lost in two places: some when they were published, others later. An observation does
 * not show which of them were lost where, so not every order that it leaves open is tried.
 */
export function mayBeLostTwice(steps: readonly PlannedStep[]): boolean {
  // How often the messages under way may have been lost; undefined where there are none.
  let losses: number | undefined;
  for (const planned of steps) {
    if (planned.kind === "settle") return (losses ?? 0) + (planned.before.hindrance === "blackhole" ? 1 : 0) > 1;
    if (planned.skipped !== undefined) continue;
    const { step, before } = planned;
    if (step.kind === "publish" && step.publishers !== undefined) losses = Math.max(losses ?? 0, meetsLoss(planned));
    else if (step.kind === "flush" && !planned.overlapping && isWhole(before)) losses = undefined;
    else if (losses !== undefined && losesMore(planned)) losses++;
    if ((losses ?? 0) > 1) return true;
  }
  return false;
}

/** A flush that succeeds shows that everything has arrived. */
const isWhole = ({ client, link, hindrance }: ScenarioStep["before"]): boolean =>
  client === "connected" && link === "up" && hindrance === "none";

/** A publish that runs on is lost, if at all, at the step that it races with. */
function meetsLoss({ overlapping, before, after }: ScenarioStep): number {
  if (overlapping) return 0;
  return before.client === "unsure" || (before.hindrance === "limit" && after.link === "down") ? 1 : 0;
}

function losesMore({ step, before }: ScenarioStep): boolean {
  switch (step.kind) {
    case "fault":
      return step.fault.kind !== "hold" && step.fault.kind !== "limit" && step.fault.kind !== "pause-server";
    case "heal":
    case "await-noticed":
      return before.hindrance === "blackhole";
    case "close":
    case "drain":
    case "exit":
    case "together":
      return true;
    case "publish":
      return before.hindrance === "limit";
    default:
      return false;
  }
}
