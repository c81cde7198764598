/**
 * One command as a process: signals, its ending printed, its exit code. With --json stdout carries one JSON document and nothing
 * else. Ctrl-C and SIGTERM let the command end with what it has found.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { exitCodes, isRefusedByMachine } from "../errors.ts";
import type { CommandEnding } from "../findings/ending.ts";
import { paintFor } from "../report/paint.ts";
import { progressOn } from "../report/progress.ts";
import type { Context } from "../runs/context.ts";
import { Interrupted } from "../runs/interrupt.ts";

/** One command with its options, ready to run. */
export type Act = (context: Context) => Promise<CommandEnding>;

/** Time for a command to end by itself after a signal; its processes end with this one in any case. */
const interruptGraceMs = 4_000;
/** The share of that time for closing open resources. */
const closeBoundMs = 2_000;
/** A terminal's Ctrl-C may come twice, from the terminal and from a parent that passes it on. */
const sameSignalMs = 500;

/** The verdict of the command that is being printed. */
let concluded: string | undefined;

/**
 * Standard output takes no more. Without a reader the exit code is the shell's for a program ended by SIGPIPE; a full disk is the machine's
 * refusal. Neither is a verdict, since what was to be read is lost, so the verdict is said on stderr.
 */
export function onOutputError(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(exitCodes.closedPipe);
  const verdict = concluded === undefined ? "" : ` The verdict was: ${concluded}.`;
  process.stderr.write(`faultline: standard output cannot be written: ${error.message}.${verdict}\n`);
  process.exit(exitCodes.unavailable);
}

/** Standard error takes no more. It only goes beside the report, so the command goes on. */
export function onErrorOutputError(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(exitCodes.closedPipe);
}

/** An error that no call of the command raised. Node itself would end with 1, which means "violated". */
export function onUncaught(error: unknown, json: boolean): void {
  void fail(error, json);
}

/** Runs the command, prints its ending, and ends the process. */
export async function perform(act: Act, json: boolean): Promise<void> {
  const interrupt = new AbortController();
  const exit = listen(interrupt);
  const progress = progressOn(process.stderr, process.env);
  const closings: (() => Promise<void>)[] = [];
  const context: Context = {
    progress,
    paint: paintFor(process.stdout),
    signal: interrupt.signal,
    say: line => void (json ? process.stderr : process.stdout).write(`${line}\n`),
    onLeave: close => void closings.push(close),
  };
  const leaveAs = async (exitCode: number): Promise<never> => {
    if (exit.code !== undefined)
      await Promise.race([Promise.allSettled(closings.map(close => close())), sleep(closeBoundMs)]);
    return leave(exit.code ?? exitCode);
  };
  try {
    const ending = await act(context);
    progress.end();
    concluded = "verdict" in ending.document ? ending.document.verdict : undefined;
    print(ending, json);
    await leaveAs(ending.exitCode);
  } catch (error) {
    progress.end();
    // After a signal what was being done may fail in any way, and none of them is news.
    if (error instanceof Interrupted || exit.code !== undefined) {
      if (json) printInterrupted(exit.code ?? exitCodes.interrupted);
      await leaveAs(exitCodes.interrupted);
    }
    await fail(error, json);
  }
}

/** The exit code of the signal that came, if one did. */
function listen(interrupt: AbortController): { code: number | undefined } {
  const exit: { code: number | undefined; atMs: number } = { code: undefined, atMs: 0 };
  const onSignal = (code: number): void => {
    if (exit.code !== undefined) {
      if (performance.now() - exit.atMs > sameSignalMs) process.exit(exit.code);
      return;
    }
    exit.code = code;
    exit.atMs = performance.now();
    setTimeout(() => process.exit(code), interruptGraceMs);
    interrupt.abort();
  };
  process.on("SIGINT", () => onSignal(exitCodes.interrupted));
  process.on("SIGTERM", () => onSignal(exitCodes.terminated));
  return exit;
}

function print({ document, text, again, resume }: CommandEnding, json: boolean): void {
  const lines = [
    ...(resume === undefined ? [] : [["Resume", resume]]),
    ...(again === undefined ? [] : [["Again", again]]),
  ];
  if (json) {
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    for (const [title = "", line] of lines) process.stderr.write(`${title.toLowerCase()}: ${line}\n`);
  } else
    process.stdout.write(`\n${text}\n${lines.map(([title = "", line]) => `${title.padEnd(8)} ${line}\n`).join("")}`);
}

/** Ends the process: one sentence for what a person can mend, a stack for what only we can. */
export async function fail(error: unknown, json: boolean): Promise<never> {
  const message = error instanceof Error ? error.message : String(error);
  const known = knownExitCode(error);
  if (known !== undefined) process.stderr.write(`faultline: ${message}${adviceOn(error)}\n`);
  else {
    process.stderr.write(
      `faultline: this is a bug of faultline: please report it with what follows and the command that you gave.\n${error instanceof Error ? (error.stack ?? message) : message}\n`,
    );
  }
  const exitCode = known ?? exitCodes.bug;
  if (json) printError(message, exitCode);
  return leave(exitCode);
}

export function printError(error: string, exitCode: number): void {
  process.stdout.write(`${JSON.stringify({ verdict: null, error, exitCode }, undefined, 2)}\n`);
}

/** A command that has nothing to show of what it did until then. */
function printInterrupted(exitCode: number): void {
  process.stdout.write(`${JSON.stringify({ verdict: "inconclusive", interrupted: true, exitCode }, undefined, 2)}\n`);
}

/** FaultlineError and what a bus does wrong carry their code; missing servers have one name; the rest is the machine's or ours. */
function knownExitCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("exitCode" in error && typeof error.exitCode === "number") return error.exitCode;
  return error.name === "ServersMissing" || isRefusedByMachine(error) ? exitCodes.unavailable : undefined;
}

const adviceOn = (error: unknown): string =>
  isRefusedByMachine(error) ? ". This machine refused it: mend what it names, or run faultline elsewhere." : "";

/** Ends the process. A reader may be slower than we are: what does not fit into its pipe is still to be written. */
export async function leave(exitCode: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>(done => stream.write("", () => done()));
  process.exit(exitCode);
}
