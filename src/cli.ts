/**
 * The command line: reads options, runs one command, prints its ending, and ends the process with its exit code. With --json
 * stdout carries one JSON document and nothing else. Ctrl-C and SIGTERM let the command end with what it has found.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { compare } from "./commands/compare.ts";
import type { Context } from "./commands/context.ts";
import { doctor } from "./commands/doctor.ts";
import { drill } from "./commands/drill.ts";
import { exhaust } from "./commands/exhaust.ts";
import { type CommonOptions, knownProperty, readCommon, readWorlds } from "./commands/options.ts";
import { drillQuestion } from "./commands/question.ts";
import { replay } from "./commands/replay.ts";
import { search } from "./commands/search.ts";
import { type Question, questions } from "./drills/drill.ts";
import { exitCodes, UsageError } from "./errors.ts";
import { quoted } from "./findings/again.ts";
import { versionsHere } from "./findings/counterexample.ts";
import type { CommandEnding } from "./findings/ending.ts";
import { paintFor } from "./report/paint.ts";
import { progressOn } from "./report/progress.ts";
import { Interrupted } from "./runs/interrupt.ts";
import { lanesDefault, lanesMax } from "./worlds/live/lanes.ts";

type Act = (context: Context) => Promise<CommandEnding>;

/** Time for a command to end by itself after a signal; its processes end with this one in any case. */
const interruptGraceMs = 4_000;
/** The share of that time for closing open resources. */
const closeBoundMs = 2_000;
/** A terminal's Ctrl-C may come twice, from the terminal and from a parent that passes it on. */
const sameSignalMs = 500;

/** Never returns: ends the process. */
export async function main(argv: readonly string[] = process.argv): Promise<void> {
  const json = argv.includes("--json");
  process.stdout.on("error", onClosedPipe);
  process.stderr.on("error", onClosedPipe);
  const program = programOf(act => perform(act, json));
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) return fail(error, json);
    // commander has said it on stderr.
    if (json && error.exitCode !== 0) printError(error.message.replace(/^error: /, ""), exitCodes.usage);
    await leave(error.exitCode === 0 ? exitCodes.holds : exitCodes.usage);
  }
}

function onClosedPipe(error: NodeJS.ErrnoException): void {
  // The output has no reader, and nothing was concluded: the same code as a shell's for a program ended by SIGPIPE.
  if (error.code === "EPIPE") process.exit(exitCodes.closedPipe);
  throw error;
}

async function perform(act: Act, json: boolean): Promise<void> {
  const interrupt = new AbortController();
  const exit = listen(interrupt);
  const progress = progressOn(process.stderr, process.env);
  const closings: (() => Promise<void>)[] = [];
  const context: Context = {
    progress,
    paint: paintFor(process.stdout),
    signal: interrupt.signal,
    say: line => void (json ? process.stderr : process.stdout).write(`${line}\n`),
    onLeave: close => void closings.push(close),
  };
  const leaveAs = async (exitCode: number): Promise<never> => {
    if (exit.code !== undefined)
      await Promise.race([Promise.allSettled(closings.map(close => close())), sleep(closeBoundMs)]);
    return leave(exit.code ?? exitCode);
  };
  try {
    const ending = await act(context);
    progress.end();
    print(ending, json);
    await leaveAs(ending.exitCode);
  } catch (error) {
    progress.end();
    // After a signal what was being done may fail in any way, and none of them is news.
    if (error instanceof Interrupted || exit.code !== undefined) {
      if (json) printInterrupted(exit.code ?? exitCodes.interrupted);
      await leaveAs(exitCodes.interrupted);
    }
    await fail(error, json);
  }
}

/** The exit code of the signal that came, if one did. */
function listen(interrupt: AbortController): { code: number | undefined } {
  const exit: { code: number | undefined; atMs: number } = { code: undefined, atMs: 0 };
  const onSignal = (code: number): void => {
    if (exit.code !== undefined) {
      if (performance.now() - exit.atMs > sameSignalMs) process.exit(exit.code);
      return;
    }
    exit.code = code;
    exit.atMs = performance.now();
    setTimeout(() => process.exit(code), interruptGraceMs);
    interrupt.abort();
  };
  process.on("SIGINT", () => onSignal(exitCodes.interrupted));
  process.on("SIGTERM", () => onSignal(exitCodes.terminated));
  return exit;
}

