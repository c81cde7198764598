/** The order in which a case names the promises that it broke: the first heads it. */
import type { PropertyVerdict } from "../../models/vocabulary/verdict.ts";
import { catalogue } from "../../properties/catalogue.ts";

const yieldsTo: ReadonlyMap<string, readonly string[]> = new Map(
  catalogue.flatMap(({ id, yieldsTo }) => (yieldsTo === undefined ? [] : [[id, yieldsTo] as const])),
);

/** The broken ones among these, in their order; one that yields to another broken one comes behind all that do not. */
export function brokenInOrder(judged: readonly PropertyVerdict[]): readonly PropertyVerdict[] {
  const broken = judged.filter(({ verdict }) => verdict === "violated");
  const yields = ({ property }: PropertyVerdict): boolean =>
    yieldsTo.get(property)?.some(id => broken.some(other => other.property === id)) === true;
  return [...broken.filter(one => !yields(one)), ...broken.filter(yields)];
}
