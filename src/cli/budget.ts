/** `faultline budget` on the command line: its options, its help, and what it is called with. */
import { budgetOf } from "../commands/budget.ts";
import { sourcedFrom } from "../runs/policies.ts";
import { type Add, examples } from "./shared.ts";

interface BudgetFlags {
  readonly profile: string;
  readonly check?: string | true;
}

export const addBudget: Add = (program, run) => {
  program
    .command("budget")
    .description("the times of a start and of a stop, and whether they fit their deployment")
    .argument("<policy...>", "a bundled policy, a file of your own, or files and folders that import reads")
    .option("--profile <name>", "the client that the service uses", "nats-go")
    .option(
      "--check [manifest]",
      "exit code 1 where something does not fit, in this Deployment or StatefulSet where one is named",
    )
    .option("--json", "one JSON document on stdout, everything else on stderr")
    .addHelpText(
      "after",
      examples([
        ["faultline budget cordum-hardened", "both timelines, and fragments for Kubernetes and systemd"],
        ["faultline budget ./manifests --check", "in CI: fails where a probe or the grace period is too short"],
        ["faultline budget ./my-bus.json --check deployment.yaml", "the policy's times in another deployment"],
      ]),
    )
    .action((named: readonly string[], { profile, check }: BudgetFlags) =>
      run(context =>
        budgetOf(context, {
          ...{ source: sourcedFrom(named), profile, check: check !== undefined },
          manifest: typeof check === "string" ? sourcedFrom([check]) : undefined,
        }),
      ),
    );
};
