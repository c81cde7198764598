/** The words beside an imported policy: what was read, what is not carried over, and what was assumed because no file says it. */
import type { z } from "zod";
import type { policyWhole } from "../files/policy-schema.ts";
import type { Paint } from "./paint.ts";
import { counted, renderPairs } from "./table.ts";

export interface ImportReport {
  readonly read: readonly {
    readonly file: string;
    readonly line: number;
    readonly format: "jetstream" | "nack" | "terraform" | "kubernetes" | "helm";
    readonly kind: "stream" | "consumer" | "deployment" | "server";
    readonly name: string;
  }[];
  readonly policy: z.output<typeof policyWhole>;
  readonly notCarried: readonly {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly key: string;
    readonly means: string;
  }[];
  readonly toFill: readonly {
    readonly place: string;
    readonly default: string | number | boolean | readonly number[] | null;
    readonly why: string;
  }[];
}

export const renderImport = (report: ImportReport, paint: Paint): string =>
  joinedBlocks([
    renderNotSaid(report, paint),
    `Save it as ${report.policy.name}.json or ${report.policy.name}.yaml: a policy has its file's name.`,
  ]);

/** The lists: things that were read, keys that the policy does not hold, places that were assumed. */
export const renderNotSaid = ({ read, notCarried, toFill }: ImportReport, paint: Paint): string =>
  joinedBlocks([
    block(
      paint("bold", "Read"),
      read.map(one => [`${one.file}:${one.line}`, `${one.kind} ${one.name} (${one.format})`]),
    ),
    block(
      paint("bold", `Not carried over: ${counted(notCarried.length, "key")}`),
      notCarried.map(one => [`${one.file}:${one.line}`, `${one.key}: ${one.means}`]),
    ),
    block(
      paint("bold", "Assumed, since no file says it: look at each"),
      toFill.map(one => [one.place, `${one.default === null ? "" : `${JSON.stringify(one.default)}: `}${one.why}`]),
    ),
  ]);

export const joinedBlocks = (blocks: readonly string[]): string => blocks.filter(one => one !== "").join("\n\n");

const block = (title: string, pairs: readonly (readonly [string, string])[]): string =>
  pairs.length === 0 ? "" : `${title}\n${renderPairs(pairs.map(([place, text]) => [`  ${place}`, text]))}`;
