/** The surroundings of a command, given by the process that it runs in and handed on to the work. The command returns a `CommandEnding`. */
import type { Paint } from "../report/paint.ts";
import type { Progress } from "../report/progress.ts";

export interface Context {
  readonly progress: Progress;
  readonly paint: Paint;
  /** Aborted by Ctrl-C or SIGTERM: a command then ends soon, with what it has found. */
  readonly signal: AbortSignal;
  /** Prints what a reader wants to see first: the seed. It goes where the report goes, or to stderr with --json. */
  say(line: string): void;
  /** Tells something beside the report, always on stderr. */
  note(line: string): void;
  /** Closes things before the process ends, where an interrupt left the work that would have closed them. */
  onLeave(close: () => Promise<void>): void;
}
