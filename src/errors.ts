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

/** Calls that only a fault in the program makes: what the machine can refuse to a right program has another code. */
const ourOwn: ReadonlySet<string> = new Set(["EINVAL", "EBADF", "EFAULT", "ENOTSOCK", "EDOM", "ERANGE"]);

/** True for what the operating system refused: a full disk, a folder that cannot be written, no descriptors left, a port that is taken. */
export const isRefusedByMachine = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error &&
  "syscall" in error &&
  "code" in error &&
  typeof error.code === "string" &&
  /^E[A-Z0-9]+$/.test(error.code) &&
  !ourOwn.has(error.code);

/** The server or proxy that the live world runs on is there, and does not do what it must. */
export class ServerFailed extends FaultlineError {
  constructor(message: string) {
    super(message, exitCodes.unavailable);
  }
}

/** A server of the user's own that was to be asked, and that cannot be reached or does not answer. */
export class ServerUnreached extends FaultlineError {
  constructor(message: string) {
    super(message, exitCodes.unavailable);
  }
}
