/**
 * What every command is given, and what it gives back. A command never prints its report and never ends the process: it returns an
 * `Ending`, and cli.ts does both, in text or JSON.
 */
import { type Verdict, worst } from "../../models/vocabulary/verdict.ts";
import { exitCodes } from "../errors.ts";
import type { Paint } from "../report/paint.ts";
import type { Progress } from "../report/progress.ts";

export interface Context {
  readonly progress: Progress;
  readonly paint: Paint;
  /** Aborted by Ctrl-C or SIGTERM: a command then ends soon, with what it has found. */
  readonly signal: AbortSignal;
  /** What a reader wants to have seen first: the seed. Goes where the report goes, or to stderr with --json. */
  say(line: string): void;
  /** What must be closed before the process ends, where an interrupt left the work that would have closed it. */
  onLeave(close: () => Promise<void>): void;
}

export interface Ending {
  readonly exitCode: number;
  /** For --json. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The last line: what to paste to see it again. */
  readonly again?: string;
  /** Where the run ended early: what to paste to go on with it. */
  readonly resume?: string | undefined;
}

/** Worst wins, and what was cut short holds nothing: a violation already found stays one. */
export const concluded = (verdicts: readonly Verdict[], interrupted: boolean): Verdict =>
  worst(interrupted ? [...verdicts, "inconclusive"] : verdicts);

export const exitCodeOf = (verdict: Verdict): number =>
  verdict === "holds" ? exitCodes.holds : verdict === "violated" ? exitCodes.violated : exitCodes.inconclusive;
