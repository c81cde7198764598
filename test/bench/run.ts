/**
 * `npm run bench`: what the harness costs beside its own reducer and beside fast-check. Only ratios, by processor time, of processes of
 * their own that are warm and are measured one right after the other. Machines differ and are shared, and what disturbs a measurement only
 * ever adds to it. So a ratio is of the least that each side took in all pairs; the median and the range of the pairs stand beside.
 * `--json` prints one document on stdout, `--pairs N` takes N pairs. `--live` measures the live world instead: live.ts. It says what was
 * measured and never fails because a goal is not met.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { leastOf } from "./figures.ts";
import type { Measurement, Round } from "./measure.ts";

// It ends the process.
if (process.argv.includes("--live")) await import("./live.ts");

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, pairs: { type: "string", default: "7" } },
});
const pairs = Number(values.pairs);
if (!Number.isInteger(pairs) || pairs < 1) throw new Error(`--pairs takes a number of pairs, not ${values.pairs}`);

interface Ratio {
  /** The least that one side took in all pairs, against the least that the other took. The goal is for this one. */
  readonly ratio: number;
  /** The median, the least (`min`) and the greatest (`max`) ratio of the single pairs. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly pairs: number;
  readonly goal: number;
  readonly met: boolean;
}

/** As large from the start as V8 lets it grow: while it grows, what lives is copied the more often the more of it there is. */
const grownNursery = ["--min-semi-space-size=16"];

const started = new Map<Measurement, ChildProcess>();

/** Started at its first round, and warm before it. */
async function processOf(name: Measurement): Promise<ChildProcess> {
  const known = started.get(name);
  if (known !== undefined) return known;
  const execArgv = name === "growth" ? grownNursery : [];
  const child = fork(join(import.meta.dirname, "measure.ts"), [name], { execArgv });
  started.set(name, child);
  await answerOf(child, name);
  return child;
}

