/** The part of a policy's times that a live run cannot keep, in words. */
import { reorderedInLiveTime } from "../../models/policy/times.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";

/** One sentence at most. */
export function reorderNotes(policy: Policy): readonly string[] {
  const pairs = reorderedInLiveTime(policy);
  return pairs.length === 0 ? [] : [`in the times of a live run these waits change places: ${pairs.join("; ")}`];
}
