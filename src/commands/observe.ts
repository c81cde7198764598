/** `faultline policy P --observe LOG`: the subjects of a log that nobody declared. Runs nothing. */
import { readFileSync, statSync } from "node:fs";
import { observedIn } from "../desk/observe.ts";
import { BadInput, exitCodes } from "../errors.ts";
import type { PolicySource } from "../files/policy-source.ts";
import type { CommandEnding } from "../findings/ending.ts";
import { type ObserveReport, renderObserve } from "../report/observe.ts";
import type { Context } from "../runs/context.ts";
import { rendered } from "../text/clean.ts";

const logBytesMax = 268_435_456;

/** @throws BadInput where the log cannot be read */
export async function observe({ paint }: Context, { policy }: PolicySource, log: string): Promise<CommandEnding> {
  const size = statSync(log, { throwIfNoEntry: false });
  if (size?.isFile() !== true) throw new BadInput(log, "", "there is no such file");
  if (size.size > logBytesMax) throw new BadInput(log, "", "is larger than 256 MiB: give a part of it");
  const document: ObserveReport = { policy: policy.name, log, ...observedIn(policy, readFileSync(log, "utf8")) };
  const exitCode = document.undeclared.length === 0 ? exitCodes.holds : exitCodes.violated;
  return { kind: "policy-observe", document, exitCode, text: rendered(renderObserve, document, paint) };
}
