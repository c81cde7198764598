/** Errors for users: one sentence each, with the exit code of the command. */

import { cleaned } from "./text/clean.ts";

export const exitCodes = {
  holds: 0,
  violated: 1,
  inconclusive: 2,
  nondeterministic: 3,
  usage: 64,
  badInput: 65,
  unavailable: 69,
  bug: 70,
  refused: 77,
  hangup: 129,
  interrupted: 130,
  closedPipe: 141,
  terminated: 143,
} as const;

/** An error whose message is meant for the person at the terminal, without a stack. */
export class FaultlineError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.name = new.target.name;
    this.exitCode = exitCode;
  }
}

/** A scenario, policy or counterexample that cannot be used as it is. */
export class BadInput extends FaultlineError {
  constructor(file: string, path: string, reason: string) {
    super(`${cleaned(file)}: ${path === "" ? "" : `${cleaned(path)}: `}${cleaned(reason)}`, exitCodes.badInput);
  }
}

export class UsageError extends FaultlineError {
  constructor(message: string) {
    super(message, exitCodes.usage);
  }
}
