/** Options that several commands take, as commander reads them, and how help shows examples. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { lanesDefault, lanesMax } from "../worlds/live/lanes.ts";
import type { Act } from "./perform.ts";

export const resumeText =
  "go on with a run that ended early, with the options that it had; its folder is under .faultline/runs";

export const seedsText = "the folder of kept cases, which are run before anything else (replay FILE --keep adds to it)";

/** Adds a command to the program; `run` is called with what was asked for. */
export type Add = (program: Command, run: (act: Act) => Promise<void>) => void;

/** The options of all commands that run cases on a bus. */
export function common(command: Command): Command {
  return command
    .option("--bus <name|command>", "a bundled bus, or a command that speaks bus protocol 1 (repeatable)", collected)
    .option("--profile <name>", "judge the bus by this profile instead of its own")
    .option("--seed <seed>", "repeats the same random choices (a-z, 0-9 and -)")
    .option("--require <id>", "a property to require beyond what the profile promises (repeatable)", collected)
    .option(
      "--policy <name|file>",
      "what the bus does around its client: a bundled policy, a file of your own, or files that import reads, a folder too",
    )
    .option("--lanes <n>", `live cases at once, each on servers of its own (default here: ${lanesDefault})`, laneCount)
    .addOption(backendOption())
    .option("--json", "one JSON document on stdout, everything else on stderr");
}

export const backendOption = (): Option =>
  new Option("--backend <kind>", "where the servers run: container needs testcontainers and a Docker engine here")
    .choices(["process", "container"])
    .default("process");

/** An option that may be given several times. */
export const collected = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

export function positive(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= 1_000_000_000) return number;
  throw new InvalidArgumentError("It must be a whole number above 0.");
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 };

/** A time with its unit, in milliseconds. */
export function duration(text: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)$/.exec(text.trim()) ?? [];
  const ms = Math.round(Number(number) * (unitsMs[unit] ?? 0));
  if (ms > 0 && ms <= 604_800_000) return ms;
  throw new InvalidArgumentError("It must be a time with its unit, such as 90s, 5m or 1h, and a week at most.");
}

function laneCount(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= lanesMax) return number;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${lanesMax}.`);
}

export function examples(lines: readonly (readonly [command: string, what: string])[]): string {
  return `\nExamples:\n${lines.map(([command, what]) => `  $ npx ${command}${what === "" ? "" : `\n      ${what}`}`).join("\n")}\n`;
}
