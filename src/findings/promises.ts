/** The catalogue as a list for people, and the part of it that they ask for. */
import { profiles } from "../../models/profiles/index.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { catalogue } from "../../properties/catalogue.ts";
import type { PromiseOwner } from "../../properties/property.ts";
import { UsageError } from "../errors.ts";
import { nearest } from "../files/nearest.ts";
import type { ListedPromise } from "../report/promises.ts";
import { claimOf, concernOf, promise } from "./broke.ts";

/** Every promise, in the order of the catalogue. */
export const listedPromises = (policy?: Policy): readonly ListedPromise[] =>
  catalogue.map(({ id, promise: claim, expectation, owner, causes }) => ({
    id,
    concern: concernOf(promise(id)),
    promise: claim,
    expectation,
    owner,
    causes,
    promisedBy: Object.values(profiles)
      .filter(({ promises }) => promises.includes(id))
      .map(({ name }) => name),
    demanded: policy === undefined ? null : (policy.demands ?? []).includes(id),
  }));

/** The promises with this text in their id, and with this owner. @throws UsageError where there is none */
export function chosenPromises(
  all: readonly ListedPromise[],
  part: string | undefined,
  owner: PromiseOwner | undefined,
): readonly ListedPromise[] {
  const named = all.filter(({ id }) => part === undefined || id.includes(part));
  if (named.length === 0 && part !== undefined) throw new UsageError(unknownPart(all, part));
  const chosen = named.filter(one => owner === undefined || one.owner === owner);
  if (chosen.length > 0) return chosen;
  const others = [...new Set(named.map(one => one.owner))].join(" and ");
  throw new UsageError(`No promise with ${JSON.stringify(part)} in its id is the ${owner}'s; its owner is ${others}.`);
}

/** A slip may be one of an id, of its claim or concern, or of one word of it. */
function unknownPart(all: readonly ListedPromise[], part: string): string {
  const ids = all.map(({ id }) => id);
  const claims = ids.map(id => claimOf(promise(id)));
  const words = ids.flatMap(id => id.split(/[-/]/)).filter(word => word.length > 3);
  const known = [...ids, ...claims, ...all.map(({ concern }) => concern), ...words];
  return `There is no promise with ${JSON.stringify(part)} in its id; the nearest is ${nearest(part, known)}. Without an id all are listed.`;
}
