/** `faultline exhaust` on the command line: its options, its help, and what it is called with. */
import { Option } from "commander";
import { exhaust } from "../commands/exhaust.ts";
import { knownProperty } from "../commands/options.ts";
import { UsageError } from "../errors.ts";
import { bareLine } from "../findings/again.ts";
import { type Add, collected, examples, positive } from "./shared.ts";

interface ExhaustFlags {
  readonly publishes: number;
  readonly faults: number;
  readonly profile: string;
  readonly depth?: number;
  readonly require?: readonly string[];
  readonly states: number;
  readonly budget: number;
  readonly policy?: string;
}
export const addExhaust: Add = (program, run) => {
  program
    .command("exhaust")
    .description("every schedule within a bound, in the model world; keeps a shortest violation")
    .requiredOption("--publishes <n>", "publishes of one schedule at most", positive)
    .requiredOption("--faults <n>", "faults of one schedule at most", positive)
    .option("--profile <name>", "the client that is modelled", "nats-go")
    .option("--depth <n>", "the most steps of one schedule (default: what the other bounds allow)", positive)
    .option("--require <id>", "a property to require beyond what the profile promises (repeatable)", collected)
    .addOption(new Option("--policy <name|file>").hideHelp())
    .option("--states <n>", "the most states; a search that needs more is inconclusive", positive, 16_000_000)
    .option("--budget <seconds>", "the most time; a search that needs more is inconclusive", positive, 300)
    .option("--json", "one JSON document on stdout, everything else on stderr")
    .addHelpText(
      "after",
      examples([
        ["faultline exhaust --publishes 3 --faults 2 --profile nats-go", "a hundred million schedules, a minute"],
        ["faultline exhaust --publishes 2 --faults 1 --profile nats-js-3 --json", "for a machine"],
        [
          "faultline exhaust --publishes 1 --faults 1 --profile nats-js-3 --require reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
          "the shortest schedule that breaks what the client does not promise",
        ],
      ]),
    )
    .action(({ publishes, faults, profile, depth, require = [], states, budget, policy }: ExhaustFlags) =>
      run(context => {
        if (policy !== undefined)
          throw new UsageError(
            `exhaust takes no policy: its settings are a bare client's. Random scenarios under one: ${bareLine("search", { policy })}`,
          );
        return exhaust(context, {
          publishes,
          faults,
          profile,
          depth,
          require: require.map(id => knownProperty(id, "--require")),
          statesMax: states,
          budgetSeconds: budget,
        });
      }),
    );
};
