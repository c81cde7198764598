/**
 * `faultline drill`, the main job: the promises on the model by random search, the corpus on the model and on every bundled bus
 * against real servers, and whether the model had predicted what was seen. While the servers are being built or started the
 * model part runs. What a profile declares to lose is a finding in the table, never a violation.
 */
import { underPolicy } from "../../models/policy/under.ts";
import { type Verdict, worst } from "../../models/vocabulary/verdict.ts";
import { type CorpusDrill, type DrillFound, type DrillOptions, newFound } from "../drills/corpus/found.ts";
import { livePart } from "../drills/corpus/live.ts";
import { modelPart, modelProfiles } from "../drills/corpus/model.ts";
import { type CorpusEntry, loadCorpus } from "../files/corpus.ts";
import { backendOption, commandLine, type LineOptions } from "../findings/again.ts";
import { versionsHere } from "../findings/counterexample.ts";
import { type CommandEnding, concluded, ending, kept, type Report } from "../findings/ending.ts";
import { permittedLedgers } from "../judge/permitted.ts";
import { type DrillReport, renderDrill } from "../report/drill.ts";
import { notModelledShown } from "../report/not-modelled.ts";
import { plain } from "../report/paint.ts";
import type { Common } from "../runs/common.ts";
import type { Context } from "../runs/context.ts";
import { wasInterrupted } from "../runs/interrupt.ts";
import { digestOfJson, type Header } from "../runs/journal.ts";
import { openLive } from "../runs/on-site.ts";
import { openRunFolder, type RunFolder } from "../runs/run-folder.ts";
import { rendered } from "../text/clean.ts";
import type { Site } from "../worlds/live/index.ts";
import { compareShown, isReal, liveWorld, modelWorld, type WorldName } from "../worlds/names.ts";

type DrillEnding = CommandEnding<Extract<Report, { kind: "drill" }>>;

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

async function both(run: CorpusDrill, opening: Promise<Site>): Promise<void> {
  const { context, common } = run;
  try {
    // A user who names containers wants them, and is not left with the model alone.
    if (common.backend === "container") await opening;
    await modelPart(run);
    await livePart(run, opening);
  } finally {
    // After an interrupt within the opening there is nobody to wait for: its processes end with this one.
    const close = opening.then(site => site.close()).catch(() => {});
    if (!context.signal.aborted) await close;
  }
}

function conclude(
  context: Context,
  common: DrillOptions,
  found: DrillFound,
  folder: RunFolder,
  interrupted: boolean,
): DrillEnding {
  found.interrupted = interrupted;
  found.agreement.notRun = found.notRun.length;
  const modelVerdicts = found.ledger.filter(row => !isReal(row.world)).map(row => row.verdict);
  const broke = (world: WorldName): Verdict[] =>
    found.violations.some(one => one.world === world) ? ["violated"] : [];
  const undecided: Verdict[] = found.notShown.some(({ world }) => !isReal(world)) ? ["inconclusive"] : [];
  const modelDone = found.model.profiles.length === modelProfiles(common).length && found.model.randomRuns > 0;
  found.model = {
    ...found.model,
    verdict: worst([...modelVerdicts, ...undecided, ...broke(modelWorld.name), modelDone ? "holds" : "inconclusive"]),
  };
  found.live = { ...found.live, verdict: worst([found.live.verdict, ...broke(liveWorld.name)]) };
  found.verdict = concluded([found.model.verdict, found.live.verdict], { interrupted });
  found.ledger.sort((a, b) => compareShown(a.world, b.world) || order(a.scenario, b.scenario));
  found.notRun.sort((a, b) => order(a.scenario, b.scenario));
  const unkept = documentOf(found, common, folder);
  const text = rendered(one => `Seed     ${found.seed}\n\n${renderDrill(one, plain)}`, unkept);
  return ending(
    { kind: "drill", document: kept({ folder, json: "drill.json", text }, unkept) },
    {
      text: rendered(renderDrill, unkept, context.paint),
      again: againLine(common, found),
      resume:
        interrupted || found.notShown.some(({ world }) => isReal(world))
          ? sameLine(common, { resume: folder.path })
          : undefined,
    },
  );
}

/** The order of scenarios by their ids; within one, sorting keeps the order of the buses. */
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function documentOf(found: DrillFound, common: DrillOptions, folder: RunFolder): Omit<DrillReport, "report"> {
  const { model, live, exactness: _exactness, verdict, seed, interrupted, ...rest } = found;
  const { selection, agreement, witnessed, notRun, selfTest, notShown, buses, unavailable, ledger, violations } = rest;
  return {
    ...{ verdict, seed, interrupted, worlds: { model, live } },
    ...{ selection, agreement, witnessed, notRun, selfTest, notShown, buses, unavailable, ledger, violations },
    policy: common.policy?.policy.name ?? null,
    notModelled: notModelledShown(common.policy?.policy),
    recordedBefore: folder.journal.recordedBefore,
  };
}

function againLine(common: DrillOptions, { violations }: DrillFound): string {
  return violations[0]?.again ?? sameLine(common);
}

/** `more` is what the run did not have from the beginning. */
function sameLine(options: DrillOptions, more: LineOptions = {}): string {
  const { buses: bus, profile, require, policy, backend, all, seed } = options;
  const asked = { bus, profile, require, policy: policy?.named, backend: backendOption(backend), all, seed };
  return commandLine("drill", { ...asked, ...more });
}
