/** A drill in the model: the promises by random search, then every scenario of the corpus, for each profile that is concerned. Needs no server. */
import { setImmediate } from "node:timers/promises";
import { profiles } from "../../../models/profiles/index.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { CorpusEntry } from "../../files/corpus.ts";
import { replayLine } from "../../findings/again.ts";
import { brokenBy, brokeText, reasonText } from "../../findings/broke.ts";
import { counterexampleOf, keepCounterexample } from "../../findings/counterexample.ts";
import { missingCapabilities } from "../../judge/capability.ts";
import { runModelCase } from "../../judge/run.ts";
import type { Common } from "../../runs/common.ts";
import type { Context } from "../../runs/context.ts";
import { bundledNames, bundledProfile, knownProfile } from "../../runs/profiles.ts";
import { type Coverage, coverCase, neverExercised } from "../../search/random/coverage.ts";
import { searchModel } from "../../search/random/model.ts";
import type { AskedCase } from "../../world.ts";
import { modelCapabilities } from "../../worlds/model.ts";
import { modelWorld } from "../../worlds/names.ts";
import { checkExact } from "./exact.ts";
import { type CorpusDrill, type DrillFound, judgedAs, record } from "./found.ts";

const randomRunsPerProfile = 2_000;
const randomBudgetMs = 4_000;

export async function modelPart(run: CorpusDrill): Promise<void> {
  const { context, common, corpus, found } = run;
  const began = performance.now();
  for (const profile of modelProfiles(common)) {
    const coverage = await randomModel(context, common, profile, found);
    const randomRuns = coverage.runs;
    for (const entry of corpus) {
      if (context.signal.aborted) return;
      corpusModel(run, profile, entry, coverage);
      checkExact(run, entry, profile);
      await setImmediate();
    }
    const promises = Object.keys(coverage.properties).length;
    const ofProfile = { profile: profile.name, runs: randomRuns, promises, neverExercised: neverExercised(coverage) };
    found.model = { ...found.model, profiles: [...found.model.profiles, ofProfile] };
  }
  found.model = { ...found.model, seconds: (performance.now() - began) / 1_000 };
  if (context.signal.aborted) return;
  const { randomRuns, corpusRuns, profiles } = found.model;
  const broken = found.violations.length === 0 ? "all held" : `${found.violations.length} violations`;
  context.progress.note(
    `model: ${randomRuns} random scenarios and ${corpusRuns} of the corpus for ${profiles.length} profiles: ${broken}`,
  );
}

/** The profiles of the buses that are asked for. */
export function modelProfiles({ profile, buses }: Common): readonly Profile[] {
  if (profile !== undefined) return [knownProfile(profile)];
  const named = (buses.length === 0 ? bundledNames() : buses).map(bundledProfile);
  const known = new Set(named.filter(name => name !== undefined));
  // A command tells its profile only when it is started, and that is not awaited here.
  return [...(known.size > 0 ? known : Object.keys(profiles))].map(knownProfile);
}

async function randomModel(context: Context, common: Common, profile: Profile, found: DrillFound): Promise<Coverage> {
  const search = await searchModel(
    {
      profile,
      seed: `${common.seed}-${profile.name}`,
      runsMax: randomRunsPerProfile,
      budgetMs: randomBudgetMs,
      judging: { require: common.require },
      ...(common.policy === undefined ? {} : { policy: common.policy.policy, goesOn: true }),
    },
    () => context.signal.aborted,
    runs => context.progress.now(`model: ${runs} of ${randomRunsPerProfile} random scenarios for ${profile.name}`),
  );
  found.model = { ...found.model, randomRuns: found.model.randomRuns + search.runs };
  for (const failure of search.failures) {
    const of = { ...failure, bus: profile.name, profile, world: modelWorld.name } as const;
    const counterexample = keepCounterexample(counterexampleOf(of));
    found.violations.push({
      scenario: failure.scenario.id,
      bus: profile.name,
      world: modelWorld.name,
      property: brokeText(failure.broken),
      reason: reasonText(failure.judgement),
      reproduced: { k: 1, n: 1 },
      counterexample,
      again: replayLine(counterexample),
    });
  }
  return search.coverage;
}

function corpusModel(
  { common, found }: CorpusDrill,
  profile: Profile,
  { scenario, file }: CorpusEntry,
  coverage: Coverage,
): void {
  if (missingCapabilities(scenario, modelCapabilities(profile)).length > 0) return;
  const { seed, require } = common;
  const one: AskedCase = { scenario, bus: profile.name, profile, seed };
  const run = runModelCase(one, { require });
  found.model = { ...found.model, corpusRuns: found.model.corpusRuns + 1 };
  record(found, one, modelWorld.name, run);
  coverCase(coverage, scenario, profile, run.judgement);
  const broken = brokenBy(run.judgement);
  if (broken === undefined) return;
  found.violations.push({
    scenario: scenario.id,
    bus: profile.name,
    world: modelWorld.name,
    property: brokeText(broken),
    reason: reasonText(run.judgement),
    reproduced: { k: 1, n: 1 },
    again: replayLine(file, { world: modelWorld.name, profile: profile.name, ...judgedAs(common, scenario), seed }),
  });
}
