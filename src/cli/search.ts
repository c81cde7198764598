/** `faultline search` on the command line: its options, its help, and what it is called with. */
import { type CommonOptions, knownProperty, readCommon, readWorlds } from "../commands/options.ts";
import { search } from "../commands/search.ts";
import { UsageError } from "../errors.ts";
import { keptFolder } from "../findings/again.ts";
import { type Add, common, examples, positive, resumeText, seedsText } from "./shared.ts";

interface SearchFlags extends CommonOptions {
  readonly seeds: string;
  readonly world: string;
  readonly runs: number;
  readonly property?: string;
  readonly budget?: number;
}
export const addSearch: Add = (program, run) => {
  common(
    program
      .command("search")
      .description(
        "random scenarios in one world, in the model after all short schedules; the first failure is shrunk and kept",
      ),
  )
    .option("--world <world>", "model or live", "model")
    .option("--runs <n>", "the most scenarios for each profile", positive, 10_000)
    .option("--property <id>", "judge only this property, promised or not")
    .option("--budget <seconds>", "the most time", positive)
    .option("--seeds <folder>", seedsText, keptFolder)
    .option("--resume <folder>", `${resumeText}; in the live world`)
    .addHelpText(
      "after",
      examples([
        ["faultline search", "every profile, in the model world"],
        ["faultline search --profile nats-go --runs 100000 --budget 60", "one profile, for a minute"],
        ["faultline search --world live --bus go-nats-go --runs 200", "a real client"],
        ["faultline search --profile nats-js-3 --property core-path/order-is-kept", "one property"],
        [
          "faultline search --profile nats-go --policy cordum-as-found",
          "all that a bus of this policy breaks, each with its shortest case",
        ],
      ]),
    )
    .action((options: SearchFlags) =>
      run(context => {
        const [world, another] = readWorlds(options.world, "--world");
        if (world === undefined || another !== undefined)
          throw new UsageError("search takes one --world: model or live.");
        if (world === "model" && options.resume !== undefined)
          throw new UsageError(
            "search takes --resume in the live world only: what the model did is done again in seconds.",
          );
        const property = options.property === undefined ? undefined : knownProperty(options.property, "--property");
        return search(context, {
          ...readCommon(options, context.note),
          world,
          runs: options.runs,
          property,
          budgetSeconds: options.budget,
          seeds: options.seeds,
        });
      }),
    );
};
