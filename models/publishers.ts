/**
 * Several publishers at once on one connection. Each keeps the order of its messages, and any of them may have the next turn, so every
 * interleaving is possible. All messages of a step have one size, so limits and cuts count the same whatever the order.
 */
import { type Bus, type FrameRun, take } from "./state.ts";
import type { Event, Run } from "./vocabulary/event.ts";
import { blocksOf } from "./vocabulary/publishers.ts";
import type { StepId } from "./vocabulary/scenario.ts";

/** The messages of a burst in the order in which the client is handed them. */
export function inTurns({ choose }: Bus, burst: FrameRun, publishers: number): readonly FrameRun[] {
  const blocks = blocksOf(burst, publishers);
  const rests: FrameRun[][] = blocks.map(block => [{ ...burst, ...block }]);
  const order: FrameRun[] = [];
  for (let left = burst.count; left > 0; ) {
    const { rest, count } = nextTurn(rests, left, choose, blocks);
    order.push(...take(rest, count));
    left -= count;
  }
  return order;
}

function nextTurn(
  rests: readonly FrameRun[][],
  left: number,
  choose: Bus["choose"],
  blocks: readonly Run[],
): { readonly rest: FrameRun[]; readonly count: number } {
  const open = rests.filter(rest => rest.length > 0);
  const [only = []] = open;
  if (open.length === 1) return { rest: only, count: left };
  const about = { kind: "turn", rests: rests.map((rest, i) => rest[0] ?? none(blocks[i])), blocks } as const;
  let count = 1 + choose("turn", 0, left - 1, about);
  for (const rest of open) {
    const has = rest[0]?.count ?? 0;
    if (count <= has) return { rest, count };
    count -= has;
  }
  throw new Error("turn: more messages asked for than there are");
}

/** The place where a block ends, once all its messages are handed on. */
const none = (block: Run | undefined): Run => ({ first: (block?.first ?? 0) + (block?.count ?? 0), count: 0 });

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
  const { profile } = bus;
  act({
    ...bus,
    profile: { ...profile, burst: { ...profile.burst, interruptible: profile.burst.amongPublishers } },
    emit: event => {
      if (event.kind === "published" && event.step === step) told.push(event);
      else bus.emit(event);
    },
  });
  for (const event of told.sort((a, b) => a.first - b.first)) bus.emit(event);
}
