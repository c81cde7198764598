/**
 * `npm run bench -- --live`: live scenarios per second, judged as `compare` judges them, over lanes; beside those of an empty scenario (start,
 * settle), which costs what no scenario can go below. `--lanes 1,2,4,8` measures each of them. Like the others it never fails
 * because a goal is not met.
 */
import { parseArgs } from "node:util";
import { profiles } from "../../models/profiles/index.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { wordOf } from "../../properties/arbitraries/runs.ts";
import { scenarioOf } from "../../properties/arbitraries/scenario.ts";
import { runCase } from "../../src/judge/run.ts";
import { type LiveStage, openSite } from "../../src/worlds/live/index.ts";
import { inLanes, lanesDefault, lanesMax } from "../../src/worlds/live/lanes.ts";

const { values } = parseArgs({
  options: {
    live: { type: "boolean" },
    json: { type: "boolean", default: false },
    pairs: { type: "string", default: "3" },
    runs: { type: "string", default: "600" },
    // As many as an idle machine gains by; `compare` begins with half of them.
    lanes: { type: "string", default: String(Math.min(lanesMax, 2 * lanesDefault)) },
    bus: { type: "string", multiple: true },
  },
});
const whole = (option: "pairs" | "runs" | "lanes", text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${option} takes a whole number above 0, not ${text}`);
  return number;
};
const pairs = whole("pairs", values.pairs);
const runs = whole("runs", values.runs);

const goals: Readonly<Record<string, number>> = { "go-nats-go": 40, "typescript-nats-js-3": 20 };

interface Row {
  readonly bus: string;
  readonly lanes: number;
  /** The median of the pairs, and between what they lie. */
  readonly scenariosPerSecond: number;
  readonly min: number;
  readonly max: number;
  readonly emptyPerSecond: number;
  /** What a random scenario costs, in empty ones. */
  readonly ratio: number;
  /** Runs that did not hold: then the others prove little. */
  readonly notHeld: number;
  readonly goal: number | null;
  readonly met: boolean | null;
}

const empty: Scenario = {
  version: 1,
  id: "bench/empty",
  why: "for a benchmark",
  requires: [],
  options: { subject: "subject", reconnectWaitMs: 20, reconnectAttemptsMax: -1, cutsWith: "fin" },
  steps: [{ id: "start", kind: "start" }],
  mustHappen: [],
  expect: {},
};

interface Timed {
  readonly perSecond: number;
  readonly notHeld: number;
}

async function timed(stage: LiveStage, bus: string, profile: Profile, scenarios: readonly Scenario[]): Promise<Timed> {
  const began = performance.now();
  let notHeld = 0;
  const run = (scenario: Scenario) => runCase(stage, { scenario, bus, profile, seed: "bench" });
  for await (const { result } of inLanes(stage.lanes, scenarios, run))
    if (result.judgement.verdict !== "holds" && scenarios[0] !== empty) notHeld++;
  return { perSecond: (1_000 * scenarios.length) / (performance.now() - began), notHeld };
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
const rounded = (number: number): number => Number(number.toPrecision(3));

async function measure(bus: string, lanes: number): Promise<Row> {
  const site = await openSite(line => process.stderr.write(`${line}\n`), { lanes, backend: "process" });
  try {
    const stage = await site.openBus(bus);
    const profile = profiles[stage.greeting.profile];
    if (profile === undefined) throw new Error(`${bus} names an unknown profile`);
    const space = { profile, capabilities: stage.capabilities };
    const scenarios = Array.from({ length: runs }, (_, i) => scenarioOf(wordOf("bench", i), space));
    const empties = scenarios.map(() => empty);
    await timed(stage, bus, profile, empties);
    const random: Timed[] = [];
    const bare: Timed[] = [];
    for (let i = 0; i < pairs; i++) {
      bare.push(await timed(stage, bus, profile, empties));
      random.push(await timed(stage, bus, profile, scenarios));
    }
    const all = random.map(one => one.perSecond);
    const scenariosPerSecond = rounded(median(all));
    const emptyPerSecond = rounded(median(bare.map(one => one.perSecond)));
    const goal = goals[bus] ?? null;
    return {
      bus,
      lanes,
      scenariosPerSecond,
      min: rounded(Math.min(...all)),
      max: rounded(Math.max(...all)),
      emptyPerSecond,
      ratio: rounded(emptyPerSecond / scenariosPerSecond),
      notHeld: random.reduce((sum, one) => sum + one.notHeld, 0),
      goal,
      met: goal === null ? null : scenariosPerSecond >= goal,
    };
  } finally {
    await site.close();
  }
}

const rows: Row[] = [];
for (const bus of values.bus ?? Object.keys(goals)) {
  for (const lanes of values.lanes.split(",").map(text => whole("lanes", text))) {
    const row = await measure(bus, lanes);
    rows.push(row);
    const { scenariosPerSecond, min, max, emptyPerSecond, ratio, notHeld, goal, met } = row;
    const against = goal === null ? "" : `  goal at least ${goal}: ${met ? "met" : "not met"}`;
    const line = `${bus}, ${lanes} lanes: ${scenariosPerSecond} scenarios/s (${min} to ${max}), ${emptyPerSecond} empty/s, ratio ${ratio}, ${notHeld} not held${against}`;
    (values.json ? process.stderr : process.stdout).write(`${line}\n`);
  }
}
if (values.json) console.log(JSON.stringify(rows, null, 2));
process.exit(0);