/** @throws where the process ends instead */
async function answerOf(child: ChildProcess, name: Measurement): Promise<unknown> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the measurement ${name} ended with ${code}`);
  });
  const [answer] = await Promise.race([once(child, "message"), ended]);
  return answer;
}

async function measure<Name extends Measurement>(name: Name): Promise<Round<Name>> {
  const child = await processOf(name);
  const answer = answerOf(child, name);
  child.send("round");
  return (await answer) as Round<Name>;
}

/** One pair of everything, in turn. */
const round = async () => ({
  harness: await measure("harness"),
  bare: await measure("bare"),
  byHand: await measure("byHand"),
  unjudged: await measure("unjudged"),
  commands: await measure("commands"),
  commandsUnjudged: await measure("commandsUnjudged"),
  commandsBare: await measure("commandsBare"),
  arrays: await measure("arrays"),
  arraysUnjudged: await measure("arraysUnjudged"),
  arraysBare: await measure("arraysBare"),
  growth: await measure("growth"),
  replay: await measure("replay"),
  workers: await measure("workers"),
});
type Pair = Awaited<ReturnType<typeof round>>;

function ratiosOf(pair: Pair) {
  const { harness, bare, byHand, unjudged, growth, workers, replay } = pair;
  const own = (harness.ms - bare.ms) / harness.steps;
  const against = (rival: Round<"commands">, itsBare: Round<"commandsBare">): number => own / (rival.ms - itsBare.ms);
  return {
    modelVsBare: byHand.ms / harness.ms,
    modelVsBareUnjudged: unjudged.ms / harness.ms,
    modelVsBareGiven: bare.ms / harness.ms,
    overheadVsCommands: against(pair.commands, pair.commandsBare),
    overheadVsCommandsUnjudged: against(pair.commandsUnjudged, pair.commandsBare),
    overheadVsArray: against(pair.arrays, pair.arraysBare),
    overheadVsArrayUnjudged: against(pair.arraysUnjudged, pair.arraysBare),
    growth10k: growth.tenThousandMs / growth.thousandMs,
    // Two workers that find other failing cases than one are worth nothing.
    workers2: workers.sameFailing === 1 ? workers.oneMs / workers.slowerOfTwoMs : 0,
    replayK: replay.farMs / replay.nearMs,
  };
}

/** The least of each figure of each measurement. */
function leastOfAll(all: readonly Pair[]): Pair {
  const names = Object.keys(all[0] ?? {}) as (keyof Pair)[];
  return Object.fromEntries(names.map(name => [name, leastOf(all.map(one => one[name]))])) as unknown as Pair;
}

type Name = keyof ReturnType<typeof ratiosOf> | "memory1m";

const rows: Readonly<Record<Name, { readonly least?: number; readonly most?: number; readonly what: string }>> = {
  modelVsBare: {
    least: 0.5,
    what: "scenarios per CPU second of the search, against a loop by hand: seed, schedule, reducer, one invariant, rolling hash",
  },
  modelVsBareUnjudged: { least: 0.5, what: "the same against seed, schedule and reducer: nothing is looked at" },
  modelVsBareGiven: { least: 0.5, what: "the same against the reducer alone, its scenarios made beforehand" },
  overheadVsCommands: {
    most: 1 / 10,
    what: "own cost per step above the bare reducer, against fc.commands that keeps the events and judges the same promises",
  },
  overheadVsCommandsUnjudged: { most: 1 / 10, what: "the same against fc.commands that judges nothing" },
  overheadVsArray: {
    most: 1 / 8,
    what: "own cost per step above the bare reducer, against fc.array of records that judges the same promises",
  },
  overheadVsArrayUnjudged: { most: 1 / 8, what: "the same against fc.array of records that judges nothing" },
  growth10k: { most: 11, what: "cost of a scenario of 10,000 steps, against one of 1,000, every promise folded" },
  workers2: {
    least: 1.6,
    what: "work of two threads per CPU second of the slower, against one; 0 if they find other failing cases",
  },
  replayK: { most: 1.2, what: "cost of the runs from 1,000,000 on, against those from 1 on" },
  memory1m: { most: 1.1, what: "heap in use after 1,000,000 runs of a search, against after 50,000; taken once" },
};

const rounded = (value: number | undefined): number => Number((value ?? Number.NaN).toPrecision(4));

function resultOf(name: Name, ofLeast: number, ofPairs: readonly number[]): Ratio {
  const sorted = ofPairs.toSorted((a, b) => a - b);
  const ratio = rounded(ofLeast);
  const median = rounded(sorted[Math.floor(sorted.length / 2)]);
  const { least, most } = rows[name];
  const met = ratio >= (least ?? Number.NEGATIVE_INFINITY) && ratio <= (most ?? Number.POSITIVE_INFINITY);
  const [min, max] = [rounded(sorted[0]), rounded(sorted.at(-1))];
  return { ratio, median, min, max, pairs: sorted.length, goal: least ?? most ?? 0, met };
}

const names = Object.keys(rows) as Name[];
const rounds: Pair[] = [];
for (let i = 0; i < pairs; i++) {
  rounds.push(await round());
  process.stderr.write(`${i + 1} of ${pairs} pairs\n`);
}
const memory = await measure("memory");
for (const child of started.values()) child.disconnect();
const ofLeast = ratiosOf(leastOfAll(rounds));
const ofPairs = rounds.map(ratiosOf);
const grown = memory.after / memory.before;
const found = names.map(name => {
  const result =
    name === "memory1m"
      ? resultOf(name, grown, [grown])
      : resultOf(
          name,
          ofLeast[name],
          ofPairs.map(one => one[name]),
        );
  return [name, result] as const;
});

if (values.json) console.log(JSON.stringify(Object.fromEntries(found), null, 2));
else
  for (const [name, { ratio, median, min, max, goal, met }] of found)
    console.log(
      `${name.padEnd(26)} ${String(ratio).padStart(7)}  goal ${rows[name].least === undefined ? "at most" : "at least"} ${goal}: ${met ? "met" : "not met"}; median of the pairs ${median} (${min} to ${max})\n  ${rows[name].what}`,
    );
