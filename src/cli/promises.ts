/** `faultline promises` on the command line: its options, its help, and what it is called with. */
import { Option } from "commander";
import { owners, type PromiseOwner } from "../../properties/property.ts";
import { promises } from "../commands/promises.ts";
import { knownPolicy } from "../runs/policies.ts";
import { type Add, examples } from "./shared.ts";

interface PromisesFlags {
  readonly owner?: PromiseOwner;
  readonly policy?: string;
}
export const addPromises: Add = (program, run) => {
  program
    .command("promises")
    .description("every promise: what it says, who must act when it breaks, what breaks it, and which clients make it")
    .argument("[id]", "a promise's id or a part of it, such as its concern; without it all are listed")
    .addOption(new Option("--owner <owner>", "only what this one must act on").choices(owners))
    .option("--policy <name|file>", "says which of them this policy demands: a bundled policy, or a file of your own")
    .option("--json", "one JSON document on stdout, everything else on stderr")
    .addHelpText(
      "after",
      examples([
        ["faultline promises", ""],
        ["faultline promises core-path/flushed-messages-arrive", "one of them"],
        ["faultline promises shutdown --policy ./my-bus.json", "all about shutdown, and which of them my-bus demands"],
        ["faultline promises --owner operator --json", "those of the people who run the servers, for a machine"],
      ]),
    )
    .action((part: string | undefined, { owner, policy: named }: PromisesFlags) =>
      run(context => {
        const policy = named === undefined ? undefined : knownPolicy(named);
        return promises(context, { part, owner, policy });
      }),
    );
};
