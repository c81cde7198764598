/**
 * `faultline drill`, the main job: the promises on the model by random search, the corpus on the model and on every bundled bus
 * against real servers, and whether the model had predicted what was seen. While the servers are being built or started the
 * model part runs. What a profile declares to lose is a finding in the table, never a violation.
 */

import { setImmediate } from "node:timers/promises";
import { planCase } from "../../models/plan/plan.ts";
import { underPolicy } from "../../models/policy/under.ts";
import { profiles } from "../../models/profiles/index.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { type Verdict, worst } from "../../models/vocabulary/verdict.ts";
import { BusUnavailable } from "../bus-protocol/errors.ts";
import { selectCorpus, selectionRule } from "../drills/selection.ts";
import { type CorpusEntry, loadCorpus } from "../files/corpus.ts";
import { commandLine, type LineOptions, replayLine } from "../findings/again.ts";
import { allBrokenBy, brokenBy, brokeText, expectation, isSame } from "../findings/broke.ts";
import { counterexampleOf, keepCounterexample, versionsHere } from "../findings/counterexample.ts";
import { type CommandEnding, concluded, ending, kept, type Report } from "../findings/ending.ts";
import { claimedBy, missingCapabilities, shortfallOf, unprovenReason } from "../judge/capability.ts";
import type { Judgement } from "../judge/judge.ts";
import { type Exactness, exactnessOf, permittedLedgers } from "../judge/permitted.ts";
import { liveRate } from "../judge/rate.ts";
import { type CaseRun, runCase, runModelCase } from "../judge/run.ts";
import { branches } from "../judge/witnessed.ts";
import { type DrillReport, renderDrill, type Violation } from "../report/drill.ts";
import type { LedgerRow } from "../report/ledger-table.ts";
import type { NotShown } from "../report/not-shown.ts";
import { plain } from "../report/paint.ts";
import { wasInterrupted } from "../runs/interrupt.ts";
import { digestOfJson, type Header } from "../runs/journal.ts";
import { clientText, LiveUnavailable, liveVersions, selfTestOf } from "../runs/live.ts";
import { bundledNames, bundledProfile, type HeldAgainst, profileOf } from "../runs/profiles.ts";
import { openRunFolder, type RunFolder } from "../runs/run-folder.ts";
import { type Coverage, coverCase, neverExercised } from "../search/random/coverage.ts";
import { searchModel } from "../search/random/model.ts";
import type { AskedCase } from "../world.ts";
import type { LiveStage, Site } from "../worlds/live/index.ts";
import { inLanes } from "../worlds/live/lanes.ts";
import { modelCapabilities } from "../worlds/model.ts";
import type { Context } from "./context.ts";
import { openLive } from "./live.ts";
import { backendOption, type Common, knownProfile } from "./options.ts";

const randomRunsPerProfile = 2_000;
const randomBudgetMs = 4_000;
/** A live violation is run again, and its rate stated. */
const rerunsOfViolation = 4;

/** Grows while the drill runs, so that what was found before an interrupt is there. */
type Found = {
  -readonly [K in keyof Omit<
    DrillReport,
    "agreement" | "worlds" | "policy" | "recordedBefore" | "report"
  >]: DrillReport[K];
} & { -readonly [K in keyof DrillReport["worlds"]]: DrillReport["worlds"][K] } & {
  readonly agreement: { -readonly [K in keyof DrillReport["agreement"]]: number };
  readonly ledger: LedgerRow[];
  readonly notRun: { scenario: string; bus: string; missing: readonly string[] }[];
  readonly notShown: NotShown[];
  /** The answers so far: each is asked for once, since it can take a second. */
  readonly exactness: Map<Scenario, Map<string, Exactness>>;
  readonly buses: DrillReport["buses"][number][];
  readonly violations: Violation[];
};

type DrillEnding = CommandEnding<Extract<Report, { kind: "drill" }>>;

export interface DrillOptions extends Common {
  /** Live, too, all of the corpus is run, however long it takes. */
  readonly all: boolean;
}

/** `permitted`: what the model permits, unless a test says otherwise. */
export async function drill(
  context: Context,
  common: DrillOptions,
  permitted = permittedLedgers,
): Promise<DrillEnding> {
  context.say(`seed ${common.seed}`);
  const corpus = loadCorpus().map(entry => underNamed(entry, common));
  const folder = openRunFolder(headerOf(common, corpus), common.resume);
  context.say(`run  ${folder.path}`);
  const found = newFound(common.seed);
  // Started here, awaited later: the first build takes minutes, and the model needs no server.
  const opening = openLive(context, common, corpus.length);
  opening.catch(() => {});
  const interrupted = await wasInterrupted(
    context.signal,
    both({ context, common, corpus, found, folder, permitted }, opening),
  );
  folder.journal.close();
  return conclude(context, common, found, folder, interrupted);
}

