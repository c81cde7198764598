/** A drill on real servers: what is chosen of the corpus on each bus, and whether the model had predicted what was seen. */
import { worst } from "../../../models/vocabulary/verdict.ts";
import { BusUnavailable } from "../../bus-protocol/errors.ts";
import type { CorpusEntry } from "../../files/corpus.ts";
import { backendOption, replayLine } from "../../findings/again.ts";
import { allBrokenBy, brokenBy, brokeText, isSame, reasonText } from "../../findings/broke.ts";
import { counterexampleOf, keepCounterexample } from "../../findings/counterexample.ts";
import { claimedBy, shortfallOf, unprovenReason } from "../../judge/capability.ts";
import { liveRate } from "../../judge/rate.ts";
import { type CaseRun, runCase } from "../../judge/run.ts";
import { branches } from "../../judge/witnessed.ts";
import { clientText, LiveUnavailable, liveVersions, remarksOn, selfTestOf } from "../../runs/live.ts";
import { type HeldAgainst, profileOf } from "../../runs/profiles.ts";
import type { AskedCase } from "../../world.ts";
import type { LiveStage, Site } from "../../worlds/live/index.ts";
import { inLanes } from "../../worlds/live/lanes.ts";
import { isReal, liveWorld } from "../../worlds/names.ts";
import { selectCorpus, selectionRule } from "../selection.ts";
import { checkExact } from "./exact.ts";
import { busesOf, type CorpusDrill, countAgreement, judgedAs, record } from "./found.ts";

/** A live violation is run again, and its rate stated. */
const rerunsOfViolation = 4;

export async function livePart(run: CorpusDrill, opening: Promise<Site>): Promise<void> {
  const { context, common, found, folder } = run;
  const site = await opening.catch((error: unknown) => {
    if (error instanceof LiveUnavailable) return error;
    throw error;
  });
  if (site instanceof LiveUnavailable) {
    found.live = { verdict: "inconclusive", reason: site.message };
    return;
  }
  const began = performance.now();
  const { source, versions } = site.servers;
  const servers = (["nats-server", "toxiproxy"] as const).map(name => ({
    name,
    version: versions[name],
    source: source[name],
  }));
  found.live = { verdict: "inconclusive", seconds: 0, servers };
  found.selfTest = selfTestOf(site);
  for (const [i, name] of busesOf(common).entries()) {
    const stage = await openNamed(site, name, run);
    if (stage === undefined) continue;
    await liveBus(run, site, stage, name, i);
    if (context.signal.aborted) return;
    await stage.close();
  }
  const verdicts = found.ledger.filter(row => isReal(row.world)).map(row => row.verdict);
  const ran = new Set(found.ledger.filter(row => isReal(row.world)).map(row => row.bus));
  const idle = found.buses.some(bus => !ran.has(bus.name));
  const notShown = found.notShown.some(({ world }) => isReal(world));
  const verdict = worst(found.unavailable.length > 0 || idle || notShown ? [...verdicts, "inconclusive"] : verdicts);
  const spentMs = folder.journal.spentMs / common.lanes;
  found.live = { verdict, seconds: (performance.now() - began + spentMs) / 1_000, servers };
  if (!notShown) folder.journal.complete();
}

/** The corpus on one bus, the `nth` of the run. */
async function liveBus(run: CorpusDrill, site: Site, stage: LiveStage, name: string, nth: number): Promise<void> {
  const { context, common, corpus, found, folder } = run;
  const held = profileOf(stage.greeting.profile, name, common.profile);
  for (const remark of remarksOn({ ...stage, unclaimed: undefined }, held.profile)) context.say(remark);
  found.buses.push({
    name,
    profile: held.profile.name,
    client: clientText(stage),
    capabilities: [...stage.capabilities].sort(),
    unclaimed: stage.unclaimed ?? null,
  });
  // What the injector did not show today it shows tomorrow: the run can then go on.
  folder.journal.world(name, {
    profile: held.profile.name,
    capabilities: [...claimedBy(stage)],
    ...liveVersions(site, stage),
  });
  const chosen = chosenFor(run, stage, name);
  // Before the first live case: it can take a second, in which no lane could keep its bounds.
  for (const entry of chosen) checkExact(run, entry, held.profile);
  const alone = ({ scenario }: CorpusEntry): Promise<CaseRun> =>
    runCase(stage, { scenario, bus: name, profile: held.profile, seed: common.seed }, { require: common.require });
  const once = (entry: CorpusEntry): Promise<CaseRun> => folder.journal.once(name, entry.scenario, () => alone(entry));
  let done = corpus.length - chosen.length;
  for await (const { job, result } of inLanes(stage.lanes, chosen, once)) {
    const total = corpus.length * busesOf(common).length;
    context.progress.now(`live: case ${nth * corpus.length + ++done} of ${total}, ${name}: ${job.scenario.id}`);
    await liveCase(run, { site, stage, name, held }, { entry: job, run: result, runAgain: () => alone(job) });
    if (context.signal.aborted) return;
  }
}

