/** `faultline compare` on the command line: its options, its help, and what it is called with. */
import { compare } from "../commands/compare.ts";
import { type CommonOptions, readCommon, readWorlds } from "../commands/options.ts";
import { UsageError } from "../errors.ts";
import { keptFolder } from "../findings/again.ts";
import { type Add, common, examples, positive, resumeText, seedsText } from "./shared.ts";

interface CompareFlags extends CommonOptions {
  readonly seeds: string;
  readonly worlds: string;
  readonly runs: number;
  readonly budget?: number;
  readonly keepGoing?: boolean;
}
export const addCompare: Add = (program, run) => {
  common(
    program
      .command("compare")
      .description("random scenarios on a real bus, each checked against the model; shrinks a disagreement"),
  )
    .option("--worlds <worlds>", "the two worlds", "model,live")
    .option("--runs <n>", "scenarios", positive, 100)
    .option("--budget <seconds>", "the most time, without shrinking", positive)
    .option("--keep-going", "continue after the first disagreement")
    .option("--seeds <folder>", seedsText, keptFolder)
    .option("--resume <folder>", resumeText)
    .addHelpText(
      "after",
      examples([
        ["faultline compare --worlds model,live --bus go-nats-go --runs 100 --seed 1", ""],
        [
          "faultline compare --bus typescript-nats-js-3 --profile nats-go",
          "against the wrong profile: leaves a counterexample",
        ],
      ]),
    )
    .action((options: CompareFlags) =>
      run(context => {
        const worlds = readWorlds(options.worlds, "--worlds");
        if (!worlds.includes("model") || !worlds.includes("live"))
          throw new UsageError("compare needs two worlds: --worlds model,live.");
        const { runs, budget, keepGoing = false, seeds } = options;
        const asked = { runs, budgetSeconds: budget, keepGoing, seeds, asked: "compare" } as const;
        return compare(context, { ...readCommon(options, context.note), ...asked });
      }),
    );
};