const busesOf = ({ buses }: Common): readonly string[] => (buses.length === 0 ? bundledNames() : buses);

const headerOf = (
  { seed, buses, profile, require, policy, all, backend }: DrillOptions,
  corpus: readonly CorpusEntry[],
): Header => ({
  tool: versionsHere().faultline,
  command: "drill",
  seed,
  options: { buses, profile: profile ?? null, require, policy: policy?.named ?? null, all, backend },
  source: digestOfJson(corpus.map(entry => entry.scenario)),
});

/** A scenario under a policy is tried under the one that was asked for; a bare client's stays as it is. */
const underNamed = (entry: CorpusEntry, { policy }: Common): CorpusEntry =>
  policy === undefined || entry.scenario.policy === undefined
    ? entry
    : { ...entry, scenario: underPolicy(entry.scenario, policy.policy) };

/** A drill's parts, the same from its beginning to its end. */
interface Run {
  readonly context: Context;
  readonly common: DrillOptions;
  readonly corpus: readonly CorpusEntry[];
  readonly found: Found;
  readonly folder: RunFolder;
  readonly permitted: typeof permittedLedgers;
}

async function both(run: Run, opening: Promise<Site>): Promise<void> {
  const { context, common } = run;
  try {
    // Who names containers wants them, and is not left with the model alone.
    if (common.backend === "container") await opening;
    await modelPart(run);
    await livePart(run, opening);
  } finally {
    // After an interrupt within the opening there is nobody to wait for: its processes end with this one.
    const close = opening.then(site => site.close()).catch(() => {});
    if (!context.signal.aborted) await close;
  }
}

// ---- The model world ----

async function modelPart(run: Run): Promise<void> {
  const { context, common, corpus, found } = run;
  const began = performance.now();
  for (const profile of modelProfiles(common)) {
    const coverage = await randomModel(context, common, profile, found);
    const randomRuns = coverage.runs;
    for (const entry of corpus) {
      if (context.signal.aborted) return;
      corpusModel(common, profile, entry.scenario, entry.file, found, coverage);
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

function modelProfiles({ profile, buses }: Common): readonly Profile[] {
  if (profile !== undefined) return [knownProfile(profile)];
  const named = (buses.length === 0 ? bundledNames() : buses).map(bundledProfile);
  const known = new Set(named.filter(name => name !== undefined));
  // A command tells its profile only when it is started, and that is not awaited here.
  return [...(known.size > 0 ? known : Object.keys(profiles))].map(knownProfile);
}

async function randomModel(context: Context, common: Common, profile: Profile, found: Found): Promise<Coverage> {
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
    const of = { ...failure, bus: profile.name, profile, world: "model" } as const;
    const counterexample = keepCounterexample(counterexampleOf(of));
    found.violations.push({
      scenario: failure.scenario.id,
      bus: profile.name,
      world: "model",
      property: brokeText(failure.broken),
      reason: failure.judgement.reason,
      reproduced: { k: 1, n: 1 },
      counterexample,
      again: replayLine(counterexample),
    });
  }
  return search.coverage;
}

/** The options with which a replay judges the case as the drill did. */
const judgedAs = ({ policy, require }: Common, scenario: Scenario): LineOptions => ({
  policy: scenario.policy === undefined ? undefined : policy?.named,
  require,
});

function corpusModel(
  common: Common,
  profile: Profile,
  scenario: Scenario,
  file: string,
  found: Found,
  coverage: Coverage,
): void {
  if (missingCapabilities(scenario, modelCapabilities(profile)).length > 0) return;
  const { seed, require } = common;
  const one: AskedCase = { scenario, bus: profile.name, profile, seed };
  const run = runModelCase(one, { require });
  found.model = { ...found.model, corpusRuns: found.model.corpusRuns + 1 };
  record(found, one, "model", run);
  coverCase(coverage, scenario, profile, run.judgement);
  const broken = brokenBy(run.judgement);
  if (broken === undefined) return;
  found.violations.push({
    scenario: scenario.id,
    bus: profile.name,
    world: "model",
    property: brokeText(broken),
    reason: run.judgement.reason,
    reproduced: { k: 1, n: 1 },
    again: replayLine(file, { world: "model", profile: profile.name, ...judgedAs(common, scenario), seed }),
  });
}

/** An exact expectation is broken by the model itself where it permits more, whatever its runs came to. */
function checkExact({ common, found, permitted }: Run, { scenario, file }: CorpusEntry, profile: Profile): void {
  const known = found.exactness.get(scenario) ?? new Map<string, Exactness>();
  if (known.has(profile.name)) return;
  const exactness = exactnessOf(planCase(scenario, profile), permitted);
  found.exactness.set(scenario, known.set(profile.name, exactness));
  const place = { scenario: scenario.id, bus: profile.name, world: "model" } as const;
  if (exactness.kind === "undecided") found.notShown.push({ ...place, missing: [], reason: exactness.reason });
  if (exactness.kind !== "several") return;
  found.violations.push({
    ...place,
    property: brokeText(expectation),
    reason: `${brokeText(expectation)}: ${exactness.reason}`,
    reproduced: { k: 1, n: 1 },
    again: replayLine(file, {
      world: "model",
      profile: profile.name,
      ...judgedAs(common, scenario),
      seed: common.seed,
    }),
  });
}

// ---- The live world ----

async function livePart(run: Run, opening: Promise<Site>): Promise<void> {
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
  const verdicts = found.ledger.filter(row => row.world === "live").map(row => row.verdict);
  const ran = new Set(found.ledger.filter(row => row.world === "live").map(row => row.bus));
  const idle = found.buses.some(bus => !ran.has(bus.name));
  const notShown = found.notShown.some(({ world }) => world === "live");
  const verdict = worst(found.unavailable.length > 0 || idle || notShown ? [...verdicts, "inconclusive"] : verdicts);
  const spentMs = folder.journal.spentMs / common.lanes;
  found.live = { verdict, seconds: (performance.now() - began + spentMs) / 1_000, servers };
  if (!notShown) folder.journal.complete();
}

/** The corpus on one bus, the `nth` of the run. */
async function liveBus(run: Run, site: Site, stage: LiveStage, name: string, nth: number): Promise<void> {
  const { context, common, corpus, found, folder } = run;
  const held = profileOf(stage.greeting.profile, name, common.profile);
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
    await liveCase(site, stage, name, held, job, result, () => alone(job), common, found, folder);
    if (context.signal.aborted) return;
  }
}

/**
 * The scenarios of the corpus to run. The choice uses everything that bus and world claim, so that it is the same whether or not the
 * injector has shown its part. A case that needs an unproven part is inconclusive.
 */
function chosenFor({ common, corpus, found }: Run, stage: LiveStage, bus: string): readonly CorpusEntry[] {
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
    found.notShown.push({ scenario: scenario.id, bus, world: "live", missing, reason: unprovenReason(missing) });
    found.agreement.cases++;
    found.agreement.inconclusive++;
    return false;
  });
}

