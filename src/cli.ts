/**
 * The command line: reads which command is asked for, with its options, and has it run. Each command's options stand in its file in cli/;
 * how its ending is printed and the process ends, in cli/perform.ts.
 */
import { Command, CommanderError } from "commander";
import { addBudget } from "./cli/budget.ts";
import { addCompare } from "./cli/compare.ts";
import { addDoctor } from "./cli/doctor.ts";
import { addDrill } from "./cli/drill.ts";
import { addExhaust } from "./cli/exhaust.ts";
import { addImport } from "./cli/import.ts";
import { addInit } from "./cli/init.ts";
import { addLint } from "./cli/lint.ts";
import { onWriteErrors, writeErr, writeOut } from "./cli/outlet.ts";
import {
  type Act,
  fail,
  leave,
  onErrorOutputError,
  onOutputError,
  onUncaught,
  perform,
  printError,
} from "./cli/perform.ts";
import { addPolicy } from "./cli/policy.ts";
import { addPromises } from "./cli/promises.ts";
import { addReplay } from "./cli/replay.ts";
import { addSearch } from "./cli/search.ts";
import { addSize } from "./cli/size.ts";
import { addSubject } from "./cli/subject.ts";
import { exitCodes } from "./errors.ts";
import { versionsHere } from "./findings/counterexample.ts";

/** Never returns: ends the process. */
export async function main(argv: readonly string[] = process.argv): Promise<void> {
  const json = argv.includes("--json");
  onWriteErrors(onOutputError, onErrorOutputError);
  process.on("uncaughtException", error => onUncaught(error, json));
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

function programOf(run: (act: Act) => Promise<void>): Command {
  const program = new Command("faultline")
    .description(
      "Tells which messages a NATS bus loses, duplicates or leaves in doubt, and proves it on the real client and server.",
    )
    .version(versionsHere().faultline)
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({ writeOut, writeErr })
    .showHelpAfterError("(faultline --help shows the commands, faultline COMMAND --help its options)")
    .exitOverride();
  addDrill(program, run);
  addSearch(program, run);
  addExhaust(program, run);
  addReplay(program, run);
  addCompare(program, run);
  addImport(program, run);
  addInit(program, run);
  addLint(program, run);
  addPolicy(program, run);
  addSize(program, run);
  addBudget(program, run);
  addSubject(program, run);
  addPromises(program, run);
  addDoctor(program, run);
  return program;
}
