/**
 * `faultline compare`: random scenarios on a real bus, each held against the model. Two worlds disagree where the model of the
 * profile does not admit what was seen, or a promise is broken; the first disagreement is shrunk by running it again and kept.
 */

import type { Capability } from "../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import { UsageError } from "../errors.ts";
import { backendOption, commandLine, type LineOptions, ownBus, ownSeeds, replayLine } from "../findings/again.ts";
import { whyBroken } from "../findings/broke.ts";
import {
  counterexampleOf,
  type LiveVersions,
  type Met,
  meetCounterexample,
  versionsHere,
} from "../findings/counterexample.ts";
import { type CommandEnding, concluded, ending, isVacuous, type Judged, kept } from "../findings/ending.ts";
import { claimedBy } from "../judge/capability.ts";
import { liveRate, rateText } from "../judge/rate.ts";
import { type ComparedBesides, renderCompare } from "../report/compare.ts";
import type { ShownFailure } from "../report/failure.ts";
import type { KeptReport } from "../report/kept.ts";
import { notModelledShown } from "../report/not-modelled.ts";
import type { SelfTestReport } from "../report/not-shown.ts";
import type { Paint } from "../report/paint.ts";
import { counted } from "../report/table.ts";
import { reorderNotes } from "../report/times.ts";
import type { Common } from "../runs/common.ts";
import type { Context } from "../runs/context.ts";
import { wasInterrupted } from "../runs/interrupt.ts";
import { digestOfJson, type Header } from "../runs/journal.ts";
import { type KeptFailure, type KeptFound, keptStory, runKept, verdictOfKept } from "../runs/kept.ts";
import { liveVersions, remarksOn, selfTestOf } from "../runs/live.ts";
import { onSite } from "../runs/on-site.ts";
import { type HeldAgainst, profileOf } from "../runs/profiles.ts";
import { openRunFolder, type RunFolder } from "../runs/run-folder.ts";
import { neverExercised } from "../search/random/coverage.ts";
import { type LiveFailure, type LiveFound, newLiveFound, searchLive } from "../search/random/live.ts";
import { rendered } from "../text/clean.ts";
import { liveWorld, worldNames } from "../worlds/names.ts";
import { judgingOf } from "./search.ts";

export interface CompareOptions extends Common {
  readonly runs: number;
  readonly budgetSeconds?: number | undefined;
  readonly property?: string | undefined;
  readonly keepGoing: boolean;
  /** The folder of kept cases. */
  readonly seeds: string;
  /** `search --world live` is the same work under another name. */
  readonly asked: "compare" | "search";
}

/** The facts known about the bus once it has greeted, and about the counterexample once it is kept. */
interface Greeted {
  held?: HeldAgainst;
  met?: Met;
  kept?: KeptReport;
  /** The kept case that is the failure. */
  keptFailure?: KeptFailure;
  /** Capabilities that the bus or the world lacks for scenarios under a policy: then none is run. */
  missing?: readonly Capability[];
  selfTest?: SelfTestReport;
}

