/**
 * One command as a process: signals, its ending printed, its exit code. With --json stdout carries one JSON document and nothing
 * else. Ctrl-C, SIGTERM, a closed terminal and the end of what started this process let the command end with what it has found.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { exitCodes, isRefusedByMachine } from "../errors.ts";
import type { CommandEnding } from "../findings/ending.ts";
import type { Context } from "../runs/context.ts";
import { Interrupted } from "../runs/interrupt.ts";
import { cleaned, lineCharsMax } from "../text/clean.ts";
import { maskAdvice } from "../text/secrets.ts";
import { allWritten, paintOut, progressErr, writeCommands, writeDocument, writeErr, writeOut } from "./outlet.ts";
import { whenStarterEnds } from "./starters.ts";

/** One command with its options, ready to run. */
export type Act = (context: Context) => Promise<CommandEnding>;

/** Time for a command to end by itself after a signal; its processes end with this one in any case. */
const interruptGraceMs = 4_000;
/** Less, where the end of what started this process was noticed late. */
const starterGraceMs = 3_000;
/** The share of that time for closing open resources. */
const closeBoundMs = 2_000;
/** Room for the list of all promises. */
const errorLinesMax = 100;
/** A terminal's Ctrl-C may come twice, from the terminal and from a parent that passes it on. */
const sameSignalMs = 500;

/** A signal came, and the process ends with what it has found, whether or not there is still someone to read it. */
let isEnding = false;
/** The verdict of the command that is being printed. */
let concluded: string | undefined;

/**
 * Standard output takes no more. Without a reader the exit code is the shell's for a program ended by SIGPIPE; a full disk is the machine's
 * refusal. Neither is a verdict, since what was to be read is lost, so the verdict is said on stderr.
 */
export function onOutputError(error: NodeJS.ErrnoException): void {
  if (isEnding) return;
  if (hasNoReader(error)) process.exit(exitCodes.closedPipe);
  const verdict = concluded === undefined ? "" : ` The verdict was: ${concluded}.`;
  writeErr(`faultline: standard output cannot be written: ${error.message}.${verdict}\n`);
  process.exit(exitCodes.unavailable);
}

/** Standard error takes no more. It only goes beside the report, so the command goes on. */
export function onErrorOutputError(error: NodeJS.ErrnoException): void {
  if (!isEnding && hasNoReader(error)) process.exit(exitCodes.closedPipe);
}

/** A terminal that was closed gives EIO. */
const hasNoReader = ({ code }: NodeJS.ErrnoException): boolean => code === "EPIPE" || code === "EIO";

/** An error that no call of the command raised. Node itself would end with 1, which means "violated". */
export function onUncaught(error: unknown, json: boolean): void {
  void fail(error, json);
}

/** Runs the command, prints its ending, and ends the process. */
export async function perform(act: Act, json: boolean): Promise<void> {
  const interrupt = new AbortController();
  const exit = listen(interrupt);
  const progress = progressErr();
  const closings: (() => Promise<void>)[] = [];
  const context: Context = {
    progress,
    paint: paintOut(),
    signal: interrupt.signal,
    say: line => (json ? writeErr : writeOut)(`${line}\n`),
    note: line => writeErr(`${cleaned(line)}\n`),
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
  const onSignal = (code: number, graceMs = interruptGraceMs): void => {
    if (exit.code !== undefined) {
      if (performance.now() - exit.atMs > sameSignalMs) process.exit(exit.code);
      return;
    }
    exit.code = code;
    isEnding = true;
    exit.atMs = performance.now();
    setTimeout(() => process.exit(code), graceMs);
    interrupt.abort();
  };
  process.on("SIGHUP", () => onSignal(exitCodes.hangup));
  whenStarterEnds(() => {
    // A signal that it passed on came first.
    if (exit.code === undefined) onSignal(exitCodes.terminated, starterGraceMs);
  });
  process.on("SIGINT", () => onSignal(exitCodes.interrupted));
  process.on("SIGTERM", () => onSignal(exitCodes.terminated));
  return exit;
}

function print({ document, text, again, resume, beside, commands = [] }: CommandEnding, json: boolean): void {
  const pasted = [
    ...(resume === undefined ? [] : [["Resume", cleaned(resume, lineCharsMax)]]),
    ...(again === undefined ? [] : [["Again", cleaned(again, lineCharsMax)]]),
  ];
  const advice = maskAdvice(`${resume ?? ""} ${again ?? ""}`);
  const lines = advice === "" ? pasted : [...pasted, ["Secrets", advice]];
  if (beside !== undefined) writeErr(`${beside}\n`);
  if (json) {
    writeDocument(document);
    for (const [title = "", line] of lines) writeErr(`${title.toLowerCase()}: ${line}\n`);
  } else if (beside !== undefined) writeOut(`${text}\n`);
  else writeOut(`\n${text}\n${lines.map(([title = "", line]) => `${title.padEnd(8)} ${line}\n`).join("")}`);
  if (!json && commands.length > 0) writeCommands(commands);
}

/** Ends the process: one sentence for what a person can mend, a stack for what only we can. */
export async function fail(error: unknown, json: boolean): Promise<never> {
  const message = boundedLines(error instanceof Error ? error.message : String(error));
  const known = knownExitCode(error);
  if (known !== undefined) writeErr(`faultline: ${message}${adviceOn(error)}\n`);
  else {
    writeErr(
      `faultline: this is a bug of faultline: please report it with what follows and the command that you gave.\n${error instanceof Error ? (error.stack ?? message) : message}\n`,
    );
  }
  const exitCode = known ?? exitCodes.bug;
  if (json) printError(message, exitCode);
  return leave(exitCode);
}

/** An error may quote a file or a bus: each of its lines is cut, and so is their number. */
export function boundedLines(message: string): string {
  const lines = message.split("\n").map(line => cleaned(line));
  const more = lines.length - errorLinesMax;
  return [...lines.slice(0, errorLinesMax), ...(more > 0 ? [`… (${more} more lines)`] : [])].join("\n");
}

export function printError(error: string, exitCode: number): void {
  writeDocument({ verdict: null, error, exitCode });
}

/** A command that has nothing to show of what it did until then. */
function printInterrupted(exitCode: number): void {
  writeDocument({ verdict: "inconclusive", interrupted: true, exitCode });
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
  await allWritten();
  process.exit(exitCode);
}
