/** Several publishers at once on one connection, and the share of each. */
import type { Run } from "./event.ts";

/** The most publishers of one step. */
export const publishersMax = 16;

/** The messages of each publisher, in the order of their numbers. The first ones have one more where they cannot all have the same. */
export function blocksOf({ first, count }: Run, publishers: number): readonly Run[] {
  const least = Math.floor(count / publishers);
  const more = count % publishers;
  const blocks: Run[] = [];
  let next = first;
  for (let publisher = 0; publisher < publishers; publisher++) {
    const share = publisher < more ? least + 1 : least;
    blocks.push({ first: next, count: share });
    next += share;
  }
  return blocks;
}
