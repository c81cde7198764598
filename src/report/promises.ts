/** Promises as a person reads them: in a terminal, and as the page docs/promises.md. */
import type { PromiseOwner } from "../../properties/property.ts";
import { commandLine } from "../findings/again.ts";
import type { Paint } from "./paint.ts";
import { counted, renderPairs } from "./table.ts";

export interface ListedPromise {
  readonly id: string;
  readonly concern: string;
  readonly promise: string;
  readonly expectation: "always" | "eventually";
  readonly owner: PromiseOwner;
  /** The usual causes when it breaks. */
  readonly causes: string;
  /** The profiles that claim it. */
  readonly promisedBy: readonly string[];
  /** The policy that was asked for demands it; null without one. */
  readonly demanded: boolean | null;
}

export interface PromisesReport {
  /** The policy whose demands are shown; null without one. */
  readonly policy: string | null;
  readonly promises: readonly ListedPromise[];
}

const byConcern = (promises: readonly ListedPromise[]): ReadonlyMap<string, readonly ListedPromise[]> =>
  Map.groupBy(promises, ({ concern }) => concern);

const promisersOf = ({ promisedBy }: ListedPromise): string =>
  promisedBy.length === 0 ? "no client; a policy may demand it" : promisedBy.join(", ");

export function renderPromises({ policy, promises }: PromisesReport, paint: Paint): string {
  const blocks = [...byConcern(promises)].map(([concern, all]) =>
    [
      paint("bold", `${concern}: ${counted(all.length, "promise")}`),
      ...all.map(one => renderPromise(one, policy, paint)),
    ].join("\n\n"),
  );
  return blocks.join("\n\n");
}

function renderPromise(one: ListedPromise, policy: string | null, paint: Paint): string {
  const pairs = renderPairs([
    ["Owner", one.owner],
    ["Promised by", promisersOf(one)],
    ...(policy === null ? [] : [["Demanded", one.demanded ? `by ${policy}` : `not by ${policy}`] as const]),
    ["Broken by", one.causes],
  ]);
  return [paint("bold", one.id), one.promise, ...pairs.split("\n")].join("\n  ");
}

/** The part that each owner looks after. */
const owned: Readonly<Record<PromiseOwner, string>> = {
  client: "the client library: its version, its options, and whether it is the right one",
  service: "the code around the client: subjects, message ids, startup, shutdown, probes",
  operator: "nats-server, its disks, and the definitions of streams and consumers",
};

/** The page for all promises. */
export const renderPromisesPage = (promises: readonly ListedPromise[]): string =>
  [
    "# Promises",
    "<!-- Written by `npm run promises` from properties/. Change the promise there. -->",
    [
      `Each promise has an owner, who must act when it breaks. \`${commandLine("promises", {})}\` prints this list, and`,
      "`--policy` adds which of them a policy demands. A number such as F-20 is a fact of [facts.md](facts.md).",
    ].join("\n"),
    [
      "| owner | looks after |",
      "|---|---|",
      ...Object.entries(owned).map(([owner, what]) => `| ${owner} | ${what} |`),
    ].join("\n"),
    ...[...byConcern(promises)].flatMap(([concern, all]) => [`## ${concern}`, ...all.map(renderSection)]),
  ].join("\n\n");

const renderSection = (one: ListedPromise): string =>
  [
    `### ${one.id}`,
    "",
    one.promise,
    "",
    `- Owner: ${one.owner}`,
    `- Promised by: ${promisersOf(one)}`,
    `- Broken by: ${one.causes}`,
  ].join("\n");
