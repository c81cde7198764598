/** One measurement in a process of its own, so that none sees what another has compiled; prints one number. Started by run.ts. */
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { arrays, bare, byHand, commands, cpuMs, longScenario, newCases, runLong, search, unjudged } from "./cases.ts";

/** Thread time moves in steps of milliseconds: fewer runs would be told by the step. */
const runs = 30_000;
const rounds = 3;

/** The least of some rounds: what disturbs a measurement only ever adds to it. */
const leastMs = (work: () => void): number => {
  work();
  return Math.min(...Array.from({ length: rounds }, () => cpuMs(work)));
};

const stepsOf = (scenarios: readonly Scenario[]): number => scenarios.reduce((sum, one) => sum + one.steps.length, 0);
const bareMs = (scenarios: readonly Scenario[]): number =>
  leastMs(() => {
    for (const one of scenarios) bare(one);
  });

const scenarios = (): Scenario[] => {
  const cases = newCases();
  return Array.from({ length: runs }, (_, i) => cases.scenario(i));
};

type UnderFastCheck = (judges: boolean, runs: number, seen?: Scenario[]) => void;

function perStep(work: UnderFastCheck, judges: boolean): { readonly ms: number; readonly bareMs: number } {
  const seen: Scenario[] = [];
  work(judges, runs, seen);
  const steps = stepsOf(seen);
  return { ms: leastMs(() => work(judges, runs)) / steps, bareMs: bareMs(seen) / steps };
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

/** One worker's processor time for all against that of the slower of two for a half each. */
async function twoWorkers(): Promise<{ readonly times: number; readonly sameFailing: boolean }> {
  const [one] = await inWorkers([[0, 2 * runs]]);
  const two = await inWorkers([
    [0, runs],
    [runs, 2 * runs],
  ]);
  const alone = one?.failing ?? [];
  const sameFailing = alone.length > 0 && String(alone) === String(two.flatMap(({ failing }) => failing));
  return { times: (one?.ms ?? 0) / Math.max(...two.map(({ ms }) => ms)), sameFailing };
}

const measurements = {
  harness: () => {
    const cases = newCases();
    return { ms: leastMs(() => void search(cases, 0, runs)), steps: stepsOf(scenarios()) };
  },
  bare: () => {
    const all = scenarios();
    return { ms: bareMs(all), steps: stepsOf(all) };
  },
  byHand: () => ({ ms: leastMs(() => byHand(newCases().scenario, 0, runs)) }),
  unjudged: () => ({ ms: leastMs(() => unjudged(newCases().scenario, 0, runs)) }),
  commands: () => perStep(commands, true),
  commandsUnjudged: () => perStep(commands, false),
  arrays: () => perStep(arrays, true),
  arraysUnjudged: () => perStep(arrays, false),
  growth: () => {
    const thousand = longScenario(1_000);
    const tenThousand = longScenario(10_000);
    const times = (n: number, scenario: Scenario): number =>
      cpuMs(() => {
        for (let i = 0; i < n; i++) runLong(scenario);
      }) / n;
    times(600, thousand);
    times(60, tenThousand);
    // In turn: what disturbs the machine for a second is to meet both.
    const measured = Array.from({ length: 7 }, () => [times(600, thousand), times(60, tenThousand)] as const);
    const least = (which: 0 | 1): number => Math.min(...measured.map(one => one[which]));
    return { thousandMs: least(0), tenThousandMs: least(1) };
  },
  replay: () => {
    const cases = newCases();
    const near = leastMs(() => void search(cases, 1, 1 + runs));
    return { nearMs: near, farMs: leastMs(() => void search(cases, 1_000_000, 1_000_000 + runs)) };
  },
  workers: twoWorkers,
  memory: () => {
    const cases = newCases();
    const before = heldBytes(cases, 0, 50_000);
    return { before, after: heldBytes(cases, 50_000, 1_000_000) };
  },
};
export type Measurement = keyof typeof measurements;

const name = process.argv[2] as Measurement;
console.log(JSON.stringify(await measurements[name]()));
