/** Runs inputs one after the other in this thread, whose parent looks at the clock. Reports each before it begins, and what came of it. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { PassThrough } from "node:stream";
import { parentPort, workerData } from "node:worker_threads";
import { BusClient } from "../../../src/bus-protocol/bus-client.ts";
import { writeErr } from "../../../src/cli/outlet.ts";
import { boundedLines } from "../../../src/cli/perform.ts";
import { main } from "../../../src/cli.ts";
import { cpuMsOf } from "./cpu.ts";
import { type Input, inputAt } from "./inputs.ts";

export interface Work {
  readonly seed: string;
  readonly from: number;
  readonly to: number;
  readonly folder: string;
}

export type Said =
  | { readonly kind: "began"; readonly index: number; readonly cpuMs: number }
  | { readonly kind: "ended"; readonly index: number; readonly code: number; readonly output: string };

/** A stand-in for the streams and the end of the process: a command runs here as it does alone. */
async function captured(run: () => Promise<void>): Promise<{ readonly code: number; readonly output: string }> {
  const { exit } = process;
  const writes = [process.stdout, process.stderr].map(stream => ({ stream, write: stream.write }));
  const before = new Map(process.eventNames().map(name => [name, process.listeners(name as "exit")]));
  let output = "";
  let code: number | undefined;
  for (const { stream } of writes)
    stream.write = ((chunk: string, ...more: readonly unknown[]) => {
      output += String(chunk);
      for (const one of more) if (typeof one === "function") one();
      return true;
    }) as typeof stream.write;
  process.exit = ((given: number) => {
    code ??= given;
  }) as typeof process.exit;
  try {
    await run();
  } catch (error) {
    code ??= 70;
    output += `uncaught: ${(error as Error).stack}`;
  } finally {
    process.exit = exit;
    for (const { stream, write } of writes) stream.write = write;
    for (const name of process.eventNames())
      for (const one of process.listeners(name as "exit"))
        if (before.get(name)?.includes(one) !== true) process.removeListener(name, one);
  }
  return { code: code ?? 0, output };
}

async function command({ args, file, text }: Extract<Input, { kind: "command" }>): Promise<void> {
  if (file !== undefined && text !== undefined) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  await main(["node", "faultline", ...args]);
}

const boundMs = 300;

/** A bus that says these lines: each failure is a sentence with the exit code for it. */
async function bus({ lines }: Extract<Input, { kind: "bus" }>): Promise<void> {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const exited = Promise.withResolvers<{ code: number; signal: null }>();
  const client = new BusClient({ stdin, stdout, exited: exited.promise, describe: "fuzzed" });
  const say = (from: number, to: number): void =>
    void stdout.write(
      lines
        .slice(from, to)
        .map(line => `${line}\n`)
        .join(""),
    );
  try {
    const hello = client.hello(boundMs);
    say(0, 1);
    await hello;
    const options = { reconnectWaitMs: 1, reconnectAttemptsMax: -1, connectTimeoutMs: 1 };
    const start = client.call({ do: "start", case: 1, url: "nats://127.0.0.1:1", name: "n", options }, boundMs);
    const publish = client.call({ do: "publish", subject: "s", first: 0, count: 3, bytes: 8 }, boundMs);
    say(1, lines.length);
    await start;
    await publish;
  } catch (error) {
    if (!(error instanceof Error && "exitCode" in error)) throw error;
    // As the command line writes it.
    writeErr(`${boundedLines(error.message)}\n`);
    process.exit(error.exitCode as number);
  } finally {
    stdout.end();
    exited.resolve({ code: 0, signal: null });
  }
}

async function work({ seed, from, to, folder }: Work): Promise<void> {
  for (let index = from; index < to; index++) {
    parentPort?.postMessage({ kind: "began", index, cpuMs: cpuMsOf(process.threadCpuUsage()) } satisfies Said);
    const input = inputAt(seed, index, folder);
    const ended = await captured(() => (input.kind === "bus" ? bus(input) : command(input)));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    parentPort?.postMessage({ kind: "ended", index, ...ended } satisfies Said);
  }
}

await work(workerData as Work);
