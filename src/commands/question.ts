/**
 * `faultline drill durability|buffer|shutdown|cold-start`: one question about a policy, answered by a fixed list of cases. Each is run in
 * the model twice, in the policy's own time and in that of a live run, and live once; the policy's demands are what it is held to. Every
 * live case is written down beside the report, so that one line replays it.
 */

import { setImmediate } from "node:timers/promises";
import { inLiveTime } from "../../models/policy/times.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { type Verdict, worst } from "../../models/vocabulary/verdict.ts";
import { answerOf, type Ran } from "../drills/answer.ts";
import type { DrillCase, Question } from "../drills/drill.ts";
import { casesOf } from "../drills/index.ts";
import { exitCodes, FaultlineError, UsageError } from "../errors.ts";
import { commandLine, replayLine } from "../findings/again.ts";
import { allBrokenBy, brokeOf, brokeText, concernOf, whyBroken } from "../findings/broke.ts";
import { versionsHere } from "../findings/counterexample.ts";
import { type CommandEnding, concluded, ending, kept } from "../findings/ending.ts";
import { type Able, missingCapabilities, type Shortfall, shortfallFrom, unprovenReason } from "../judge/capability.ts";
import { type Judgement, judge } from "../judge/judge.ts";
import { type CaseRun, planFor, runModelCase } from "../judge/run.ts";
import type { SelfTestReport } from "../report/not-shown.ts";
import { plain } from "../report/paint.ts";
import { type QuestionCase, type QuestionReport, type QuestionViolation, renderQuestion } from "../report/question.ts";
import { unlessInterrupted, wasInterrupted } from "../runs/interrupt.ts";
import { digestOfJson } from "../runs/journal.ts";
import { clientText, LiveUnavailable, selfTestOf } from "../runs/live.ts";
import { bundledProfile, profileOf } from "../runs/profiles.ts";
import { openRunFolder, type RunFolder } from "../runs/run-folder.ts";
import type { LiveStage, Site } from "../worlds/live/index.ts";
import { inLanes } from "../worlds/live/lanes.ts";
import type { Context } from "./context.ts";
import { openLive } from "./live.ts";
import { backendOption, type Common, knownPolicy, knownProfile, type NamedPolicy } from "./options.ts";

const busDefault = "go-nats-go";
const policyDefault = "cordum-hardened";
/** The longest wait between two dials that a drill takes as it is, to measure how long a recovery takes. */
const reconnectWaitMsMax = 2_000;
/** A live violation that the model did not have is run again, and its rate stated. */
const rerunsOfViolation = 4;

interface Asked {
  readonly question: Question;
  readonly bus: string;
  readonly policy: NamedPolicy;
  readonly common: Common;
}

/** Grows while the drill runs, so that what was found before an interrupt is there. */
interface Found {
  profile: Profile | undefined;
  client: string | undefined;
  /** The reason why the bus has neither signals nor memory. */
  unclaimed: string | undefined;
  servers: readonly string[];
  /** The reason why there is no live world. */
  reason: string | undefined;
  selfTest: SelfTestReport | null;
  seconds: number;
  total: number;
  readonly ran: Ran[];
  readonly cases: QuestionCase[];
  readonly violations: QuestionViolation[];
}

export async function drillQuestion(context: Context, question: Question, common: Common): Promise<CommandEnding> {
  const [bus = busDefault, another] = common.buses;
  if (another !== undefined) throw new UsageError(`drill ${question} takes one --bus NAME|COMMAND.`);
  if (common.resume !== undefined)
    throw new UsageError(`drill ${question} takes no --resume: it takes less than a minute, so run it again.`);
  const asked: Asked = { question, bus, policy: common.policy ?? knownPolicy(policyDefault), common };
  context.say(`seed ${common.seed}`);
  const folder = openRunFolder(headerOf(asked), undefined);
  context.say(`run  ${folder.path}`);
  const found: Found = {
    profile: undefined,
    client: undefined,
    unclaimed: undefined,
    servers: [],
    reason: undefined,
    selfTest: null,
    seconds: 0,
    total: 0,
    ran: [],
    cases: [],
    violations: [],
  };
  const interrupted = await wasInterrupted(context.signal, everyCase(context, asked, found, folder));
  folder.journal.close();
  return conclude(context, asked, found, folder, interrupted);
}

