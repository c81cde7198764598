/**
 * One claim held in one world, as data: a promise of the catalogue, `conformance` or all demands of a `policy` on random scenarios, or the
 * `corpus`. A seed makes the scenarios that it makes for `search`; fast-check runs and shrinks them. Called by src/vitest.ts and by those who use another
 * runner. Runner-free: it neither registers a test, nor writes a file, nor throws over a broken promise.
 *
 * Conformance is judged whatever the claim, as everywhere: a bus that the model does not admit is not the bus that was declared.
 * The claim `conformance` also judges all that the profile promises, as `faultline compare` does.
 */
import { type HoldsOptions, readHolds } from "./holds/asked.ts";
import { overCorpus } from "./holds/corpus.ts";
import { openGround } from "./holds/ground.ts";
import { overRandom } from "./holds/random.ts";
import { cutShort, type HoldsVerdict, keptBroke, newTally, notRun, withKept } from "./holds/verdict.ts";
import { claimedBy } from "./judge/capability.ts";
import { noneKept } from "./report/kept.ts";
import { Interrupted, unlessInterrupted } from "./runs/interrupt.ts";
import { runKept } from "./runs/kept.ts";

export {
  type AskedClaim,
  boundMs,
  type ClaimTest,
  type HoldsOptions,
  readHolds,
  testsOf,
  titleOf,
} from "./holds/asked.ts";
export type { HoldsVerdict, Tally } from "./holds/verdict.ts";
export { renderHolds } from "./report/holds.ts";

/** @throws LiveUnavailable if the live world is unavailable */
export async function verdictOn(
  claim: string,
  options: HoldsOptions,
  onProgress: (line: string) => void = () => {},
): Promise<HoldsVerdict> {
  const asked = readHolds(claim, options);
  const { signal = neverAborted() } = options;
  const opening = openGround(asked, signal, onProgress);
  const opened = await unlessInterrupted(signal, opening).catch((error: unknown) => {
    if (!(error instanceof Interrupted)) throw error;
    // It is closed as soon as it is open, and the verdict does not wait for that.
    void opening.then(one => one.close()).catch(() => {});
    return undefined;
  });
  const none = noneKept(asked.seeds);
  if (opened === undefined) return cutShort(asked, newTally(asked, { selfTest: null, kept: none }));
  try {
    const { world, bus, policy, seeds } = asked;
    const { report, failures } = await runKept(seeds, [{ ...opened, world, bus, policy }], signal);
    const ground = { ...opened, kept: report };
    const [broken] = failures;
    if (broken !== undefined) return keptBroke(asked, ground, broken);
    if (policy !== undefined && !claimedBy(opened.stage).has("policy")) return notRun(asked, ground);
    return withKept(claim === "corpus" ? await overCorpus(asked, ground) : await overRandom(asked, ground));
  } finally {
    await opened.close();
  }
}

const neverAborted = (): AbortSignal => new AbortController().signal;
