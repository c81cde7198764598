/**
 * `npm run soak:slow-mutants [-- --seeds N] [--runs N] [--only TEXT] [--json]`: for each slow mutant the runs that random search needs from
 * each start seed, and what the command that is named for it finds, in which time. Ends with 1 where one is not as listed: random search
 * needs 10,000 runs or fewer in the median, or the command does not find it within five minutes. `--only`: those whose names have TEXT in
 * them.
 */
import { parseArgs } from "node:util";
import { slowMutants } from "./slow.ts";
import { isAsListed, measure, measuring, renderMeasured, renderSlow } from "./slow-hunt.ts";

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string" },
      runs: { type: "string" },
      only: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const asked = measuring(values, slowMutants);
  if (typeof asked === "string") {
    console.error(asked);
    return 2;
  }
  const all = [];
  for (const mutant of asked.mutants) {
    const measured = await measure(mutant, asked.seeds, asked.runsMax);
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