function print({ document, text, again, resume }: CommandEnding, json: boolean): void {
  const lines = [
    ...(resume === undefined ? [] : [["Resume", resume]]),
    ...(again === undefined ? [] : [["Again", again]]),
  ];
  if (json) {
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    for (const [title = "", line] of lines) process.stderr.write(`${title.toLowerCase()}: ${line}\n`);
  } else
    process.stdout.write(`\n${text}\n${lines.map(([title = "", line]) => `${title.padEnd(8)} ${line}\n`).join("")}`);
}

/** One sentence for what a person can mend, a stack for what only we can. */
async function fail(error: unknown, json: boolean): Promise<never> {
  const message = error instanceof Error ? error.message : String(error);
  const known = knownExitCode(error);
  if (known !== undefined) process.stderr.write(`faultline: ${message}\n`);
  else {
    process.stderr.write(
      `faultline: this is a bug of faultline: please report it with what follows and the command that you gave.\n${error instanceof Error ? (error.stack ?? message) : message}\n`,
    );
  }
  const exitCode = known ?? exitCodes.bug;
  if (json) printError(message, exitCode);
  return leave(exitCode);
}

function printError(error: string, exitCode: number): void {
  process.stdout.write(`${JSON.stringify({ verdict: null, error, exitCode }, undefined, 2)}\n`);
}

/** A command that has nothing to show of what it did until then. */
function printInterrupted(exitCode: number): void {
  process.stdout.write(`${JSON.stringify({ verdict: "inconclusive", interrupted: true, exitCode }, undefined, 2)}\n`);
}

/** FaultlineError and what a bus does wrong carry their code; missing servers have one name. */
function knownExitCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("exitCode" in error && typeof error.exitCode === "number") return error.exitCode;
  return error.name === "ServersMissing" ? exitCodes.unavailable : undefined;
}

/** A reader may be slower than we are: what does not fit into its pipe is still to be written. */
async function leave(exitCode: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>(done => stream.write("", () => done()));
  process.exit(exitCode);
}

// ---- The commands ----

function programOf(run: (act: Act) => Promise<void>): Command {
  const program = new Command("faultline")
    .description(
      "Tells which messages a NATS bus loses, duplicates or leaves in doubt, and proves it on the real client and server.",
    )
    .version(versionsHere().faultline)
    .configureHelp({ showGlobalOptions: false })
    .showHelpAfterError("(faultline --help shows the commands, faultline COMMAND --help its options)")
    .exitOverride();
  addDrill(program, run);
  addSearch(program, run);
  addExhaust(program, run);
  addReplay(program, run);
  addCompare(program, run);
  addDoctor(program, run);
  return program;
}

const resumeText =
  "go on with a run that ended early, with the options that it had; its folder is under .faultline/runs";

type Add = (program: Command, run: (act: Act) => Promise<void>) => void;

const addDrill: Add = (program, run) => {
  common(
    program
      .command("drill")
      .description(
        "the main job: the promises on the model, the corpus on every bus against real servers, and whether they agree",
      ),
  )
    .argument("[question]", `one question about a policy: ${questions.join(", ")}`)
    .option("--all", "without a question: run every scenario of the corpus live, even if it takes longer than a minute")
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
        ["faultline drill --bus typescript-nats-js-3", "one of them"],
        ['faultline drill --bus "node my-bus.js"', "your own, speaking bus protocol 1"],
        ["faultline drill --json > drill.json", "for a machine; progress stays on stderr"],
      ]),
    )
    .action((question: string | undefined, { all = false, ...options }: CommonOptions & { readonly all?: boolean }) =>
      run(context => {
        const asked = knownQuestion(question);
        const common = readCommon(options);
        if (asked === undefined) return drill(context, { ...common, all });
        if (all)
          throw new UsageError(`drill ${asked} takes no --all: it has no corpus, and always runs all its cases.`);
        return drillQuestion(context, asked, common);
      }),
    );
};

