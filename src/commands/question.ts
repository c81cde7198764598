/**
 * `faultline drill durability|buffer|shutdown|cold-start`: one question about a policy, answered by a fixed list of cases. Each is run in
 * the model twice, in the policy's own time and in that of a live run, and live once; the policy's demands are what it is held to. Every
 * live case is written down beside the report, so that one line replays it.
 */

import { outlastsOf } from "../../models/policy/outlasts.ts";
import { type Verdict, worst } from "../../models/vocabulary/verdict.ts";
import { answerOf } from "../drills/answer.ts";
import type { Question } from "../drills/drill.ts";
import { type AskedQuestion, askedWith } from "../drills/question/asked.ts";
import { inModel, onBus } from "../drills/question/cases.ts";
import { isCounted, newFound, type QuestionDrill } from "../drills/question/found.ts";
import { UsageError } from "../errors.ts";
import { commandLine } from "../findings/again.ts";
import { brokeOf, concernOf } from "../findings/broke.ts";
import { versionsHere } from "../findings/counterexample.ts";
import { type CommandEnding, ending, kept } from "../findings/ending.ts";
import { notModelledShown } from "../report/not-modelled.ts";
import { plain } from "../report/paint.ts";
import { type QuestionReport, type QuestionViolation, renderQuestion } from "../report/question.ts";
import { reorderNotes } from "../report/times.ts";
import type { Common } from "../runs/common.ts";
import type { Context } from "../runs/context.ts";
import { unlessInterrupted, wasInterrupted } from "../runs/interrupt.ts";
import { digestOfJson, type Header } from "../runs/journal.ts";
import { LiveUnavailable } from "../runs/live.ts";
import { openLive } from "../runs/on-site.ts";
import { knownPolicy } from "../runs/policies.ts";
import { bundledProfile, knownProfile } from "../runs/profiles.ts";
import { openRunFolder } from "../runs/run-folder.ts";
import { rendered } from "../text/clean.ts";

const busDefault = "go-nats-go";
const policyDefault = "cordum-hardened";

export async function drillQuestion(context: Context, question: Question, common: Common): Promise<CommandEnding> {
  const [bus = busDefault, another] = common.buses;
  if (another !== undefined) throw new UsageError(`drill ${question} takes one --bus NAME|COMMAND.`);
  if (common.resume !== undefined)
    throw new UsageError(`drill ${question} takes no --resume: it takes less than a minute, so run it again.`);
  const asked: AskedQuestion = { question, bus, policy: common.policy ?? knownPolicy(policyDefault), common };
  context.say(`seed ${common.seed}`);
  const folder = openRunFolder(headerOf(asked), undefined);
  context.say(`run  ${folder.path}`);
  const drill: QuestionDrill = { context, asked, found: newFound(), folder };
  const interrupted = await wasInterrupted(context.signal, everyCase(drill));
  folder.journal.close();
  return conclude(drill, interrupted);
}

const headerOf = ({ question, bus, policy, common }: AskedQuestion): Header => ({
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

async function everyCase(drill: QuestionDrill): Promise<void> {
  const { context, asked, found } = drill;
  const { common } = asked;
  const site = await unlessInterrupted(context.signal, openLive(context, common, common.lanes)).catch(
    (error: unknown) => {
      // A user who names containers wants them, and is not left with the model alone.
      if (error instanceof LiveUnavailable && common.backend === "process") return error;
      throw error;
    },
  );
  if (site instanceof LiveUnavailable) {
    found.reason = site.message;
    return inModel(drill, knownProfile(common.profile ?? bundledProfile(asked.bus) ?? refuseUnknown(asked, site)));
  }
  try {
    await onBus(drill, site);
  } finally {
    await site.close();
  }
}

/** A command of one's own names its profile only once it runs. */
function refuseUnknown({ bus }: AskedQuestion, { message }: LiveUnavailable): never {
  throw new LiveUnavailable(`${bus} could not be asked which profile it has: ${message}`);
}

function conclude({ context, asked, found, folder }: QuestionDrill, interrupted: boolean): CommandEnding {
  const { question, bus, policy, common } = asked;
  const whole = !interrupted && found.reason === undefined && found.cases.length === found.total && found.total > 0;
  const isIdle = found.cases.some(({ judged, notRun, notShown }) => notShown !== null || (judged && notRun !== null));
  const counts = found.cases.filter(isCounted).map(one => one.verdict);
  const verdict: Verdict = worst([...counts, whole && !isIdle ? "holds" : "inconclusive"]);
  const violations = ownFirst(question, found.violations);
  const { families, figures, redelivered, gaps } = answerOf(question, policy.policy, found.profile, found.ran);
  const report: Omit<QuestionReport, "report"> = {
    verdict,
    question,
    policy: policy.policy.name,
    outlasts: outlastsOf(policy.policy),
    notModelled: notModelledShown(policy.policy),
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
    redelivered,
    ...(gaps && { gaps }),
    notes: reorderNotes(policy.policy),
    violations,
    notDemanded: found.notDemanded,
    cases: found.cases,
  };
  const document = kept({ folder, json: "drill.json", text: rendered(renderQuestion, report, plain) }, report);
  const again = violations[0]?.again ?? sameLine(asked);
  return ending({ kind: "question", document }, { text: rendered(renderQuestion, report, context.paint), again });
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

const sameLine = (asked: AskedQuestion): string =>
  commandLine(`drill ${asked.question}`, {
    policy: asked.policy.named,
    ...askedWith(asked),
    seed: asked.common.seed,
  });
