/**
 * The ways in which a bus fails the harness, and a process's end that is allowed. Each message is a sentence that can be shown as it is.
 */

/** The bus cannot be built or started, ends before it has greeted, or does not greet in time. */
export class BusUnavailable extends Error {
  override readonly name = "BusUnavailable";
  readonly exitCode = 69;
}

/** The bus has started, and then breaks the protocol: garbage, a wrong answer, none in time, or an end in the middle. */
export class BusProtocolError extends Error {
  override readonly name = "BusProtocolError";
  readonly exitCode = 65;
}

/** Its process has ended, as a process that is told to stop does. */
export class BusEnded extends Error {
  override readonly name = "BusEnded";
  /** Undefined where only its stdout has ended. */
  readonly crash: Crash | undefined;

  constructor(message: string, crash?: Crash) {
    super(message);
    this.crash = crash;
  }
}

/** Its process has ended in the middle of a case, though no one told it to: a finding about the bus. */
export class BusCrashed extends BusProtocolError {
  readonly crash: Crash;

  constructor(message: string, crash: Crash) {
    super(message);
    this.crash = crash;
  }
}

/** The end of such a process. */
export interface Crash {
  readonly code: number | null;
  readonly signal: string | null;
  /** The commands that it owed an answer to; empty where there was none. */
  readonly owed: string;
  /** The end of its stderr. */
  readonly lastWords: readonly string[];
}

/** A text from the bus, cut to a length that can be shown. */
export function excerpt(text: string): string {
  const charactersMax = 200;
  return JSON.stringify(text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text);
}
