/**
 * Several publishers at once on one connection. Each keeps the order of its messages, and any of them may have the next turn, so every
 * interleaving is possible. All messages of a step have one size, so limits and cuts count the same whatever the order.
 */
import { type Bus, type FrameRun, part } from "./state.ts";
import type { Event, Run } from "./vocabulary/event.ts";
import type { Profile } from "./vocabulary/profile.ts";
import { blocksOf } from "./vocabulary/publishers.ts";
import type { StepId } from "./vocabulary/scenario.ts";

/** The messages of a burst in the order in which the client is handed them. */
export function inTurns({ choose }: Bus, burst: FrameRun, publishers: number): FrameRun[] {
  const blocks = blocksOf(burst, publishers);
  const rests = blocks.slice();
  const order: FrameRun[] = [];
  for (let left = burst.count; left > 0; ) {
    const { publisher, count } = nextTurn(rests, left, choose, blocks);
    const { first, count: has } = rests[publisher] as Run;
    order.push(part(burst, first, count));
    rests[publisher] = { first: first + count, count: has - count };
    left -= count;
  }
  return order;
}

interface Turn {
  readonly publisher: number;
  readonly count: number;
}

function nextTurn(rests: readonly Run[], left: number, choose: Bus["choose"], blocks: readonly Run[]): Turn {
  const only = rests.findIndex(({ count }) => count === left);
  if (only >= 0) return { publisher: only, count: left };
  let count = 1 + choose("turn", 0, left - 1, { kind: "turn", rests, blocks });
  let publisher = 0;
  for (const rest of rests) {
    if (count <= rest.count) return { publisher, count };
    count -= rest.count;
    publisher++;
  }
  throw new Error("turn: more messages asked for than there are");
}

type CallEnd = Extract<Event, { readonly kind: "published" }>;

/**
 * Does something with the bus of a client that several publishers share, and says afterwards how their calls ended, in the order of their
 * numbers: a bus knows all of them only once they have returned.
 */
export function amongPublishers(
  bus: Bus,
  step: StepId,
  burst: FrameRun,
  publishers: number,
  act: (bus: Bus) => void,
): void {
  const told: CallEnd[] = [];
  const { first, count } = burst;
  bus.emit({ kind: "publishers", step, publishers, first, count });
  act({
    ...bus,
    publishers,
    profile: sharedProfile(bus.profile),
    emit: event => {
      if (event.kind === "published" && event.step === step) putInOrder(told, event);
      else bus.emit(event);
    },
  });
  for (const event of told) bus.emit(event);
}

/** Most calls are told near the end of those before. */
function putInOrder(told: CallEnd[], event: CallEnd): void {
  let at = told.length;
  while (at > 0 && (told[at - 1] as CallEnd).first > event.first) at--;
  told.splice(at, 0, event);
}

/** Shared profiles by their profile: a copy costs as much as the rest of a step. */
const sharedProfiles = new WeakMap<Profile, Profile>();

/** The profile of a client whose burst several publishers make. */
function sharedProfile(profile: Profile): Profile {
  const known = sharedProfiles.get(profile);
  if (known !== undefined) return known;
  const shared = { ...profile, burst: { ...profile.burst, interruptible: profile.burst.amongPublishers } };
  sharedProfiles.set(profile, shared);
  return shared;
}
