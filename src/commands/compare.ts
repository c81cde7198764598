/**
 * `faultline compare`: random scenarios on a real bus, each held against the model. Two worlds disagree where the model of the
 * profile does not admit what was seen, or a promise is broken; the first disagreement is shrunk by running it again and kept.
 */

import type { Capability } from "../../models/vocabulary/scenario.ts";
import { claimedBy } from "../capability.ts";
import { UsageError } from "../errors.ts";
import { commandLine, type LineOptions, replayLine } from "../findings/again.ts";
import { whyBroken } from "../findings/broke.ts";
import { counterexampleOf, keepCounterexample, type LiveVersions, versionsHere } from "../findings/counterexample.ts";
import { digestOfJson, type Header } from "../journal.ts";
import { rateText } from "../rate.ts";
import { renderFailure } from "../report/failure.ts";
import { renderSelfTest, type SelfTestReport } from "../report/not-shown.ts";
import { type Paint, paintConclusion } from "../report/paint.ts";
import { counted, renderPairs, renderTable } from "../report/table.ts";
import { renderWitnessed } from "../report/witnessed.ts";
import { openRunFolder, type RunFolder } from "../run-folder.ts";
import { wasInterrupted } from "../runs/interrupt.ts";
import { liveVersions, selfTestOf } from "../runs/live.ts";
import { type HeldAgainst, profileOf } from "../runs/profiles.ts";
import { neverExercised } from "../search/coverage.ts";
import { type LiveFailure, type LiveFound, newLiveFound, searchLive } from "../search/live.ts";
import { type Context, concluded, type Ending, exitCodeOf } from "./context.ts";
import { onSite } from "./live.ts";
import { backendOption, type Common, ownBus } from "./options.ts";
import { judgingOf } from "./search.ts";

export interface CompareOptions extends Common {
  readonly runs: number;
  readonly budgetSeconds?: number | undefined;
  readonly property?: string | undefined;
  readonly keepGoing: boolean;
  /** `search --world live` is the same work under another name. */
  readonly asked: "compare" | "search";
}

/** What is known of the bus once it has greeted, and of the counterexample once it is kept. */
interface Known {
  held?: HeldAgainst;
  file?: string;
  /** What the bus or the world lacks for scenarios under a policy: then none is run. */
  missing?: readonly Capability[];
  selfTest?: SelfTestReport;
}

export async function compare(context: Context, options: CompareOptions): Promise<Ending> {
  const [bus, another] = options.buses;
  if (bus === undefined || another !== undefined)
    throw new UsageError(`${options.asked} in the live world takes exactly one --bus NAME|COMMAND.`);
  context.say(`seed ${options.seed}`);
  const found = newLiveFound();
  const known: Known = {};
  const folder = openRunFolder(headerOf(options), options.resume);
  context.say(`run  ${folder.path}`);
  const work = onSite(context, options, options.runs, async site => {
    known.selfTest = selfTestOf(site);
    const stage = await site.openBus(bus);
    const held = profileOf(stage.greeting.profile, bus, options.profile);
    known.held = held;
    if (stage.unclaimed !== undefined) context.say(stage.unclaimed);
    const policy = options.policy?.policy;
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
        known.file = keep(options, bus, held, failure, liveVersions(site, stage));
      },
    });
    if (found.notShown.length === 0) folder.journal.complete();
  });
  const interrupted = await wasInterrupted(context.signal, work);
  folder.journal.close();
  return conclude(options, bus, known, found, folder, interrupted, context.paint);
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
): string {
  const counterexample = counterexampleOf({ ...failure, bus, profile, world: "live", seed, overridden, versions });
  return keepCounterexample(counterexample);
}

function conclude(
  options: CompareOptions,
  bus: string,
  known: Known,
  found: LiveFound,
  folder: RunFolder,
  interrupted: boolean,
  paint: Paint,
): Ending {
  const { coverage } = found;
  // A promise asked for by name and never exercised has not been shown to hold.
  const vacuous = (judgingOf(options).require ?? []).some(id => (coverage.properties[id] ?? 0) === 0);
  const inconclusive = found.inconclusive.length > 0 || vacuous || coverage.disturbed === 0;
  const verdict = concluded(
    [found.disagree > 0 ? "violated" : "holds", inconclusive ? "inconclusive" : "holds"],
    interrupted,
  );
  const secondsPerRun = coverage.runs === 0 ? 0 : Number((found.seconds / coverage.runs).toFixed(3));
  const shared = {
    verdict,
    seed: options.seed,
    interrupted,
    bus,
    profile: known.held?.profile.name ?? null,
    policy: options.policy?.policy.name ?? null,
    notRun: known.missing === undefined ? [] : [{ bus, missing: known.missing }],
    selfTest: known.selfTest ?? null,
    notShown: found.notShown,
    runs: coverage.runs,
    runsPerSecond: secondsPerRun === 0 ? 0 : Number((1 / secondsPerRun).toFixed(1)),
    secondsPerRun,
    recordedBefore: folder.journal.recordedBefore,
    counterexample: known.file ?? null,
    reproduced: found.failure?.reproduced ?? null,
    steady: found.failure?.steady ?? null,
  };
  const counts = {
    agree: found.agree,
    disagree: found.disagree,
    inconclusive: found.inconclusive.length,
    disturbed: coverage.disturbed,
    witnessed: found.witnessed,
  };
  const more =
    options.asked === "compare"
      ? { worlds: ["model", "live"], ...counts, shapes: coverage.shapes, reasons: found.inconclusive }
      : { world: "live", ...counts, coverage: { properties: coverage.properties, shapes: coverage.shapes } };
  const report = folder.write(`${options.asked}.json`, `${JSON.stringify({ ...shared, ...more }, undefined, 2)}\n`);
  return {
    exitCode: exitCodeOf(verdict),
    document: { ...shared, ...more, report },
    text: [
      renderCounts(options, bus, known, found, folder),
      ...renderFound(found, known, paint),
      `Verdict  ${paintConclusion(paint, verdict, interrupted)}\nReport   ${report}`,
    ].join("\n\n"),
    again:
      known.file === undefined
        ? sameLine(options, bus)
        : replayLine(known.file, { bus: ownBus(bus), backend: backendOption(options.backend) }),
    resume: interrupted || found.notShown.length > 0 ? sameLine(options, bus, { resume: folder.path }) : undefined,
  };
}