export async function compare(context: Context, options: CompareOptions): Promise<CommandEnding> {
  const [bus, another] = options.buses;
  if (bus === undefined || another !== undefined)
    throw new UsageError(`${options.asked} in the live world takes exactly one --bus NAME|COMMAND.`);
  context.say(`seed ${options.seed}`);
  const found = newLiveFound();
  const known: Greeted = {};
  const folder = openRunFolder(headerOf(options), options.resume);
  context.say(`run  ${folder.path}`);
  const work = onSite(context, options, options.runs, async site => {
    known.selfTest = selfTestOf(site);
    const stage = await site.openBus(bus);
    const held = profileOf(stage.greeting.profile, bus, options.profile);
    known.held = held;
    for (const remark of remarksOn(stage, held.profile)) context.say(remark);
    const policy = options.policy?.policy;
    if (policy !== undefined) for (const note of reorderNotes(policy)) context.say(note);
    const ground = { world: liveWorld.name, bus, profile: held.profile, stage, lanes: stage.lanes, policy };
    meetKept(await runKept(options.seeds, [ground], context.signal), known, found);
    if (known.keptFailure !== undefined && !options.keepGoing) return;
    if (policy !== undefined && !stage.capabilities.has("policy")) {
      known.missing = ["policy"];
      return;
    }
    const search = {
      stage,
      bus,
      profile: held.profile,
      declared: held.declared,
      seed: options.seed,
      runsMax: options.runs,
      budgetMs: (options.budgetSeconds ?? Number.POSITIVE_INFINITY) * 1_000,
      judging: judgingOf(options),
      policy,
      keepGoing: options.keepGoing,
      journal: folder.journal,
    };
    folder.journal.world(bus, {
      profile: held.declared.name,
      // What the injector did not show today it shows tomorrow: the run can then go on.
      capabilities: [...claimedBy(stage)],
      ...liveVersions(site, stage),
    });
    await searchLive(search, found, {
      onCase: i => context.progress.now(`${bus}: run ${i + 1} of ${options.runs}, ${found.disagree} disagree`),
      onShrinking: (reason, runs) => context.progress.now(`shrinking, run ${runs}: ${reason}`),
      onFailure(failure) {
        known.met = keep(options, bus, held, failure, liveVersions(site, stage));
      },
    });
    if (found.notShown.length === 0) folder.journal.complete();
  });
  const interrupted = await wasInterrupted(context.signal, work);
  folder.journal.close();
  return conclude({ options, bus, known, found, folder }, interrupted, context.paint);
}

/** A kept case that breaks is the failure of the run. */
function meetKept({ report, failures }: KeptFound, known: Greeted, found: LiveFound): void {
  known.kept = report;
  const [first] = failures;
  if (first === undefined) return;
  const { file, counterexample, broken, events, judgement, times } = first;
  const { scenario } = counterexample;
  const told = { reproduced: liveRate(1, times), steady: times === 1, foundAs: scenario.id, shrinkRuns: 0 };
  found.failure = { scenario, broken, events, judgement, ...told };
  known.keptFailure = first;
  known.met = { path: file, isKnown: true, isKept: true };
}

const headerOf = ({ asked, seed, buses, profile, runs, budgetSeconds, ...options }: CompareOptions): Header => ({
  tool: versionsHere().faultline,
  command: asked,
  seed,
  options: {
    bus: buses,
    profile: profile ?? null,
    runs,
    budget: budgetSeconds ?? null,
    property: options.property ?? null,
    require: options.require,
    policy: options.policy?.named ?? null,
    keepGoing: options.keepGoing,
    backend: options.backend,
  },
  source: digestOfJson(options.policy?.policy ?? null),
});

function keep(
  { seed }: CompareOptions,
  bus: string,
  { profile, overridden }: HeldAgainst,
  failure: LiveFailure,
  versions: LiveVersions,
): Met {
  const counterexample = counterexampleOf({
    ...failure,
    bus,
    profile,
    world: liveWorld.name,
    seed,
    overridden,
    versions,
  });
  return meetCounterexample(counterexample);
}

/** The comparison that was asked for, and what has come of it. */
interface Comparison {
  readonly options: CompareOptions;
  readonly bus: string;
  readonly known: Greeted;
  readonly found: LiveFound;
  readonly folder: RunFolder;
}

function conclude(
  { options, bus, known, found, folder }: Comparison,
  interrupted: boolean,
  paint: Paint,
): CommandEnding {
  const report = reportOf({ options, bus, known, found, folder }, interrupted);
  return ending(report, {
    text: rendered(renderCompare, report.document, besidesOf(options, known, found, folder), paint),
    again:
      known.met === undefined
        ? sameLine(options, bus)
        : replayLine(known.met.path, { bus: ownBus(bus), backend: backendOption(options.backend) }),
    resume: interrupted || found.notShown.length > 0 ? sameLine(options, bus, { resume: folder.path }) : undefined,
  });
}

