/** `faultline drill` on the command line: its options, its help, and what it is called with. */
import { InvalidArgumentError } from "commander";
import { beforeRuns, drillBefore } from "../commands/before.ts";
import { drill } from "../commands/drill.ts";
import { type CommonOptions, readCommon } from "../commands/options.ts";
import { drillQuestion } from "../commands/question.ts";
import { type Question, questions } from "../drills/drill.ts";
import { UsageError } from "../errors.ts";
import { type Add, common, examples, resumeText } from "./shared.ts";

interface DrillFlags extends CommonOptions {
  readonly all?: boolean;
  readonly before?: string;
  readonly runs?: number;
}

export const addDrill: Add = (program, run) => {
  common(
    program
      .command("drill")
      .description(
        "the main job: the promises on the model, the corpus on every bus against real servers, and whether they agree",
      ),
  )
    .argument("[question]", `one question about a policy: ${questions.join(", ")}`)
    .option("--all", "without a question: run every scenario of the corpus live, even if it takes longer than a minute")
    .option(
      "--before <policy|run>",
      "with a question: another policy, or the folder of an earlier run, to compare with",
    )
    .option("--runs <n>", `with --before: runs of each side, ${runsMax} at most (default: ${beforeRuns})`, runCount)
    .option("--resume <folder>", resumeText)
    .addHelpText(
      "after",
      examples([
        ["faultline drill", "every bundled bus"],
        ["faultline drill --all", "the whole corpus on each, however long it takes"],
        ["faultline drill durability", "which messages a rolling restart of the server costs, family by family"],
        ["faultline drill buffer --policy cordum-as-found", "where the reconnect buffer is full, and what it costs"],
        ["faultline drill shutdown --policy ./my-bus.json", "what a stop of your own bus loses, and how long it takes"],
        ["faultline drill cold-start --bus typescript-nats-js-3", "what a process does that starts before its server"],
        ["faultline drill shutdown --policy ./new.json --before ./old.json", "keep it, drop it, or cannot be told"],
        ["faultline drill --bus typescript-nats-js-3", "one of them"],
        ['faultline drill --bus "node my-bus.js"', "your own, speaking bus protocol 1"],
        ["faultline drill --json > drill.json", "for a machine; progress stays on stderr"],
      ]),
    )
    .action((question: string | undefined, { all = false, before, runs, ...options }: DrillFlags) =>
      run(context => {
        const asked = knownQuestion(question);
        const common = readCommon(options, context.note);
        if (asked === undefined && before !== undefined)
          throw new UsageError(`--before compares the answers to one question: ${questions.join(", ")}.`);
        if (before === undefined && runs !== undefined) throw new UsageError("--runs is for --before.");
        if (asked === undefined) return drill(context, { ...common, all });
        if (all)
          throw new UsageError(`drill ${asked} takes no --all: it has no corpus, and always runs all its cases.`);
        if (before !== undefined && common.resume !== undefined)
          throw new UsageError("--before takes no --resume: run it again.");
        if (before !== undefined)
          return drillBefore(context, { question: asked, common, before, runs: runs ?? beforeRuns });
        return drillQuestion(context, asked, common);
      }),
    );
};

/** Every deal of the runs to the two sides is looked at: of ten each there are 184,756. */
const runsMax = 10;

function runCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0 && count <= runsMax) return count;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${runsMax}.`);
}

function knownQuestion(named: string | undefined): Question | undefined {
  if (named === undefined) return undefined;
  const question = questions.find(one => one === named);
  if (question !== undefined) return question;
  throw new UsageError(`drill asks no question ${JSON.stringify(named)}; there are ${questions.join(", ")}.`);
}
