/**
 * `npm run bench`: what the harness costs beside its own reducer and beside fast-check. Only ratios of pairs measured one right after
 * the other, in processes of their own that are warm, by processor time; machines differ and are shared, and a slow phase of some seconds
 * meets both sides of a pair. `--json` prints one document on stdout,
 * `--pairs N` takes N pairs. `--live` measures the live world instead: live.ts. It says what was measured and never fails because a goal is not met.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Measurement, Round } from "./measure.ts";

// It ends the process.
if (process.argv.includes("--live")) await import("./live.ts");

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, pairs: { type: "string", default: "7" } },
});
const pairs = Number(values.pairs);
if (!Number.isInteger(pairs) || pairs < 1) throw new Error(`--pairs takes a number of pairs, not ${values.pairs}`);

interface Ratio {
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
async function round() {
  const harness = await measure("harness");
  const bare = await measure("bare");
  const byHand = await measure("byHand");
  const unjudged = await measure("unjudged");
  const commands = await measure("commands");
  const commandsUnjudged = await measure("commandsUnjudged");
  const commandsBare = await measure("commandsBare");
  const arrays = await measure("arrays");
  const arraysUnjudged = await measure("arraysUnjudged");
  const arraysBare = await measure("arraysBare");
  const growth = await measure("growth");
  const replay = await measure("replay");
  const workers = await measure("workers");
  const own = (harness.ms - bare.ms) / harness.steps;
  const against = (rival: Round<"commands">, itsBare: Round<"commandsBare">): number => own / (rival.ms - itsBare.ms);
  return {
    modelVsBare: byHand.ms / harness.ms,
    modelVsBareUnjudged: unjudged.ms / harness.ms,
    modelVsBareGiven: bare.ms / harness.ms,
    overheadVsCommands: against(commands, commandsBare),
    overheadVsCommandsUnjudged: against(commandsUnjudged, commandsBare),
    overheadVsArray: against(arrays, arraysBare),
    overheadVsArrayUnjudged: against(arraysUnjudged, arraysBare),
    growth10k: growth.tenThousandMs / growth.thousandMs,
    // Two workers that find other failing cases than one are worth nothing.
    workers2: workers.sameFailing ? workers.times : 0,
    replayK: replay.farMs / replay.nearMs,
  };
}
type Name = keyof Awaited<ReturnType<typeof round>> | "memory1m";

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

function ratioOf(name: Name, measured: readonly number[]): Ratio {
  const sorted = measured.toSorted((a, b) => a - b);
  const at = (index: number): number => Number((sorted[index] ?? Number.NaN).toPrecision(4));
  const median = at(Math.floor(sorted.length / 2));
  const { least, most } = rows[name];
  const met = median >= (least ?? Number.NEGATIVE_INFINITY) && median <= (most ?? Number.POSITIVE_INFINITY);
  return { median, min: at(0), max: at(sorted.length - 1), pairs: sorted.length, goal: least ?? most ?? 0, met };
}

const names = Object.keys(rows) as Name[];
const rounds: Awaited<ReturnType<typeof round>>[] = [];
for (let i = 0; i < pairs; i++) {
  rounds.push(await round());
  process.stderr.write(`${i + 1} of ${pairs} pairs\n`);
}
const memory = await measure("memory");
for (const child of started.values()) child.disconnect();
const measured = (name: Name): readonly number[] =>
  name === "memory1m" ? [memory.after / memory.before] : rounds.map(one => one[name]);
const found = names.map(name => [name, ratioOf(name, measured(name))] as const);

if (values.json) console.log(JSON.stringify(Object.fromEntries(found), null, 2));
else
  for (const [name, { median, min, max, goal, met }] of found)
    console.log(
      `${name.padEnd(26)} ${String(median).padStart(7)} (${min} to ${max})  goal ${rows[name].least === undefined ? "at most" : "at least"} ${goal}: ${met ? "met" : "not met"}\n  ${rows[name].what}`,
    );
