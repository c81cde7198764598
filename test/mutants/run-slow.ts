/**
 * `npm run soak:slow-mutants [-- --seeds N] [--runs N] [--json]`: for each slow mutant the runs that random search needs from each start
 * seed, and what the command that is named for it finds, in which time. Ends with 1 where one is not as listed: random search needs 10,000
 * runs or fewer in the median, or the command does not find it within five minutes.
 */
import { parseArgs } from "node:util";
import { slowMutants } from "./slow.ts";
import { isAsListed, measure, renderMeasured, renderSlow, runsListed } from "./slow-hunt.ts";

const runsMaxDefault = 60_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { seeds: { type: "string" }, runs: { type: "string" }, json: { type: "boolean" } },
  });
  const seeds = Number(values.seeds ?? "5");
  const runsMax = Number(values.runs ?? runsMaxDefault);
  if (!Number.isInteger(seeds) || seeds < 1 || !Number.isInteger(runsMax) || runsMax <= runsListed) {
    console.error(`--seeds takes a number from 1, and --runs one above ${runsListed}`);
    return 2;
  }
  const names = Array.from({ length: seeds }, (_, i) => String(i + 1));
  const all = [];
  for (const mutant of slowMutants) {
    const measured = await measure(mutant, names, runsMax);
    all.push(measured);
    if (values.json !== true) console.log(renderMeasured(measured));
  }
  console.log(
    values.json === true
      ? JSON.stringify(
          all.map(({ mutant, ...one }) => ({ mutant: mutant.name, ...one })),
          null,
          1,
        )
      : renderSlow(all),
  );
  return all.every(isAsListed) ? 0 : 1;
}

process.exitCode = await main();
