/** `faultline replay` on the command line: its options, its help, and what it is called with. */
import { type CommonOptions, readCommon, readWorlds } from "../commands/options.ts";
import { replay } from "../commands/replay.ts";
import { UsageError } from "../errors.ts";
import { keptFolder } from "../findings/again.ts";
import { type Add, common, examples, positive } from "./shared.ts";

interface ReplayFlags extends CommonOptions {
  readonly json?: boolean;
  readonly world?: string;
  readonly times: number;
  readonly events?: boolean;
  readonly keep?: string | true;
}
export const addReplay: Add = (program, run) => {
  common(program.command("replay").description("one scenario or counterexample again, step by step"))
    .argument("<file>", "a scenario or a counterexample file")
    .option("--world <worlds>", "model, live or model,live (default: both if the servers are available)")
    .option("--times <n>", "how many times to run it", positive, 1)
    .option("--events", "with --json: every event of the run that is shown of each case")
    .option(
      "--keep [folder]",
      `keep the counterexample: holds, search and compare begin with it (default: ${keptFolder})`,
    )
    .addHelpText(
      "after",
      examples([
        ["faultline replay fixtures/scenarios/reconnect-buffer/published-while-down.json", "on every bundled bus"],
        [
          "faultline replay fixtures/scenarios/reconnect-buffer/published-while-down.json --bus go-nats-go --world live --times 20",
          "twenty times on one",
        ],
        ["faultline replay .faultline/counterexamples/conformance--1a2b3c4d.json", "what compare has found"],
        [
          "faultline replay .faultline/counterexamples/conformance--1a2b3c4d.json --keep",
          "from now on a regression test, which comes first",
        ],
      ]),
    )
    .action((file: string, options: ReplayFlags) =>
      run(context => {
        const worlds = options.world === undefined ? undefined : readWorlds(options.world, "--world");
        if (options.events === true && options.json !== true)
          throw new UsageError("replay takes --events with --json only: without it the steps are shown.");
        const seedGiven = options.seed !== undefined;
        const { times, events = false } = options;
        const keep = options.keep === true ? keptFolder : options.keep;
        return replay(context, { ...readCommon(options, context.note), file, worlds, times, seedGiven, events, keep });
      }),
    );
};
