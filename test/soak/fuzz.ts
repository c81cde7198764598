/**
 * `npm run soak:fuzz -- --inputs 2000 --seed s`: valid scenarios, policies, counterexamples, journals, lines of a bus and command lines, each
 * changed in one place, by its structure or by a byte. No input may end in exit code 70 or a stack, or print a raw control character. None may
 * take more than 10 s of processor time, which other programs cannot lengthen, or a minute by the clock. Commands run in a thread, so that an
 * input costs milliseconds; the live world is not there.
 * `--only n` runs the input of that number alone and prints what it says.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { cpuMsOf } from "./fuzz/cpu.ts";
import { type Input, inputAt } from "./fuzz/inputs.ts";
import type { Said, Work } from "./fuzz/worker.ts";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const hangCpuMs = 10_000;
/** A search shrinks and certifies all that a policy breaks, which may take so long by design; a signal ends it at any time. */
const hangMs = 60_000;
const toldEvery = 1_000;
/** A thread is replaced after so many, since what its modules keep of each makes the later ones slower. */
const inputsPerThread = 500;

interface Failure {
  readonly index: number;
  readonly why: string;
  readonly output: string;
}

interface Tally {
  readonly codes: Record<string, number>;
  readonly failures: Failure[];
  slowestMs: number;
  slowest: number;
}

const stack = /^\s+at .*(node:|file:|\.ts:\d)/m;
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are looked for.
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

function judged({ code, output }: { readonly code: number; readonly output: string }): string | undefined {
  if (code === 70) return "exit code 70";
  if (stack.test(output)) return "a stack";
  const at = output.search(control);
  return at < 0 ? undefined : `a control character, in ${JSON.stringify(output.slice(Math.max(0, at - 60), at + 20))}`;
}

const isLong = (input: Input): boolean => input.kind === "command" && input.args[0] === "search";

/** Runs inputs in one thread until one of them hangs or ends the thread. Returns the number of the next one. */
function run(work: Work, tally: Tally): Promise<number> {
  return new Promise(resolve => {
    const worker = new Worker(join(import.meta.dirname, "fuzz", "worker.ts"), {
      workerData: work,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 2_048 },
    });
    let at = work.from;
    // Loading the commands is no input.
    let beganMs = Number.POSITIVE_INFINITY;
    let beganCpuMs = 0;
    let isOver = false;
    const fail = (why: string, output = ""): void => {
      if (isOver) return;
      isOver = true;
      clearInterval(clock);
      tally.failures.push({ index: at, why, output });
      void worker.terminate().then(() => resolve(at + 1));
    };
    const lookAtClocks = async (): Promise<void> => {
      const [index, tookMs] = [at, performance.now() - beganMs];
      if (tookMs > hangMs) return fail(`no end within ${hangMs} ms`);
      if (tookMs <= hangCpuMs || isLong(inputAt(work.seed, at, work.folder))) return;
      const usedMs = cpuMsOf(await worker.cpuUsage()) - beganCpuMs;
      if (at === index && usedMs > hangCpuMs) fail(`no end within ${hangCpuMs} ms of its processor`);
    };
    // A thread that has just ended cannot be asked.
    const clock = setInterval(() => void lookAtClocks().catch(() => {}), 1_000);
    worker.on("message", (said: Said) => {
      at = said.index;
      const tookMs = performance.now() - beganMs;
      beganMs = performance.now();
      if (said.kind === "began") {
        beganCpuMs = said.cpuMs;
        return;
      }
      tally.codes[said.code] = (tally.codes[said.code] ?? 0) + 1;
      if (tookMs > tally.slowestMs) Object.assign(tally, { slowestMs: Math.round(tookMs), slowest: at });
      if ((at + 1) % toldEvery === 0) console.error(`input ${at + 1}, ${tally.failures.length} failed`);
      const why = judged(said);
      if (why !== undefined) tally.failures.push({ index: at, why, output: said.output });
      if (values.only !== undefined) process.stdout.write(`${said.output}\nexit ${said.code}\n`);
    });
    worker.on("error", error => fail(`the thread ended: ${error.message}`, error.stack));
    worker.on("exit", () => {
      clearInterval(clock);
      if (!isOver) resolve(work.to);
    });
  });
}

async function main(): Promise<void> {
  // The commands write below the current folder.
  const folder = mkdtempSync(join(tmpdir(), "faultline-fuzz-"));
  process.chdir(folder);
  Object.assign(process.env, {
    FAULTLINE_NATS_SERVER: "/dev/null",
    FAULTLINE_TOXIPROXY: "/dev/null",
    NO_COLOR: "1",
    CI: "1",
  });
  const files = join(folder, "files");
  mkdirSync(files);
  const { seed } = values;
  const from = values.only === undefined ? 0 : Number(values.only);
  const to = values.only === undefined ? Number(values.inputs) : from + 1;
  const tally: Tally = { codes: {}, failures: [], slowestMs: 0, slowest: 0 };
  for (let next = from; next < to; ) {
    const end = Math.min(next + inputsPerThread, to);
    next = await run({ seed, from: next, to: end, folder: files }, tally);
  }
  const kept = join(import.meta.dirname, "../..", ".faultline", "fuzz");
  for (const { index, why, output } of tally.failures) {
    mkdirSync(kept, { recursive: true });
    writeFileSync(join(kept, `${seed}-${index}.json`), JSON.stringify(inputAt(seed, index, files), undefined, 2));
    console.error(`input ${index}: ${why}\n${output.slice(0, 1_500)}`);
  }
  const { failures, ...counted } = tally;
  console.log(JSON.stringify({ seed, inputs: to - from, failures: failures.length, ...counted }));
  process.chdir(tmpdir());
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = failures.length === 0 ? 0 : 1;
}

await main();
