/** One measurement in a process of its own, so that none sees what another has compiled; prints one number. Started by run.ts. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { arrays, bare, commands, cpuMs, longScenario, newCases, runLong, search } from "./cases.ts";

const runs = 10_000;
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

function perStep(work: (runs: number, seen?: Scenario[]) => void): { readonly ms: number; readonly bareMs: number } {
  const seen: Scenario[] = [];
  work(runs, seen);
  const steps = stepsOf(seen);
  return { ms: leastMs(() => work(runs)) / steps, bareMs: bareMs(seen) / steps };
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
  commands: () => perStep(commands),
  arrays: () => perStep(arrays),
  growth: () => {
    const thousand = longScenario(1_000);
    const tenThousand = longScenario(10_000);
    const times = (n: number, scenario: Scenario) => () => {
      for (let i = 0; i < n; i++) runLong(scenario);
    };
    return { thousandMs: leastMs(times(100, thousand)) / 100, tenThousandMs: leastMs(times(10, tenThousand)) / 10 };
  },
  replay: () => {
    const cases = newCases();
    const near = leastMs(() => void search(cases, 1, 1 + runs));
    return { nearMs: near, farMs: leastMs(() => void search(cases, 1_000_000, 1_000_000 + runs)) };
  },
  workers: twoWorkers,
};
export type Measurement = keyof typeof measurements;

const name = process.argv[2] as Measurement;
console.log(JSON.stringify(await measurements[name]()));
