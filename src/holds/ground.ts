/** The ground on which a claim is held: the model of a profile, or a real bus on a site; and one case run there. */
import { sampled } from "../../models/choice.ts";
import { profiles } from "../../models/profiles/index.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { loadCorpus } from "../files/corpus.ts";
import type { LiveVersions } from "../findings/counterexample.ts";
import { withoutForetold } from "../judge/foretold.ts";
import type { JudgeOptions } from "../judge/judge.ts";
import { type CaseRun, runCase } from "../judge/run.ts";
import type { KeptReport } from "../report/kept.ts";
import type { SelfTestReport } from "../report/not-shown.ts";
import { liveVersions, openSite, remarksOn, selfTestOf } from "../runs/live.ts";
import { profileOf } from "../runs/profiles.ts";
import type { Stage } from "../world.ts";
import { lanesDefault } from "../worlds/live/lanes.ts";
import { openModel } from "../worlds/model.ts";
import { isReal } from "../worlds/names.ts";
import type { AskedClaim } from "./asked.ts";

export interface Ground {
  readonly stage: Stage;
  readonly profile: Profile;
  /** The profile that the bus itself declares: scenarios are made for it. */
  readonly declared: Profile;
  readonly overridden: boolean;
  readonly versions: LiveVersions;
  /** The number of cases that run at once. */
  readonly lanes: number;
  readonly selfTest: SelfTestReport | null;
  /** The kept cases, which have been run. */
  readonly kept: KeptReport;
  readonly signal: AbortSignal;
  close(): Promise<void>;
}

export async function openGround(
  { claim, world, profile: named, bus, runs }: AskedClaim,
  signal: AbortSignal,
  onProgress: (line: string) => void,
): Promise<Omit<Ground, "kept">> {
  if (!isReal(world)) {
    const profile = profiles[bus];
    if (profile === undefined) throw new Error(`readHolds let pass the profile ${bus}`);
    const stage = openModel(profile);
    const of = { profile, declared: profile, overridden: false, versions: {}, lanes: 1, selfTest: null, signal };
    return { ...of, stage, close: () => stage.close() };
  }
  const casesMax = claim === "corpus" ? loadCorpus().length : runs;
  const site = await openSite(onProgress, { lanes: lanesDefault, backend: "process" }, casesMax);
  try {
    const stage = await site.openBus(bus);
    const held = profileOf(stage.greeting.profile, bus, named);
    for (const remark of remarksOn(stage, held.profile)) onProgress(remark);
    const { lanes } = stage;
    const versions = liveVersions(site, stage);
    return { ...held, stage, versions, lanes, selfTest: selfTestOf(site), signal, close: () => site.close() };
  } catch (error) {
    await site.close();
    throw error;
  }
}

/** Runs between two turns of the event loop, in which a signal is heard. */
export const runsBetweenYields = 50;

/** Only the claimed promises, promised or not; or all that is promised. */
const judgingOf = ({ promises }: AskedClaim): JudgeOptions =>
  promises.length === 0 ? {} : { require: promises, only: promises };

export async function runOn(
  asked: AskedClaim,
  { stage, profile }: Ground,
  scenario: Scenario,
  seed: string,
): Promise<CaseRun> {
  const { bus, world } = asked;
  const judging = judgingOf(asked);
  const one = { scenario, bus, profile, seed };
  const asHeld = (run: CaseRun): CaseRun =>
    isReal(world) ? withoutForetold(stage, one, run, { judging, otherwise: sampled(seed) }) : run;
  return runCase(stage, one, judging, asHeld);
}
