/** What a command is given by the process that it runs in, and hands on to the work that it has done. What it gives back is a `CommandEnding`. */
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
