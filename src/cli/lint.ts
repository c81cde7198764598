/** `faultline lint` on the command line: its options, its help, and what it is called with. */
import { Option } from "commander";
import { type LintFormat, lint } from "../commands/lint.ts";
import { sourcedFrom } from "../runs/policies.ts";
import { type Add, examples } from "./shared.ts";

interface LintFlags {
  readonly profile: string;
  readonly accepted?: string;
  readonly format: LintFormat;
}

export const addLint: Add = (program, run) => {
  program
    .command("lint")
    .description("mistakes that can be read off a policy or manifests; each error has a case that replay shows broken")
    .argument("<policy...>", "a bundled policy, a file of your own, or files and folders that import reads")
    .option("--profile <name>", "the client that the service uses", "nats-go")
    .option("--accepted <file>", "findings that you live with, each with a reason; one that is gone fails")
    .addOption(
      new Option("--format <name>", "sarif for code scanning, github for annotations in a workflow's log")
        .choices(["text", "sarif", "github"])
        .default("text"),
    )
    .option("--json", "one JSON document on stdout, everything else on stderr")
    .addHelpText(
      "after",
      examples([
        ["faultline lint ./manifests", "the streams, consumers and deployments of a service"],
        ["faultline lint ./my-bus.json --profile nats-js-3", "a policy of your own, on nats.js"],
        ["faultline lint ./manifests --accepted lint-accepted.yaml", "in CI: exit code 1 for what is new, or gone"],
        ["faultline lint ./manifests --format sarif > lint.sarif", "for code scanning"],
      ]),
    )
    .action((named: readonly string[], { profile, accepted, format }: LintFlags) =>
      run(context => lint(context, { source: sourcedFrom(named), profile, accepted, format })),
    );
};
