/** Steps of several publishers at once, as the promises about order read them: each publisher has an order, and there is none between two. */
import type { Event, Run } from "../models/vocabulary/event.ts";
import { blocksOf } from "../models/vocabulary/publishers.ts";

/** The messages of one publisher, from `first` to before `end`. */
export interface Block {
  readonly first: number;
  readonly end: number;
  /** The last of them that arrived; -1 where none has. */
  last: number;
}

/** The messages of one step. */
export interface AtOnce {
  readonly first: number;
  readonly end: number;
  readonly blocks: readonly Block[];
}

export function atOnceOf(event: Extract<Event, { readonly kind: "publishers" }>): AtOnce {
  const { first, count, publishers } = event;
  const blocks = blocksOf(event, publishers).map(block => ({
    first: block.first,
    end: block.first + block.count,
    last: -1,
  }));
  return { first, end: first + count, blocks };
}

const has = ({ first, end }: { readonly first: number; readonly end: number }, message: number): boolean =>
  message >= first && message < end;

export const atOnceAt = (all: readonly AtOnce[], message: number): AtOnce | undefined =>
  all.find(one => has(one, message));

/** The publisher of a message among those of its step. */
export const blockAt = (one: AtOnce | undefined, message: number): Block | undefined =>
  one?.blocks.find(block => has(block, message));

/** True where two publishers of one step published the two messages. */
export function isUnordered(all: readonly AtOnce[], left: number, right: number): boolean {
  const one = atOnceAt(all, left);
  return one !== undefined && has(one, right) && blockAt(one, left) !== blockAt(one, right);
}

/** The parts of the runs that each belong to one publisher or to no such step. */
export function splitAtBlocks<R extends Run>(all: readonly AtOnce[], runs: readonly R[]): readonly R[] {
  if (all.length === 0) return runs;
  const edges = edgesOf(all);
  const parts: R[] = [];
  for (const run of runs) {
    const end = run.first + run.count;
    let { first } = run;
    for (const edge of edges) {
      if (edge <= first || edge >= end) continue;
      parts.push({ ...run, first, count: edge - first });
      first = edge;
    }
    parts.push(first === run.first ? run : { ...run, first, count: end - first });
  }
  return parts;
}

/** The messages at which a publisher's begin or those of a step end, lowest first: steps number their messages in order. */
function edgesOf(all: readonly AtOnce[]): readonly number[] {
  const edges: number[] = [];
  for (const { blocks, end } of all) {
    for (const { first } of blocks) edges.push(first);
    edges.push(end);
  }
  return edges;
}