function knownQuestion(named: string | undefined): Question | undefined {
  if (named === undefined) return undefined;
  const question = questions.find(one => one === named);
  if (question !== undefined) return question;
  throw new UsageError(`drill asks no question ${JSON.stringify(named)}; there are ${questions.join(", ")}.`);
}

interface SearchFlags extends CommonOptions {
  readonly world: string;
  readonly runs: number;
  readonly property?: string;
  readonly budget?: number;
}
const addSearch: Add = (program, run) => {
  common(
    program
      .command("search")
      .description(
        "random scenarios in one world, in the model after all short schedules; the first failure is shrunk and kept",
      ),
  )
    .option("--world <world>", "model or live", "model")
    .option("--runs <n>", "the most scenarios for each profile", positive, 10_000)
    .option("--property <id>", "judge only this property, promised or not")
    .option("--budget <seconds>", "the most time", positive)
    .option("--resume <folder>", `${resumeText}; in the live world`)
    .addHelpText(
      "after",
      examples([
        ["faultline search", "every profile, in the model world"],
        ["faultline search --profile nats-go --runs 100000 --budget 60", "one profile, for a minute"],
        ["faultline search --world live --bus go-nats-go --runs 200", "a real client"],
        ["faultline search --profile nats-js-3 --property core-path/order-is-kept", "one property"],
        [
          "faultline search --profile nats-go --policy cordum-as-found",
          "all that a bus of this policy breaks, each with its shortest case",
        ],
      ]),
    )
    .action((options: SearchFlags) =>
      run(context => {
        const [world, another] = readWorlds(options.world, "--world");
        if (world === undefined || another !== undefined)
          throw new UsageError("search takes one --world: model or live.");
        if (world === "model" && options.resume !== undefined)
          throw new UsageError(
            "search takes --resume in the live world only: what the model did is done again in seconds.",
          );
        const property = options.property === undefined ? undefined : knownProperty(options.property, "--property");
        return search(context, {
          ...readCommon(options),
          world,
          runs: options.runs,
          property,
          budgetSeconds: options.budget,
        });
      }),
    );
};

interface ExhaustFlags {
  readonly publishes: number;
  readonly faults: number;
  readonly profile: string;
  readonly depth?: number;
  readonly require?: readonly string[];
  readonly states: number;
  readonly budget: number;
  readonly policy?: string;
}
const addExhaust: Add = (program, run) => {
  program
    .command("exhaust")
    .description("every schedule within a bound, in the model world; keeps a shortest violation")
    .requiredOption("--publishes <n>", "publishes of one schedule at most", positive)
    .requiredOption("--faults <n>", "faults of one schedule at most", positive)
    .option("--profile <name>", "the client that is modelled", "nats-go")
    .option("--depth <n>", "the most steps of one schedule (default: what the other bounds allow)", positive)
    .option("--require <id>", "a property to require beyond what the profile promises (repeatable)", collected)
    .addOption(new Option("--policy <name|file>").hideHelp())
    .option("--states <n>", "the most states; a search that needs more is inconclusive", positive, 8_000_000)
    .option("--budget <seconds>", "the most time; a search that needs more is inconclusive", positive, 300)
    .option("--json", "one JSON document on stdout, everything else on stderr")
    .addHelpText(
      "after",
      examples([
        ["faultline exhaust --publishes 3 --faults 2 --profile nats-go", "a hundred million schedules, a minute"],
        ["faultline exhaust --publishes 2 --faults 1 --profile nats-js-3 --json", "for a machine"],
        [
          "faultline exhaust --publishes 1 --faults 1 --profile nats-js-3 --require reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
          "the shortest schedule that breaks what the client does not promise",
        ],
      ]),
    )
    .action(({ publishes, faults, profile, depth, require = [], states, budget, policy }: ExhaustFlags) =>
      run(context => {
        if (policy !== undefined)
          throw new UsageError(
            `exhaust takes no policy: its settings are a bare client's. Random scenarios under one: faultline search --policy ${quoted(policy)}`,
          );
        return exhaust(context, {
          publishes,
          faults,
          profile,
          depth,
          require: require.map(id => knownProperty(id, "--require")),
          statesMax: states,
          budgetSeconds: budget,
        });
      }),
    );
};

