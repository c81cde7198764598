/** The arguments of every command. It returns a `CommandEnding`: see findings/ending.ts. */
import type { Paint } from "../report/paint.ts";
import type { Progress } from "../report/progress.ts";

export interface Context {
  readonly progress: Progress;
  readonly paint: Paint;
  /** Aborted by Ctrl-C or SIGTERM: a command then ends soon, with what it has found. */
  readonly signal: AbortSignal;
  /** Prints what a reader wants to see first: the seed. It goes where the report goes, or to stderr with --json. */
  say(line: string): void;
  /** Closes things before the process ends, where an interrupt left the work that would have closed them. */
  onLeave(close: () => Promise<void>): void;
}