function reportOf(
  { options, bus, known, found, folder }: Comparison,
  interrupted: boolean,
): Extract<Judged, { readonly kind: "compare" | "search-live" }> {
  const { coverage } = found;
  const secondsPerRun = coverage.runs === 0 ? 0 : Number((found.seconds / coverage.runs).toFixed(3));
  const shared = {
    verdict: verdictOf(options, known, found, interrupted),
    seed: options.seed,
    interrupted,
    bus,
    profile: known.held?.profile.name ?? null,
    policy: options.policy?.policy.name ?? null,
    notModelled: notModelledShown(options.policy?.policy),
    notRun: known.missing === undefined ? [] : [{ bus, missing: known.missing }],
    kept: known.kept ?? null,
    selfTest: known.selfTest ?? null,
    notShown: found.notShown,
    runs: coverage.runs,
    runsPerSecond: secondsPerRun === 0 ? 0 : Number((1 / secondsPerRun).toFixed(1)),
    secondsPerRun,
    recordedBefore: folder.journal.recordedBefore,
    counterexample: known.met?.path ?? null,
    reproduced: found.failure?.reproduced ?? null,
    steady: found.failure?.steady ?? null,
  };
  const counts = {
    agree: found.agree,
    disagree: found.disagree,
    inconclusive: found.inconclusive.length,
    disturbed: coverage.disturbed,
    foretold: Object.fromEntries(found.foretold),
    notDemanded: found.notDemanded,
    witnessed: found.witnessed,
  };
  const file = { folder, json: `${options.asked}.json` };
  const { properties, shapes } = coverage;
  if (options.asked === "compare") {
    const document = { ...shared, worlds: worldNames, ...counts, shapes, reasons: found.inconclusive };
    return { kind: "compare", document: kept(file, document) };
  }
  const document = { ...shared, world: liveWorld.name, ...counts, coverage: { properties, shapes } };
  return { kind: "search-live", document: kept(file, document) };
}

function besidesOf(options: CompareOptions, known: Greeted, found: LiveFound, { journal }: RunFolder): ComparedBesides {
  const { coverage } = found;
  return {
    runsAsked: options.runs,
    seconds: found.seconds,
    shapes: coverage.shapes,
    reasons: found.inconclusive,
    notOwn: known.held?.overridden === true ? known.held.declared.name : undefined,
    isFull: journal.isFull,
    neverExercised: options.asked === "search" ? neverExercised(coverage) : [],
    failure: found.failure && shownFailure(found.failure, known),
  };
}

function verdictOf(options: CompareOptions, { kept }: Greeted, found: LiveFound, interrupted: boolean): Verdict {
  const { coverage, disagree, inconclusive } = found;
  const verdicts: Verdict[] = [disagree > 0 ? "violated" : "holds"];
  if (kept !== undefined) verdicts.push(verdictOfKept(kept));
  if (inconclusive.length > 0 || coverage.disturbed === 0) verdicts.push("inconclusive");
  const vacuous = isVacuous(judgingOf(options).require, id => coverage.properties[id] ?? 0);
  return concluded(verdicts, { interrupted, vacuous });
}

function shownFailure(failure: LiveFailure, { met, keptFailure }: Greeted): ShownFailure {
  const { scenario, broken, judgement, events } = failure;
  if (keptFailure !== undefined) {
    const reason = whyBroken(judgement, broken);
    return { scenario, broken, reason, ledger: judgement.ledger, events, story: keptStory(keptFailure) };
  }
  const steady = failure.steady ? "failing every time" : "failing now and then";
  const kept =
    met?.isKept === false ? `not kept as ${met.path}, which cannot be written` : `kept as ${met?.path ?? ""}`;
  const story = `found as ${failure.foundAs}, shrunk in ${counted(failure.shrinkRuns, "run")}, ${steady}, seen again in ${rateText(failure.reproduced)}; ${kept}`;
  return { scenario, broken, reason: whyBroken(judgement, broken), ledger: judgement.ledger, events, story };
}

/** `more` is what the run did not have from the beginning. */
function sameLine(options: CompareOptions, bus: string, more: LineOptions = {}): string {
  const {
    asked,
    profile,
    runs,
    seed,
    property,
    require,
    policy,
    budgetSeconds: budget,
    keepGoing,
    backend,
    seeds,
  } = options;
  return commandLine(asked, {
    ...(asked === "search" ? { world: liveWorld.name } : { worlds: worldNames.join(",") }),
    ...{ bus, profile, property, budget, "keep-going": keepGoing, require, policy: policy?.named },
    ...{ backend: backendOption(backend), runs, seed, seeds: ownSeeds(seeds), ...more },
  });
}
