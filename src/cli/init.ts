/** `faultline init` on the command line: its options, its help, and what it is called with. */
import { type InitOptions, initPolicy } from "../commands/init.ts";
import { askingPerson } from "./ask.ts";
import { type Add, collected, examples } from "./shared.ts";

interface InitFlags extends InitOptions {
  readonly ask?: boolean;
}

export const addInit: Add = (program, run) => {
  program
    .command("init")
    .description("writes a policy: reads the files that you have, and asks for what no file says")
    .argument("[file...]", "files or folders that the command import reads")
    .option("--name <name>", "the policy's name, and its file's (default: that of the file or folder, or my-bus)")
    .option(
      "--durable <subjects>",
      "subjects whose messages must not be lost, such as orders.> (repeatable)",
      collected,
    )
    .option("--best-effort <subjects>", "subjects whose messages may be lost (repeatable)", collected)
    .option("--set <place=value>", "an answer, such as startup.strategy=fail-fast (repeatable)", collected)
    .option("--ask", "ask where stdin is no terminal, too")
    .option("--no-ask", "ask nothing: what no file and no option says has a default, and is listed")
    .option("--yaml", "write NAME.yaml and not NAME.json")
    .option("--json", "one JSON document on stdout: what was read, the policy, what it lacks, and what was assumed")
    .addHelpText(
      "after",
      examples([
        ["faultline init", "asks for everything"],
        ["faultline init ./manifests", "reads the manifests, and asks for the rest"],
        [
          "faultline init --no-ask --name my-bus --durable 'orders.>' --set startup.strategy=retry-forever",
          "asks for nothing",
        ],
      ]),
    )
    .action((files: readonly string[], { ask, ...options }: InitFlags) =>
      run(async context => {
        if (!(ask ?? process.stdin.isTTY === true)) return initPolicy(context, files, options, undefined);
        const person = askingPerson();
        try {
          return await initPolicy(context, files, options, person.ask);
        } finally {
          person.close();
        }
      }),
    );
};
