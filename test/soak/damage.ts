/**
 * `npm run soak:damage -- --runs N --seed s`: random runs of the model, without a policy and with each bundled one, each damaged in one place
 * and judged with every promise required that the undamaged run keeps. It prints how many still hold, by kind of damage.
 */
import { parseArgs } from "node:util";
import { type Survival, survivalOf } from "../judge/damage/survival.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
  },
});

interface Counted {
  damaged: number;
  inconclusive: number;
  /** Those that hold, by the row that explains it. */
  readonly held: Map<string, number>;
}

const unexplained = "NO ROW";

function main(): number {
  const wanted = Number(values.runs);
  const kinds = new Map<string, Counted>();
  const byRow = new Map<string, number>();
  const examples: string[] = [];
  let damaged = 0;
  let held = 0;
  for (let index = 0; damaged < wanted; index++) {
    const one = survivalOf(values.seed, index);
    if (one === undefined) continue;
    damaged++;
    const counted = kinds.get(one.name) ?? { damaged: 0, inconclusive: 0, held: new Map() };
    kinds.set(one.name, counted);
    counted.damaged++;
    if (one.verdict === "inconclusive") counted.inconclusive++;
    if (one.verdict !== "holds") continue;
    held++;
    const row = one.row ?? unexplained;
    if (one.row === undefined || !counted.held.has(row)) examples.push(`${one.name}, ${row}: ${exampleOf(one)}`);
    counted.held.set(row, (counted.held.get(row) ?? 0) + 1);
    byRow.set(row, (byRow.get(row) ?? 0) + 1);
  }
  for (const [name, one] of [...kinds].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const rows = [...one.held].map(([row, count]) => `${count} ${row}`).join("; ");
    console.log(
      `${name}: ${one.damaged} damaged, ${one.inconclusive} inconclusive, held: ${rows === "" ? "none" : rows}`,
    );
  }
  for (const example of examples) console.log(example);
  const share = (count: number): string => `${count} of ${damaged} (${((100 * count) / damaged).toFixed(1)} %)`;
  console.log(`${share(held)} still hold:`);
  for (const [row, count] of byRow) console.log(`  ${share(count)}: ${row}`);
  return byRow.has(unexplained) ? 1 : 0;
}

const exampleOf = ({ word, damage }: Survival): string =>
  `${word} at ${damage.at}: ${JSON.stringify(damage.before)} -> ${JSON.stringify(damage.after)}`;

process.exitCode = main();
