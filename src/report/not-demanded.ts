/** Promises that a policy breaks and does not demand: they have no part in the verdict, and must not be overlooked beside it. */
import type { Paint } from "./paint.ts";
import { counted } from "./table.ts";

export interface NotDemanded {
  /** The promise's id. */
  readonly property: string;
  /** The reason of the first case that broke it. */
  readonly reason: string;
}

/** Adds what was broken, once for each promise. */
export function addNotDemanded(known: NotDemanded[], more: readonly NotDemanded[]): void {
  for (const { property, reason } of more)
    if (!known.some(one => one.property === property)) known.push({ property, reason });
}

/** Nothing where nothing is broken. */
export function renderNotDemanded(all: readonly NotDemanded[], paint: Paint): string {
  if (all.length === 0) return "";
  const promises = counted(all.length, "promise");
  const title = `The policy breaks ${promises} that it does not demand, which the verdict leaves out`;
  const lines = all.map(({ property, reason }) => `  ${paint("yellow", "!")} ${property}: ${reason}`);
  return [
    paint("bold", paint("yellow", title)),
    ...lines,
    '  Name them in its "demands", or write "demands": "all", to be held to them.',
  ].join("\n");
}

/** The end of the sentence that has the verdict. */
export const notDemandedTail = (all: readonly NotDemanded[]): string =>
  all.length === 0 ? "" : `, and ${counted(all.length, "promise")} broken that the policy does not demand`;