const headerOf = ({ question, bus, policy, common }: Asked) => ({
  tool: versionsHere().faultline,
  command: `drill-${question}`,
  seed: common.seed,
  options: {
    bus,
    profile: common.profile ?? null,
    require: common.require,
    policy: policy.named,
    backend: common.backend,
  },
  source: digestOfJson(policy.policy),
});

async function everyCase(context: Context, asked: Asked, found: Found, folder: RunFolder): Promise<void> {
  const { common } = asked;
  const site = await unlessInterrupted(context.signal, openLive(context, common, common.lanes)).catch(
    (error: unknown) => {
      // Who names containers wants them, and is not left with the model alone.
      if (error instanceof LiveUnavailable && common.backend === "process") return error;
      throw error;
    },
  );
  if (site instanceof LiveUnavailable) {
    found.reason = site.message;
    found.profile = knownProfile(asked.common.profile ?? bundledProfile(asked.bus) ?? refuseUnknown(asked, site));
    for (const pair of pairsOf(asked, found.profile, found))
      record(asked, found, folder, pair, modelRuns(asked, found.profile, pair), undefined);
    return;
  }
  try {
    await live(context, asked, site, found, folder);
  } finally {
    await site.close();
  }
}

/** A command of one's own names its profile only once it runs. */
function refuseUnknown({ bus }: Asked, { message }: LiveUnavailable): never {
  throw new LiveUnavailable(`${bus} could not be asked which profile it has: ${message}`);
}

async function live(context: Context, asked: Asked, site: Site, found: Found, folder: RunFolder): Promise<void> {
  const { bus, common } = asked;
  const stage = await site.openBus(bus);
  const { profile } = profileOf(stage.greeting.profile, bus, common.profile);
  if (!stage.capabilities.has("policy"))
    throw new FaultlineError(
      `${bus} lacks the capability policy, so it cannot answer a question about one; the bundled buses that have it are ${withPolicy}.`,
      exitCodes.unavailable,
    );
  const { versions } = site.servers;
  found.profile = profile;
  found.client = clientText(stage);
  found.selfTest = selfTestOf(site);
  found.unclaimed = stage.unclaimed;
  found.servers = [`nats-server ${versions["nats-server"]}`, `toxiproxy ${versions.toxiproxy}`];
  const began = performance.now();
  const pairs = pairsOf(asked, profile, found);
  // Before the first live case: what the oracle asks of a restart can take a second, in which no lane could keep its bounds.
  const modelled = new Map<Pair, ModelRuns>();
  for (const pair of pairs) {
    modelled.set(pair, modelRuns(asked, profile, pair));
    context.progress.now(`${asked.question}: ${modelled.size} of ${found.total} in the model`);
    await setImmediate();
    if (context.signal.aborted) return;
  }
  const work = async ({ scaled }: Pair): Promise<LiveRun | NotRun> => {
    const shortfall = shortfallIn(scaled, stage);
    return shortfall.kind === "none" ? liveRun(stage, asked, profile, scaled) : shortfall;
  };
  for await (const { job, result } of inLanes(stage.lanes, pairs, work)) {
    const models = modelled.get(job) ?? modelRuns(asked, profile, job);
    // Before it is run again: what was found stands, though a signal may come meanwhile.
    record(asked, found, folder, job, models, result);
    if (result.kind === "ran" && result.judgement.verdict === "violated" && !foretold(models, result))
      rated(found, job, await rate(stage, asked, profile, job.scaled));
    context.progress.now(`${asked.question}: ${found.cases.length} of ${found.total}, ${job.scaled.scenario.id}`);
    found.seconds = (performance.now() - began) / 1_000;
    if (context.signal.aborted) return;
  }
  await stage.close();
}

const withPolicy = "go-nats-go and typescript-nats-js-3";

/** One case in the policy's own time, and in that of a live run. */
interface Pair {
  readonly own: DrillCase;
  readonly scaled: DrillCase;
}

function pairsOf({ question, policy }: Asked, profile: Profile, found: Found): readonly Pair[] {
  const scaled = casesOf(question, liveTime(question, policy.policy), profile);
  const pairs = casesOf(question, policy.policy, profile).map((own, i) => ({ own, scaled: scaled[i] ?? own }));
  found.total = pairs.length;
  return pairs;
}

