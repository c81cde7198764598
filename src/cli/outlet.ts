/** The only way to standard output and standard error. Whatever passes is cleaned once more: no writer can forget it. */
import type { Paint } from "../report/paint.ts";
import { paintFor } from "../report/paint.ts";
import { type Progress, progressOn } from "../report/progress.ts";
import { cleanedText, jsonText } from "../text/clean.ts";
import type { RunnerCommand } from "../text/runner-commands.ts";

export const writeOut = (text: string): void => void process.stdout.write(cleanedText(text));
export const writeErr = (text: string): void => void process.stderr.write(cleanedText(text));

/** Lines that a runner of CI obeys, as they are: each was made of cleaned values. */
export const writeCommands = (commands: readonly RunnerCommand[]): void =>
  void process.stdout.write(commands.map(one => `${one}\n`).join(""));

/** One JSON document on stdout. */
export const writeDocument = (document: unknown): void => void process.stdout.write(`${jsonText(document, 2)}\n`);

export const paintOut = (): Paint => paintFor(process.stdout);
export const progressErr = (): Progress => progressOn(process.stderr, process.env);

type OnWriteError = (error: NodeJS.ErrnoException) => void;

export function onWriteErrors(ofStdout: OnWriteError, ofStderr: OnWriteError): void {
  process.stdout.on("error", ofStdout);
  process.stderr.on("error", ofStderr);
}

/** Settles once a reader that is slower than we are has all of it. */
export async function allWritten(): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>(done => stream.write("", () => done()));
}