/**
 * The scenarios of the corpus to run. The choice uses everything that bus and world claim, so that it is the same whether or not the
 * injector has shown its part. A case that needs an unproven part is inconclusive.
 */
function chosenFor({ common, corpus, found }: CorpusDrill, stage: LiveStage, bus: string): readonly CorpusEntry[] {
  const able = corpus.filter(({ scenario }) => {
    const shortfall = shortfallOf(scenario, stage);
    if (shortfall.kind === "lacks") found.notRun.push({ scenario: scenario.id, bus, missing: shortfall.missing });
    return shortfall.kind !== "lacks";
  });
  const { chosen, leftOut } = common.all ? { chosen: able, leftOut: [] } : selectCorpus(able);
  found.selection = {
    rule: selectionRule,
    leftOut: [...found.selection.leftOut, ...leftOut.map(({ scenario }) => ({ scenario: scenario.id, bus }))],
  };
  return chosen.filter(({ scenario }) => {
    const shortfall = shortfallOf(scenario, stage);
    if (shortfall.kind === "none") return true;
    const { missing } = shortfall;
    found.notShown.push({
      scenario: scenario.id,
      bus,
      world: liveWorld.name,
      missing,
      reason: unprovenReason(missing),
    });
    found.agreement.cases++;
    found.agreement.inconclusive++;
    return false;
  });
}

/** A bundled bus that cannot be built here is skipped, unless it was asked for by name. */
async function openNamed(
  site: Site,
  name: string,
  { common, corpus, found }: CorpusDrill,
): Promise<LiveStage | undefined> {
  try {
    return await site.openBus(name);
  } catch (error) {
    if (common.buses.length > 0 || !(error instanceof BusUnavailable)) throw error;
    found.unavailable.push({ bus: name, reason: error.message });
    for (const { scenario } of corpus) found.notRun.push({ scenario: scenario.id, bus: name, missing: ["bus"] });
    return undefined;
  }
}

/** A bus of the drill, and what it is held against. */
interface OnBus {
  readonly site: Site;
  readonly stage: LiveStage;
  readonly name: string;
  readonly held: HeldAgainst;
}

interface LiveCase {
  readonly entry: CorpusEntry;
  readonly run: CaseRun;
  runAgain(): Promise<CaseRun>;
}

async function liveCase(
  { common, found, folder: { journal } }: CorpusDrill,
  { site, stage, name: bus, held: { profile, overridden } }: OnBus,
  { entry: { scenario, file }, run, runAgain }: LiveCase,
): Promise<void> {
  const { seed, profile: named } = common;
  const one: AskedCase = { scenario, bus, profile, seed };
  record(found, one, liveWorld.name, run);
  countAgreement(found, scenario, profile, run.judgement);
  found.witnessed = branches([...found.witnessed, ...run.judgement.witnessed]);
  const broken = brokenBy(run.judgement);
  if (broken === undefined) return;
  const violation = {
    scenario: scenario.id,
    bus,
    world: liveWorld.name,
    property: brokeText(broken),
    reason: reasonText(run.judgement),
    again: replayLine(file, {
      ...{ world: liveWorld.name, bus, profile: named, ...judgedAs(common, scenario) },
      backend: backendOption(common.backend),
    }),
  } as const;
  // It stands, though a signal may come before it has been run again.
  const place = found.violations.push({ ...violation, reproduced: { k: 0, n: 0 } }) - 1;
  const { reproduced } = await journal.onceFound(bus, scenario, async () => {
    // The run that found it does not count: that it failed is why there are others.
    let k = 0;
    for (let i = 0; i < rerunsOfViolation; i++)
      if (allBrokenBy((await runAgain()).judgement).some(one => isSame(one, broken))) k++;
    return { reproduced: liveRate(k, rerunsOfViolation) };
  });
  const versions = liveVersions(site, stage);
  const counterexample = keepCounterexample(
    counterexampleOf({ ...one, ...run, broken, world: liveWorld.name, overridden, reproduced, versions }),
  );
  found.violations[place] = { ...violation, reproduced, counterexample };
}