/** A policy's live time. The buffer's recovery is measured, so its wait between dials stays the policy's own. */
function liveTime(question: Question, policy: Policy): Policy {
  const scaled = inLiveTime(policy);
  const { reconnectWaitMs } = policy.client;
  if (question !== "buffer" || reconnectWaitMs === undefined) return scaled;
  return { ...scaled, client: { ...scaled.client, reconnectWaitMs: Math.min(reconnectWaitMs, reconnectWaitMsMax) } };
}

/** A size that the policy sets and the client has no option for is as it is in production; one that is set beside it would show nothing. */
const shortfallIn = ({ scenario, judged }: DrillCase, able: Able): Shortfall =>
  shortfallFrom(
    missingCapabilities(scenario, able.capabilities).filter(one => one !== "reconnect-buffer-limit" || !judged),
    able,
  );

type NotRun = Exclude<Shortfall, { readonly kind: "none" }>;

interface LiveRun extends CaseRun {
  readonly kind: "ran";
  readonly atMs: readonly number[];
  readonly memory: Ran["memory"];
}

async function liveRun(stage: LiveStage, { bus, common }: Asked, profile: Profile, one: DrillCase): Promise<LiveRun> {
  const { scenario } = one;
  const events: Event[] = [];
  const atMs: number[] = [];
  const memory: NonNullable<Ran["memory"]>[number][] = [];
  const planned = planFor(stage, { scenario, bus, profile, seed: common.seed });
  await stage.run(
    planned,
    event => {
      events.push(event);
      atMs.push(performance.now());
    },
    sample => memory.push(sample),
  );
  return { kind: "ran", events, atMs, memory, judgement: judge(planned, events, { require: common.require }) };
}

interface ModelRuns {
  readonly own: CaseRun;
  readonly scaled: CaseRun;
}

const modelRuns = ({ common }: Asked, profile: Profile, { own, scaled }: Pair): ModelRuns => {
  const run = ({ scenario }: DrillCase): CaseRun =>
    runModelCase({ scenario, profile, seed: common.seed }, { require: common.require });
  return { own: run(own), scaled: run(scaled) };
};

const wordsFor = (judgement: Judgement): readonly string[] => allBrokenBy(judgement).map(brokeText);

/** All that broke live broke in the model too. */
const foretold = ({ own, scaled }: ModelRuns, { judgement }: CaseRun): boolean => {
  const known = new Set([...wordsFor(own.judgement), ...wordsFor(scaled.judgement)]);
  return wordsFor(judgement).every(one => known.has(one));
};

async function rate(stage: LiveStage, asked: Asked, profile: Profile, one: DrillCase) {
  let k = 1;
  for (let i = 0; i < rerunsOfViolation; i++)
    if ((await liveRun(stage, asked, profile, one)).judgement.verdict === "violated") k++;
  return { k, n: 1 + rerunsOfViolation };
}

// ---- What is found ----

function record(
  asked: Asked,
  found: Found,
  folder: RunFolder,
  { own, scaled }: Pair,
  models: ModelRuns,
  result: LiveRun | NotRun | undefined,
): void {
  const { scenario, about, part, variant, judged } = scaled;
  const live = result?.kind === "ran" ? result : undefined;
  const notShown = result?.kind === "unproven" ? result.missing : null;
  const file = folder.write(
    `case-${scenario.id.replaceAll("/", "-")}.json`,
    `${JSON.stringify(scenario, undefined, 2)}\n`,
  );
  const again = replayLine(file, askedWith(asked));
  const judgements: (readonly ["model" | "live", Judgement])[] = [
    ["model", models.own.judgement],
    ["model", models.scaled.judgement],
    ...(live === undefined ? [] : [["live", live.judgement] as const]),
  ];
  const verdict = concluded(
    judgements.map(([, one]) => one.verdict),
    { interrupted: notShown !== null },
  );
  const shown = judgements.find(([, one]) => one.verdict === verdict)?.[1];
  const reason = shown?.reason ?? (notShown === null ? models.own.judgement.reason : unprovenReason(notShown));
  found.ran.push({
    own,
    scaled,
    ownModel: models.own.events,
    model: models.scaled.events,
    live: live?.events,
    atMs: live?.atMs,
    memory: live?.memory,
  });
  found.cases.push({
    id: scenario.id,
    about,
    part,
    variant: variant ?? null,
    judged,
    verdict,
    reason,
    model: worst([models.own.judgement.verdict, models.scaled.judgement.verdict]),
    live: live?.judgement.verdict ?? null,
    agrees: live === undefined ? null : live.judgement.conformance.answer === "permitted",
    notRun: result?.kind === "lacks" ? result.missing : null,
    notShown,
    notObserved: live === undefined ? null : whyNotObserved(live),
    ledger: (live?.judgement ?? models.scaled.judgement).ledger,
    file,
    again,
  });
  for (const property of new Set(judgements.flatMap(([, one]) => wordsFor(one)))) {
    const broken = judgements.filter(([, one]) => wordsFor(one).includes(property));
    const last = broken.at(-1);
    if (last === undefined) continue;
    found.violations.push({
      property,
      case: scenario.id,
      about,
      worlds: [...new Set(broken.map(([world]) => world))],
      reason: whyBroken(last[1], brokeOf(property)),
      reproduced: { k: 1, n: 1 },
      file,
      again,
    });
  }
}

