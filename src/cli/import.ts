/** `faultline import` on the command line: its options, its help, and what it is called with. */
import { type ImportOptions, importPolicy } from "../commands/import.ts";
import { type Add, collected, examples } from "./shared.ts";

export const addImport: Add = (program, run) => {
  program
    .command("import")
    .description(
      "a policy made of the files that you have: JetStream's JSON, nack, Terraform, Kubernetes, the NATS chart",
    )
    .argument("[file...]", "files in any of these formats, or folders of manifests; the format is told by the content")
    .option(
      "--name <name>",
      "the policy's name, which its file must have too (default: the name of the file or folder)",
    )
    .option("--server <url>", "read the streams and consumers of this running server too; nothing on it is changed")
    .option("--creds <file>", "the credentials for --server")
    .option("--stream <name>", "read only this stream of --server (repeatable)", collected)
    .option("--yaml", "the policy as YAML")
    .option("--json", "one JSON document on stdout: what was read, the policy, what it lacks, and what was assumed")
    .addHelpText(
      "after",
      examples([
        ["faultline import ./manifests --name my-bus > my-bus.json", "a folder of Kubernetes manifests"],
        [
          "faultline import stream.json consumer.json --yaml",
          "of nats stream info --json and nats consumer info --json",
        ],
        ["faultline import --server nats://127.0.0.1:4222 --name my-bus ./manifests", "the streams as they are now"],
        ["faultline drill shutdown --policy ./manifests", "the same without a file between them"],
      ]),
    )
    .action((files: readonly string[], options: ImportOptions) =>
      run(context => importPolicy(context, files, options)),
    );
};
