/**
 * One measurement in a process of its own, so that none sees what another has compiled. It warms up, says so, and then does its
 * work for each message. Started by run.ts.
 */
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import {
  arrays,
  bare,
  byHand,
  commands,
  cpuMs,
  longScenario,
  newCases,
  runLong,
  search,
  unjudged,
  warmUp,
} from "./cases.ts";
import { type Figures, leastOf } from "./figures.ts";

/** Thread time moves in steps of milliseconds: fewer runs would be told by the step. */
const runs = 30_000;

function allBare(scenarios: readonly Scenario[]): void {
  for (const one of scenarios) bare(one);
}

type UnderFastCheck = (judges: boolean, runs: number, onRun?: (scenario: Scenario) => void) => void;

/**
 * Counts the steps and keeps none: where V8 sees what a place in the code makes live long, it makes it in old memory from then on, which a
 * search never does.
 */
function perStep(work: UnderFastCheck, judges: boolean) {
  let steps = 0;
  work(judges, runs, one => {
    steps += one.steps.length;
  });
  return () => ({ ms: cpuMs(() => work(judges, runs)) / steps });
}

/** The bare reducer over what it ran. */
function barePerStep(work: UnderFastCheck) {
  const all: Scenario[] = [];
  work(false, runs, one => void all.push(one));
  const steps = all.reduce((sum, one) => sum + one.steps.length, 0);
  return () => ({ ms: cpuMs(() => allBare(all)) / steps });
}

/** What is still held after that many cases of one search. */
function heldBytes(cases: ReturnType<typeof newCases>, from: number, to: number): number {
  search(cases, from, to);
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

interface Share {
  readonly ms: number;
  readonly failing: readonly number[];
}

async function inWorkers(shares: readonly (readonly [from: number, to: number])[]): Promise<readonly Share[]> {
  return Promise.all(
    shares.map(async ([from, to]) => {
      const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: { from, to } });
      const [share] = (await once(worker, "message")) as [Share];
      return share;
    }),
  );
}

/** One worker's processor time for all, and that of the slower of two for a half each. */
async function twoWorkers() {
  const [one] = await inWorkers([[0, 2 * runs]]);
  const two = await inWorkers([
    [0, runs],
    [runs, 2 * runs],
  ]);
  const alone = one?.failing ?? [];
  const sameFailing = alone.length > 0 && String(alone) === String(two.flatMap(({ failing }) => failing));
  const slowerOfTwoMs = Math.max(...two.map(({ ms }) => ms));
  return { oneMs: one?.ms ?? 0, slowerOfTwoMs, sameFailing: sameFailing ? 1 : 0 };
}

/** Each prepares its work and returns one round of it. */
const measurements = {
  harness: () => {
    const cases = newCases();
    let steps = 0;
    for (let i = 0; i < runs; i++) steps += cases.scenario(i).steps.length;
    return () => ({ ms: cpuMs(() => void search(cases, 0, runs)), steps });
  },
  bare: () => {
    const cases = newCases();
    const all = Array.from({ length: runs }, (_, i) => cases.scenario(i));
    return () => ({ ms: cpuMs(() => allBare(all)) });
  },
  byHand: () => () => ({ ms: cpuMs(() => byHand(newCases().scenario, 0, runs)) }),
  unjudged: () => () => ({ ms: cpuMs(() => unjudged(newCases().scenario, 0, runs)) }),
  commands: () => perStep(commands, true),
  commandsUnjudged: () => perStep(commands, false),
  commandsBare: () => barePerStep(commands),
  arrays: () => perStep(arrays, true),
  arraysUnjudged: () => perStep(arrays, false),
  arraysBare: () => barePerStep(arrays),
  growth: () => {
    const thousand = longScenario(1_000);
    const tenThousand = longScenario(10_000);
    const ms = (n: number, scenario: Scenario): number =>
      cpuMs(() => {
        for (let i = 0; i < n; i++) runLong(scenario);
      }) / n;
    return () => ({ thousandMs: ms(600, thousand), tenThousandMs: ms(60, tenThousand) });
  },
  replay: () => {
    const cases = newCases();
    return () => ({
      nearMs: cpuMs(() => void search(cases, 1, 1 + runs)),
      farMs: cpuMs(() => void search(cases, 1_000_000, 1_000_000 + runs)),
    });
  },
  workers: () => twoWorkers,
  memory: () => () => {
    const cases = newCases();
    const before = heldBytes(cases, 0, 50_000);
    return { before, after: heldBytes(cases, 50_000, 1_000_000) };
  },
};
export type Measurement = keyof typeof measurements;
/** The figures of a measurement: the least of its rounds. */
export type Round<Name extends Measurement> = Awaited<ReturnType<ReturnType<(typeof measurements)[Name]>>>;

/** Workers warm themselves up, and the memory of a search is measured from its beginning. */
const cold: readonly Measurement[] = ["workers", "memory"];

/** The first round after a pause is slower: V8 lets go of memory meanwhile. */
const roundsEach = 3;
const name = process.argv[2] as Measurement;
const round = measurements[name]();
const isCold = cold.includes(name);
if (!isCold) warmUp(() => void round());
const warmRounds = (): Figures => leastOf(Array.from({ length: roundsEach }, round as () => Figures));
process.on("message", async () => process.send?.(isCold ? await round() : warmRounds()));
process.send?.("warm");
