/** `faultline subject` on the command line: its options, its help, and what it is called with. */
import { aboutSubject } from "../commands/subject.ts";
import { sourcedPolicy } from "../runs/policies.ts";
import { type Add, examples } from "./shared.ts";

interface SubjectFlags {
  readonly policy: string;
  readonly profile: string;
}

export const addSubject: Add = (program, run) => {
  program
    .command("subject")
    .description("was this event supposed to be durable? declared, published, stored, and what becomes of it")
    .argument("<subject>", "a NATS subject, such as sys.job.progress")
    .requiredOption(
      "--policy <name|file>",
      "a bundled policy, a file of your own, or files that import reads, a folder too",
    )
    .option("--profile <name>", "the client that the service uses", "nats-go")
    .option("--json", "one JSON document on stdout, everything else on stderr")
    .addHelpText(
      "after",
      examples([
        ["faultline subject sys.job.progress --policy cordum-as-found", ""],
        ["faultline subject orders.created --policy ./manifests --profile nats-js-3", "of the files that you have"],
      ]),
    )
    .action((subject: string, { policy, profile }: SubjectFlags) =>
      run(context => aboutSubject(context, { subject, source: sourcedPolicy(policy, context.note), profile })),
    );
};