/** The reason why the run was not observed, whatever the verdict: the model may break what a live run that was given up does not show. */
function whyNotObserved({ judgement, events }: LiveRun): string | null {
  if (judgement.verdict === "inconclusive") return judgement.reason;
  const wait = events.find(event => event.kind === "not-awaited");
  if (wait !== undefined) return `${wait.step} gave up waiting for ${wait.what}`;
  const observed = events.findLast(event => event.kind === "observed");
  return observed?.complete === true ? null : (observed?.why ?? "it did not end");
}

/** Notes how often the violations of this case came again in live runs. */
function rated({ violations }: Found, { scaled }: Pair, reproduced: QuestionViolation["reproduced"]): void {
  for (const [i, one] of violations.entries())
    if (one.case === scaled.scenario.id) violations[i] = { ...one, reproduced };
}

/** The options of a case and of the question alike. */
const askedWith = ({ bus, common: { profile, require, backend } }: Asked) =>
  ({ bus, profile, require, backend: backendOption(backend) }) as const;

function conclude(
  context: Context,
  asked: Asked,
  found: Found,
  folder: RunFolder,
  interrupted: boolean,
): CommandEnding {
  const { question, bus, policy, common } = asked;
  const whole = !interrupted && found.reason === undefined && found.cases.length === found.total && found.total > 0;
  const isIdle = found.cases.some(({ judged, notRun, notShown }) => notShown !== null || (judged && notRun !== null));
  // What is set beside the policy and could not be shown leaves its own answer as it is.
  const counts = found.cases.filter(one => one.judged || one.verdict === "violated").map(one => one.verdict);
  const verdict: Verdict = worst([...counts, whole && !isIdle ? "holds" : "inconclusive"]);
  const violations = ownFirst(question, found.violations);
  const { families, figures, notes } = answerOf(question, policy.policy, found.profile, found.ran);
  const report: Omit<QuestionReport, "report"> = {
    verdict,
    question,
    policy: policy.policy.name,
    bus,
    profile: found.profile?.name ?? null,
    client: found.client ?? null,
    unclaimed: found.unclaimed ?? null,
    servers: found.servers,
    seed: common.seed,
    interrupted,
    live: { reason: found.reason ?? null, seconds: Number(found.seconds.toFixed(1)) },
    selfTest: found.selfTest,
    families,
    figures,
    notes,
    violations,
    cases: found.cases,
  };
  const document = kept({ folder, json: "drill.json", text: renderQuestion(report, plain) }, report);
  const again = violations[0]?.again ?? sameLine(asked);
  return ending({ kind: "question", document }, { text: renderQuestion(report, context.paint), again });
}

const concerns: Readonly<Record<Question, string>> = {
  durability: "durable-path",
  buffer: "reconnect-buffer",
  shutdown: "shutdown",
  "cold-start": "cold-start",
};

/** Promises of the question's own concern, then what else its cases broke. */
function ownFirst(question: Question, violations: readonly QuestionViolation[]): readonly QuestionViolation[] {
  const isOwn = ({ property }: QuestionViolation): boolean => concernOf(brokeOf(property)) === concerns[question];
  return [...violations.filter(isOwn), ...violations.filter(one => !isOwn(one))];
}

const sameLine = (asked: Asked): string =>
  commandLine(`drill ${asked.question}`, {
    policy: asked.policy.named,
    ...askedWith(asked),
    seed: asked.common.seed,
  });
