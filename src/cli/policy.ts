/** `faultline policy` on the command line: its options, its help, and what it is called with. */
import { observe } from "../commands/observe.ts";
import { policyPage } from "../commands/policy-page.ts";
import { UsageError } from "../errors.ts";
import { sourcedFrom } from "../runs/policies.ts";
import { type Add, examples } from "./shared.ts";

interface PageFlags {
  readonly profile: string;
  readonly check?: string;
  readonly html?: boolean;
  readonly observe?: string;
}

export const addPolicy: Add = (program, run) => {
  program
    .command("policy")
    .description("the one-page durability policy: what each family declares, how it is stored, and what it costs")
    .argument("<policy...>", "a bundled policy, a file of your own, or files and folders that import reads")
    .option("--profile <name>", "the client that the service uses", "nats-go")
    .option("--check <page>", "a page written before: exit code 1 where a cell has moved, with its row, file and line")
    .option("--observe <log>", "the subjects of a log, one a line or JSON with a subject, that no family declares")
    .option("--html", "the page as one file of HTML, in place of Markdown")
    .option("--json", "one JSON document on stdout, everything else on stderr")
    .addHelpText(
      "after",
      examples([
        ["faultline policy ./manifests > durability.md", "the page, as Markdown"],
        ["faultline policy ./manifests --check durability.md", "in CI: fails once it is out of date"],
        ["faultline policy ./manifests --observe traffic.log", "what is published and nobody declared"],
      ]),
    )
    .action((named: readonly string[], { profile, check, html = false, observe: log }: PageFlags) =>
      run(context => {
        if (log !== undefined && (check !== undefined || html))
          throw new UsageError("--observe reads a log, and goes with neither --check nor --html.");
        const source = sourcedFrom(named);
        return log === undefined
          ? policyPage(context, { source, profile, check, html })
          : observe(context, source, log);
      }),
    );
};