interface ReplayFlags extends CommonOptions {
  readonly world?: string;
  readonly times: number;
}
const addReplay: Add = (program, run) => {
  common(program.command("replay").description("one scenario or counterexample again, step by step"))
    .argument("<file>", "a scenario or a counterexample file")
    .option("--world <worlds>", "model, live or model,live (default: both if the servers are available)")
    .option("--times <n>", "how many times to run it", positive, 1)
    .addHelpText(
      "after",
      examples([
        ["faultline replay fixtures/scenarios/reconnect-buffer/published-while-down.json", "on every bundled bus"],
        [
          "faultline replay fixtures/scenarios/reconnect-buffer/published-while-down.json --bus go-nats-go --world live --times 20",
          "twenty times on one",
        ],
        ["faultline replay .faultline/counterexamples/conformance--1a2b3c4d.json", "what compare has found"],
      ]),
    )
    .action((file: string, options: ReplayFlags) =>
      run(context => {
        const worlds = options.world === undefined ? undefined : readWorlds(options.world, "--world");
        const seedGiven = options.seed !== undefined;
        return replay(context, { ...readCommon(options), file, worlds, times: options.times, seedGiven });
      }),
    );
};

interface CompareFlags extends CommonOptions {
  readonly worlds: string;
  readonly runs: number;
  readonly budget?: number;
  readonly keepGoing?: boolean;
}
const addCompare: Add = (program, run) => {
  common(
    program
      .command("compare")
      .description("random scenarios on a real bus, each checked against the model; shrinks a disagreement"),
  )
    .option("--worlds <worlds>", "the two worlds", "model,live")
    .option("--runs <n>", "scenarios", positive, 100)
    .option("--budget <seconds>", "the most time, without shrinking", positive)
    .option("--keep-going", "continue after the first disagreement")
    .option("--resume <folder>", resumeText)
    .addHelpText(
      "after",
      examples([
        ["faultline compare --worlds model,live --bus go-nats-go --runs 100 --seed 1", ""],
        [
          "faultline compare --bus typescript-nats-js-3 --profile nats-go",
          "against the wrong profile: leaves a counterexample",
        ],
      ]),
    )
    .action((options: CompareFlags) =>
      run(context => {
        const worlds = readWorlds(options.worlds, "--worlds");
        if (!worlds.includes("model") || !worlds.includes("live"))
          throw new UsageError("compare needs two worlds: --worlds model,live.");
        const { runs, budget, keepGoing = false } = options;
        return compare(context, { ...readCommon(options), runs, budgetSeconds: budget, keepGoing, asked: "compare" });
      }),
    );
};

const addDoctor: Add = (program, run) => {
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

function common(command: Command): Command {
  return command
    .option("--bus <name|command>", "a bundled bus, or a command that speaks bus protocol 1 (repeatable)", collected)
    .option("--profile <name>", "judge the bus by this profile instead of its own")
    .option("--seed <seed>", "repeats the same random choices (a-z, 0-9 and -)")
    .option("--require <id>", "a property to require beyond what the profile promises (repeatable)", collected)
    .option("--policy <name|file>", "what the bus does around its client: a bundled policy, or a file of your own")
    .option("--lanes <n>", `live cases at once, each on servers of its own (default here: ${lanesDefault})`, laneCount)
    .addOption(backendOption())
    .option("--json", "one JSON document on stdout, everything else on stderr");
}

const backendOption = (): Option =>
  new Option("--backend <kind>", "where the servers run: container needs testcontainers and a Docker engine here")
    .choices(["process", "container"])
    .default("process");

const collected = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

function positive(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= 1_000_000_000) return number;
  throw new InvalidArgumentError("It must be a whole number above 0.");
}

function laneCount(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= lanesMax) return number;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${lanesMax}.`);
}

function examples(lines: readonly (readonly [command: string, what: string])[]): string {
  return `\nExamples:\n${lines.map(([command, what]) => `  $ npx ${command}${what === "" ? "" : `\n      ${what}`}`).join("\n")}\n`;
}
