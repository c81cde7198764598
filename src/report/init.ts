/** The words of `init`: its questions, and what it comes to. */
import { commandLine } from "../findings/again.ts";
import type { ImportReport } from "./import.ts";
import { joinedBlocks, renderNotSaid } from "./import.ts";
import type { Paint } from "./paint.ts";
import { counted } from "./table.ts";

/** The report of an import, and the file that was written. `toFill`: the places that still have a default. */
export interface InitReport extends ImportReport {
  readonly file: string;
}

interface AskedPlace {
  readonly place: string;
  readonly default: unknown;
  readonly why: string;
}

/** Stands before the first question. */
export const questionsBegin = "An empty line takes the default. Ctrl-C ends without a file.\n\n";

/** The place with what it takes, and the default with its reason. */
export function questionText(
  { place, default: value, why }: AskedPlace,
  { choices, others }: { readonly choices: readonly string[]; readonly others: string },
): string {
  const takes = choices.length > 0 ? choices.join(" | ") : others;
  const otherwise = value === null && choices.length === 0 ? why : `default ${shownValue(value)}: ${why}`;
  return `${place}: ${takes}\n  ${otherwise}\n> `;
}

const shownValue = (value: unknown): string =>
  typeof value === "string" ? value : value === null ? "none" : JSON.stringify(value);

export function renderInit(report: InitReport, paint: Paint): string {
  const { file, policy } = report;
  const has = `${counted(policy.streams.length, "stream")}, ${counted(policy.families.length, "family", "families")} of subjects`;
  return joinedBlocks([
    renderNotSaid(report, paint),
    `${paint("bold", file)} is written: ${has}.`,
    `Ask it something:\n  ${commandLine("drill durability", { policy: file })}\n  ${commandLine("search", { policy: file, profile: "nats-go" })}`,
  ]);
}