/** A bundled bus that cannot be built here is skipped, unless it was asked for by name. */
async function openNamed(site: Site, name: string, { common, corpus, found }: Run): Promise<LiveStage | undefined> {
  try {
    return await site.openBus(name);
  } catch (error) {
    if (common.buses.length > 0 || !(error instanceof BusUnavailable)) throw error;
    found.unavailable.push({ bus: name, reason: error.message });
    for (const { scenario } of corpus) found.notRun.push({ scenario: scenario.id, bus: name, missing: ["bus"] });
    return undefined;
  }
}

async function liveCase(
  site: Site,
  stage: LiveStage,
  bus: string,
  { profile, overridden }: HeldAgainst,
  { scenario, file }: CorpusEntry,
  run: CaseRun,
  runAgain: () => Promise<CaseRun>,
  common: Common,
  found: Found,
  { journal }: RunFolder,
): Promise<void> {
  const { seed, profile: named } = common;
  const one: AskedCase = { scenario, bus, profile, seed };
  record(found, one, "live", run);
  countAgreement(found, scenario, profile, run.judgement);
  found.witnessed = branches([...found.witnessed, ...run.judgement.witnessed]);
  const broken = brokenBy(run.judgement);
  if (broken === undefined) return;
  const violation = {
    scenario: scenario.id,
    bus,
    world: "live",
    property: brokeText(broken),
    reason: run.judgement.reason,
    again: replayLine(file, {
      ...{ world: "live", bus, profile: named, ...judgedAs(common, scenario) },
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
    counterexampleOf({ ...one, ...run, broken, world: "live", overridden, reproduced, versions }),
  );
  found.violations[place] = { ...violation, reproduced, counterexample };
}

function countAgreement(
  { agreement, exactness }: Found,
  scenario: Scenario,
  profile: Profile,
  judgement: Judgement,
): void {
  const { verdict, conformance, expectMet } = judgement;
  const expectation = scenario.expect[profile.name];
  agreement.cases++;
  if (verdict === "inconclusive") agreement.inconclusive++;
  else if (conformance.answer === "permitted") agreement.agree++;
  else agreement.disagree++;
  if (expectation === undefined) return;
  agreement.expectations++;
  if (expectMet === true) agreement.expectMet++;
  const known = exactness.get(scenario)?.get(profile.name);
  if (known === undefined || known.kind === "not-exact") return;
  agreement.exact++;
  if (known.kind === "one") agreement.permittedOne++;
}

// ---- What is found ----

function newFound(seed: string): Found {
  return {
    seed,
    selection: { rule: selectionRule, leftOut: [] },
    verdict: "inconclusive",
    interrupted: false,
    model: { verdict: "inconclusive", randomRuns: 0, corpusRuns: 0, seconds: 0, profiles: [] },
    live: { verdict: "inconclusive", reason: "not reached" },
    agreement: {
      cases: 0,
      agree: 0,
      disagree: 0,
      inconclusive: 0,
      notRun: 0,
      expectations: 0,
      expectMet: 0,
      exact: 0,
      permittedOne: 0,
    },
    witnessed: branches([]),
    unavailable: [],
    notRun: [],
    selfTest: null,
    notShown: [],
    exactness: new Map(),
    buses: [],
    ledger: [],
    violations: [],
  };
}

function record(found: Found, one: AskedCase, world: "model" | "live", { judgement }: CaseRun): void {
  const row: LedgerRow = {
    scenario: one.scenario.id,
    bus: one.bus,
    profile: one.profile.name,
    world,
    ...judgement.ledger,
    verdict: judgement.verdict,
    reason: judgement.reason,
  };
  found.ledger.push(row);
}

function conclude(
  context: Context,
  common: DrillOptions,
  found: Found,
  folder: RunFolder,
  interrupted: boolean,
): DrillEnding {
  found.interrupted = interrupted;
  found.agreement.notRun = found.notRun.length;
  const modelVerdicts = found.ledger.filter(row => row.world === "model").map(row => row.verdict);
  const broke = (world: "model" | "live"): Verdict[] =>
    found.violations.some(one => one.world === world) ? ["violated"] : [];
  const undecided: Verdict[] = found.notShown.some(({ world }) => world === "model") ? ["inconclusive"] : [];
  const modelDone = found.model.profiles.length === modelProfiles(common).length && found.model.randomRuns > 0;
  found.model = {
    ...found.model,
    verdict: worst([...modelVerdicts, ...undecided, ...broke("model"), modelDone ? "holds" : "inconclusive"]),
  };
  found.live = { ...found.live, verdict: worst([found.live.verdict, ...broke("live")]) };
  found.verdict = concluded([found.model.verdict, found.live.verdict], { interrupted });
  found.ledger.sort((a, b) => order(a.world, b.world) || order(a.scenario, b.scenario));
  found.notRun.sort((a, b) => order(a.scenario, b.scenario));
  const unkept = documentOf(found, common, folder);
  const text = `Seed     ${found.seed}\n\n${renderDrill(unkept, plain)}`;
  return ending(
    { kind: "drill", document: kept({ folder, json: "drill.json", text }, unkept) },
    {
      text: renderDrill(unkept, context.paint),
      again: againLine(common, found),
      resume:
        interrupted || found.notShown.some(({ world }) => world === "live")
          ? sameLine(common, { resume: folder.path })
          : undefined,
    },
  );
}

/** Live before model: what is real comes first. Within one, sorting keeps the order of the buses. */
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function documentOf(found: Found, common: DrillOptions, folder: RunFolder): Omit<DrillReport, "report"> {
  const { model, live, exactness: _exactness, verdict, seed, interrupted, ...rest } = found;
  const { selection, agreement, witnessed, notRun, selfTest, notShown, buses, unavailable, ledger, violations } = rest;
  return {
    ...{ verdict, seed, interrupted, worlds: { model, live } },
    ...{ selection, agreement, witnessed, notRun, selfTest, notShown, buses, unavailable, ledger, violations },
    policy: common.policy?.policy.name ?? null,
    recordedBefore: folder.journal.recordedBefore,
  };
}

function againLine(common: DrillOptions, { violations }: Found): string {
  return violations[0]?.again ?? sameLine(common);
}

/** `more` is what the run did not have from the beginning. */
function sameLine(options: DrillOptions, more: LineOptions = {}): string {
  const { buses: bus, profile, require, policy, backend, all, seed } = options;
  const asked = { bus, profile, require, policy: policy?.named, backend: backendOption(backend), all, seed };
  return commandLine("drill", { ...asked, ...more });
}
