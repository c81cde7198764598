/** `faultline doctor` on the command line: its options, its help, and what it is called with. */
import { doctor } from "../commands/doctor.ts";
import { type CommonOptions, readCommon } from "../commands/options.ts";
import { type Add, backendOption, collected, examples } from "./shared.ts";

export const addDoctor: Add = (program, run) => {
  program
    .command("doctor")
    .description("what is installed, what each bus says of itself, and what to do about what is missing")
    .option("--bus <name|command>", "a bus to look at (repeatable; default: every bundled one)", collected)
    .addOption(backendOption())
    .option("--json", "one JSON document on stdout, everything else on stderr")
    .addHelpText(
      "after",
      examples([
        ["faultline doctor", ""],
        ['faultline doctor --bus "node my-bus.js"', "does it greet?"],
        ["faultline doctor --backend container", "can the servers run in containers here?"],
      ]),
    )
    .action((options: CommonOptions) => run(context => doctor(context, readCommon(options))));
};
