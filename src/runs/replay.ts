/** One scenario, run again in each world that was asked for, as often as asked; nothing is concluded here. */
import { setImmediate } from "node:timers/promises";
import { type Answer, sampled } from "../../models/choice.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { BusUnavailable } from "../bus-protocol/errors.ts";
import { UsageError } from "../errors.ts";
import type { Counterexample } from "../findings/counterexample.ts";
import { missingCapabilities, type Shortfall, shortfallOf } from "../judge/capability.ts";
import type { JudgeOptions } from "../judge/judge.ts";
import { type AnsweredRun, type CaseRun, explained, runAnsweredCase, runCase } from "../judge/run.ts";
import type { SelfTestReport } from "../report/not-shown.ts";
import type { ReplayedCase } from "../report/replay.ts";
import type { BackendName } from "../worlds/live/backend.ts";
import type { LiveStage, Site } from "../worlds/live/index.ts";
import { inLanes } from "../worlds/live/lanes.ts";
import { modelCapabilities } from "../worlds/model.ts";
import { isReal, liveWorld, modelWorld, type WorldName } from "../worlds/names.ts";
import type { Context } from "./context.ts";
import { remarksOn, selfTestOf } from "./live.ts";
import { onSite } from "./on-site.ts";
import { bundledProfile, knownProfile, profileOf } from "./profiles.ts";

/** The case to replay, with the file's own choices where the user made none. */
export interface ToReplay {
  readonly scenario: Scenario;
  readonly counterexample: Counterexample | undefined;
  readonly seed: string;
  /** Given again by the model of the profile that they were recorded with; a seed of the user's own asks for others. */
  readonly answers: readonly Answer[];
  readonly buses: readonly string[];
  /** The buses were not named: one that is unavailable here is skipped and reported. */
  readonly busesAreAll: boolean;
  readonly profile: string | undefined;
  readonly worlds: readonly WorldName[];
  readonly times: number;
  readonly require: readonly string[];
  readonly lanes: number;
  readonly backend: BackendName;
}

/** Grows while it is replayed, so that what was found before an interrupt is there. */
export interface Replayed {
  readonly cases: ReplayedCase[];
  selfTest: SelfTestReport | null;
}

/** Live first where a bus is a command: only its greeting tells what the model is to be. */
export async function replayAll(context: Context, one: ToReplay, found: Replayed): Promise<void> {
  const known = new Map<string, Profile>();
  for (const bus of one.buses) {
    const name = one.profile ?? bundledProfile(bus);
    if (name !== undefined) known.set(bus, knownProfile(name));
  }
  const unknown = one.buses.filter(bus => !known.has(bus));
  if (!one.worlds.some(isReal)) {
    if (unknown.length > 0)
      throw new UsageError(`In the model world the profile of ${unknown.join(", ")} must be named with --profile.`);
    return replayModels(context, one, [...known.values()], found);
  }
  await onSite(context, one, one.times, async site => {
    found.selfTest = selfTestOf(site);
    const stages = await openAll(context, site, one, known);
    if (one.worlds.includes(modelWorld.name)) await replayModels(context, one, [...known.values()], found);
    for (const [bus, stage] of stages) await replayLive(context, one, { bus, stage, profile: known.get(bus) }, found);
  });
}

async function openAll(
  context: Context,
  site: Site,
  one: ToReplay,
  known: Map<string, Profile>,
): Promise<Map<string, LiveStage>> {
  const stages = new Map<string, LiveStage>();
  for (const bus of one.buses) {
    const stage = await site.openBus(bus).catch((error: unknown) => {
      if (!one.busesAreAll || !(error instanceof BusUnavailable)) throw error;
      context.say(error.message);
    });
    if (stage === undefined) continue;
    stages.set(bus, stage);
    const { profile } = profileOf(stage.greeting.profile, bus, one.profile);
    for (const remark of remarksOn(stage, profile)) context.say(remark);
    known.set(bus, profile);
  }
  return stages;
}

/** A bus, and what it is held against. */
interface OpenedBus {
  readonly bus: string;
  readonly stage: LiveStage;
  readonly profile: Profile | undefined;
}

/** The time between two looks at whether a signal came. One run of the largest case takes longer. */
const yieldEveryMs = 100;

async function replayModels(context: Context, one: ToReplay, all: readonly Profile[], found: Replayed): Promise<void> {
  let yieldedMs = performance.now();
  for (const profile of new Set(all)) {
    const missing = missingCapabilities(one.scenario, modelCapabilities(profile));
    const { scenario, counterexample } = one;
    const answers = counterexample?.profile === profile.name ? one.answers : [];
    const shortfall: Shortfall = missing.length === 0 ? { kind: "none" } : { kind: "lacks", missing };
    const runs = begin(found, modelWorld.name, profile.name, profile, shortfall);
    for (let i = 0; i < one.times && missing.length === 0 && !context.signal.aborted; i++) {
      const run = runAnsweredCase({ scenario, profile, answers, otherwise: sampled(one.seed) }, judgingOf(one));
      if (i === 0 && answers.length > 0) tellAnswers(found, answers.length, run);
      runs.push(withPlaces(run));
      if (performance.now() - yieldedMs < yieldEveryMs) continue;
      await setImmediate();
      yieldedMs = performance.now();
    }
  }
}

const judgingOf = ({ require, counterexample }: ToReplay): JudgeOptions => ({
  require,
  isRegression: counterexample !== undefined,
});

/** Notes how the questions of the case that was begun last were answered. */
function tellAnswers({ cases }: Replayed, stored: number, { departures }: AnsweredRun): void {
  const begun = cases.pop();
  if (begun !== undefined) cases.push({ ...begun, answered: { stored, departures } });
}

async function replayLive(
  context: Context,
  one: ToReplay,
  { bus, stage, profile }: OpenedBus,
  found: Replayed,
): Promise<void> {
  if (profile === undefined || context.signal.aborted) return;
  const { scenario, seed, times } = one;
  const shortfall = shortfallOf(scenario, stage);
  const runs = begin(found, liveWorld.name, bus, profile, shortfall);
  const each = Array.from({ length: shortfall.kind === "none" ? times : 0 }, (_, i) => i);
  const run = (): Promise<CaseRun> => runCase(stage, { scenario, bus, profile, seed }, judgingOf(one));
  for await (const { job, result } of inLanes(stage.lanes, each, run)) {
    context.progress.now(`${bus}: run ${job + 1} of ${times}`);
    runs.push(withPlaces(result));
    if (context.signal.aborted) break;
  }
}

/** A case without runs yet; what is pushed to its runs is seen in the report, whenever that is made. */
function begin(found: Replayed, world: WorldName, bus: string, { name }: Profile, shortfall: Shortfall): CaseRun[] {
  const runs: CaseRun[] = [];
  const missing = shortfall.kind === "lacks" ? shortfall.missing : [];
  const notShown = shortfall.kind === "unproven" ? shortfall.missing : [];
  found.cases.push({ world, bus, profile: name, missing, notShown, runs });
  return runs;
}

const withPlaces = (run: CaseRun): CaseRun => ({ ...run, events: explained(run) });