function renderCounts(
  options: CompareOptions,
  bus: string,
  { held, missing }: Known,
  found: LiveFound,
  { journal }: RunFolder,
): string {
  const { coverage, agree, disagree, inconclusive, seconds } = found;
  const per = coverage.runs === 0 ? "" : `, ${(seconds / coverage.runs).toFixed(2)} s each`;
  const whose = held?.overridden === true ? `, which is not its own (${held.declared.name})` : "";
  const pairs: [string, string][] = [
    ["Held", `${bus} against the model of ${held?.profile.name ?? "its profile"}${whose}`],
    ["Runs", `${coverage.runs} of ${options.runs} random scenarios on real servers${per}`],
    ["", `${agree} agree, ${disagree} disagree, ${inconclusive.length} inconclusive`],
    ["", `${coverage.disturbed} disturbed: a fault proven to have taken effect while messages were under way`],
  ];
  if (journal.recordedBefore > 0)
    pairs.push(["", `${journal.recordedBefore} of them recorded before this was resumed`]);
  if (journal.isFull) pairs.push(["", "the journal is full, so the run ends here: continue with another seed"]);
  if (missing !== undefined)
    pairs.push(["", `not run: ${bus} in the live world lacks ${missing.join(", ")}, which --policy needs`]);
  const never = neverExercised(coverage);
  if (options.asked === "search" && never.length > 0) pairs.push(["", `never exercised: ${never.join(", ")}`]);
  return renderPairs(pairs);
}

const reasonsShownMax = 8;

function renderFound(found: LiveFound, known: Known, paint: Paint): readonly string[] {
  const blocks: string[] = [];
  const shapes = Object.entries(found.coverage.shapes).map(([name, n]) => [
    `  ${name}`,
    n === 0 ? paint("yellow", "0") : String(n),
  ]);
  const columns = [
    { title: "", align: "left" },
    { title: "", align: "right" },
  ] as const;
  if (found.coverage.runs > 0)
    blocks.push(`${paint("bold", "Shapes of trouble met")} (runs)\n${renderTable(columns, shapes)}`);
  const witnessed = renderWitnessed(found.witnessed, paint);
  if (witnessed !== "") blocks.push(witnessed);
  const failed = renderSelfTest(known.selfTest ?? null, paint);
  if (failed !== "") blocks.push(failed);
  if (found.inconclusive.length > 0) {
    const shown = found.inconclusive.slice(0, reasonsShownMax).map(one => `  ${one.word}  ${one.reason}`);
    const more = found.inconclusive.length - shown.length;
    if (more > 0) shown.push(`  and ${more} more`);
    blocks.push(`${paint("bold", "Inconclusive")}\n${shown.join("\n")}`);
  }
  const { failure } = found;
  if (failure !== undefined) {
    const steady = failure.steady ? "failing every time" : "failing now and then";
    const story = `found as ${failure.foundAs}, shrunk in ${counted(failure.shrinkRuns, "run")}, ${steady}, seen again in ${rateText(failure.reproduced)}; kept as ${known.file ?? ""}`;
    const { scenario, broken, judgement, events } = failure;
    blocks.push(
      renderFailure(
        { scenario, broken, reason: whyBroken(judgement, broken), ledger: judgement.ledger, events, story },
        paint,
      ),
    );
  }
  return blocks;
}

/** `more` is what the run did not have from the beginning. */
function sameLine(options: CompareOptions, bus: string, more: LineOptions = {}): string {
  const { asked, profile, runs, seed, property, require, policy, budgetSeconds: budget, keepGoing, backend } = options;
  return commandLine(asked, {
    ...(asked === "search" ? { world: "live" } : { worlds: "model,live" }),
    ...{ bus, profile, property, budget, "keep-going": keepGoing, require, policy: policy?.named },
    ...{ backend: backendOption(backend), runs, seed, ...more },
  });
}
