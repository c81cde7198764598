/** All cases of a question in turn: on a real bus, or in the model alone where there is no live world. */
import { setImmediate } from "node:timers/promises";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import { exitCodes, FaultlineError } from "../../errors.ts";
import { clientText, remarksOn, selfTestOf } from "../../runs/live.ts";
import { profileOf } from "../../runs/profiles.ts";
import type { Site } from "../../worlds/live/index.ts";
import { inLanes } from "../../worlds/live/lanes.ts";
import { type CasePair, pairsOf } from "./asked.ts";
import { type CaseResult, type QuestionDrill, rated, record } from "./found.ts";
import { foretold, isModelAlone, isRetimed, liveRun, type ModelRuns, modelRuns, rate, shortfallIn } from "./run.ts";

/** Every case in the model alone. */
export function inModel(drill: QuestionDrill, profile: Profile): void {
  const { asked, found } = drill;
  const pairs = pairsOf(asked, profile);
  found.profile = profile;
  found.total = pairs.length;
  for (const pair of pairs) record(drill, { pair, models: modelRuns(asked, profile, pair), result: undefined });
}

/** Every case on a real bus, over lanes. */
export async function onBus(drill: QuestionDrill, site: Site): Promise<void> {
  const { context, asked, found } = drill;
  const { bus, common } = asked;
  const stage = await site.openBus(bus);
  const { profile } = profileOf(stage.greeting.profile, bus, common.profile);
  if (!stage.capabilities.has("policy"))
    throw new FaultlineError(
      `${bus} lacks the capability policy, so it cannot answer a question about one. Every bundled bus has it.`,
      exitCodes.unavailable,
    );
  const { versions } = site.servers;
  found.profile = profile;
  found.client = clientText(stage);
  found.selfTest = selfTestOf(site);
  found.unclaimed = stage.unclaimed;
  for (const remark of remarksOn({ ...stage, unclaimed: undefined }, profile)) context.say(remark);
  found.servers = [`nats-server ${versions["nats-server"]}`, `toxiproxy ${versions.toxiproxy}`];
  const began = performance.now();
  const pairs = pairsOf(asked, profile);
  found.total = pairs.length;
  // Before the first live case: what the oracle asks of a restart can take a second, in which no lane could keep its bounds.
  const modelled = new Map<CasePair, ModelRuns>();
  for (const pair of pairs) {
    modelled.set(pair, modelRuns(asked, profile, pair));
    context.progress.now(`${asked.question}: ${modelled.size} of ${found.total} in the model`);
    await setImmediate();
    if (context.signal.aborted) return;
  }
  const modelsOf = (pair: CasePair): ModelRuns => modelled.get(pair) ?? modelRuns(asked, profile, pair);
  const work = async (pair: CasePair): Promise<CaseResult> => {
    const { scaled } = pair;
    if (isRetimed(modelsOf(pair))) return { kind: "retimed" };
    if (isModelAlone(scaled, stage.greeting)) return { kind: "model-alone" };
    const shortfall = shortfallIn(asked, scaled, stage);
    return shortfall.kind === "none" ? liveRun(stage, asked, profile, scaled) : shortfall;
  };
  for await (const { job, result } of inLanes(stage.lanes, pairs, work)) {
    const models = modelsOf(job);
    // Before it is run again: what was found stands, though a signal may come meanwhile.
    record(drill, { pair: job, models, result });
    if (result.kind === "ran" && result.judgement.verdict === "violated" && !foretold(models, result))
      rated(found, job, await rate(stage, asked, profile, job.scaled));
    context.progress.now(`${asked.question}: ${found.cases.length} of ${found.total}, ${job.scaled.scenario.id}`);
    found.seconds = (performance.now() - began) / 1_000;
    if (context.signal.aborted) return;
  }
  await stage.close();
}
