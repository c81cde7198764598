/**
 * `nats-faultline/vitest`: the suite that people put into CI. `holds(claim, options)` registers one vitest test, as `test` does.
 *
 * It registers a test, and is not awaited within one, so that one line is a whole test. Its name is the claim, so a red line of a CI log
 * can be quoted as it is. It brings its own time limit, which for real servers is far from vitest's default. It reports itself as skipped,
 * with the reason. Loops and `describe` work as with any test. src/holds.ts decides the verdict; `verdictOn` of `nats-faultline` returns it
 * as data.
 */

import { type TestContext, test } from "vitest";
import { writeErr } from "./cli/outlet.ts";
import { keepCounterexample } from "./findings/counterexample.ts";
import {
  boundMs,
  type ClaimTest,
  type HoldsOptions,
  type HoldsVerdict,
  readHolds,
  renderHolds,
  testsOf,
  titleOf,
  verdictOn,
} from "./holds.ts";
import { LiveUnavailable } from "./runs/live.ts";
import { cleaned, type Rendered } from "./text/clean.ts";

export type { HoldsOptions } from "./holds.ts";

/**
 * Registers a test that fails where the claim is broken, or was never exercised. The claim is a promise of the catalogue, `conformance`,
 * `corpus`, or `policy`: one test for each demand of the policy, skipped where nothing can put the demand to the test. FAULTLINE_SEED
 * stands in for a seed that is not given: set it anew every night.
 * @throws UsageError at once, where nothing of that name is known; BadInput where the policy cannot be read
 */
export function holds(claim: string, options: HoldsOptions): void {
  const { FAULTLINE_SEED: seed } = process.env;
  const chosen: HoldsOptions = seed === undefined || seed === "" ? options : { seed, ...options };
  const registered = new Error();
  Error.captureStackTrace(registered, holds);
  for (const one of testsOf(claim, chosen)) register(one, chosen, registered);
}

function register({ claim, skipped }: ClaimTest, chosen: HoldsOptions, registered: Error): void {
  const asked = readHolds(claim, chosen);
  test(titleOf(asked), { timeout: boundMs(asked) }, async context => {
    if (skipped !== undefined) context.skip(skipped);
    const held = await unlessUnavailable(context, () => verdictOn(claim, { signal: context.signal, ...chosen }, tell));
    if (held.verdict === "holds") return;
    const file = held.verdict === "violated" ? (held.keptAs ?? keepCounterexample(held.counterexample)) : "";
    throw pointingAt(registered, renderHolds(held, file));
  });
}

const tell = (line: string): void => writeErr(`${cleaned(line)}\n`);

/** A machine without servers may pass by. CI may not, or a suite that tests nothing would go unnoticed. */
async function unlessUnavailable(context: TestContext, run: () => Promise<HoldsVerdict>): Promise<HoldsVerdict> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof LiveUnavailable) || isCi(process.env)) throw error;
    return context.skip(cleaned(error.message));
  }
}

const isCi = ({ CI }: NodeJS.ProcessEnv): boolean => CI !== undefined && !["", "0", "false"].includes(CI);

/** The stack frames of the user's own line, with none of ours between it and the message. */
function pointingAt(registered: Error, message: Rendered): Error {
  const error = new Error(message);
  error.stack = `${error.name}: ${message}\n${(registered.stack ?? "").split("\n").slice(1).join("\n")}`;
  return error;
}
