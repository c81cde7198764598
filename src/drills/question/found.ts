/** The findings of a question so far: what its cases have shown, as the report has it. */

import type { Profile } from "../../../models/vocabulary/profile.ts";
import { worst } from "../../../models/vocabulary/verdict.ts";
import { replayLine } from "../../findings/again.ts";
import { brokeOf, reasonText, whyBroken } from "../../findings/broke.ts";
import { concluded } from "../../findings/ending.ts";
import { unprovenReason } from "../../judge/capability.ts";
import { besidesOf } from "../../judge/foretold.ts";
import type { Judgement } from "../../judge/judge.ts";
import { renderSteps } from "../../report/failure.ts";
import { addNotDemanded, type NotDemanded } from "../../report/not-demanded.ts";
import type { SelfTestReport } from "../../report/not-shown.ts";
import { plain } from "../../report/paint.ts";
import type { QuestionCase, QuestionViolation } from "../../report/question.ts";
import type { Context } from "../../runs/context.ts";
import type { RunFolder } from "../../runs/run-folder.ts";
import { liveWorld, modelWorld, type WorldName } from "../../worlds/names.ts";
import type { Ran } from "../answer.ts";
import { type AskedQuestion, askedWith, type CasePair } from "./asked.ts";
import {
  isRetimed,
  type LiveRun,
  type ModelAlone,
  type ModelRuns,
  type NotRun,
  type Retimed,
  wordsFor,
} from "./run.ts";

/** The parts of a drill that asks a question, the same from its beginning to its end. */
export interface QuestionDrill {
  readonly context: Context;
  readonly asked: AskedQuestion;
  readonly found: QuestionFound;
  readonly folder: RunFolder;
}

/** Grows while the drill runs, so that what was found before an interrupt is there. */
export interface QuestionFound {
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
  readonly notDemanded: NotDemanded[];
}

export const newFound = (): QuestionFound => ({
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
  notDemanded: [],
});

/**
 * True where the case has a part in the verdict: the policy's own rows do, and a row beside it only where it is violated, so one that could
 * not be shown leaves the answer as it is. A bus with one behaviour is held to no row beside its policy.
 */
export const isCounted = ({
  judged,
  verdict,
  modelAlone,
}: Pick<QuestionCase, "judged" | "verdict" | "modelAlone">): boolean =>
  judged || (verdict === "violated" && modelAlone !== true);

/** The end of a case in a live world. */
export type CaseResult = LiveRun | NotRun | ModelAlone | Retimed;

/** One case, as it was run. */
export interface CaseShown {
  readonly pair: CasePair;
  readonly models: ModelRuns;
  /** Undefined without a live world. */
  readonly result: CaseResult | undefined;
}

/** Notes what a case came to, and writes it down beside the report, so that one line replays it. */
export function record({ asked, found, folder }: QuestionDrill, { pair, models, result }: CaseShown): void {
  const { own, scaled } = pair;
  const { scenario, about, part, variant, judged } = scaled;
  const live = result?.kind === "ran" ? result : undefined;
  const notShown = result?.kind === "unproven" ? result.missing : null;
  const file = folder.write(`case-${fileName(scenario.id)}.json`, `${JSON.stringify(scenario, undefined, 2)}\n`);
  const again = replayLine(file, askedWith(asked));
  const seen =
    live?.judgement.verdict === "violated"
      ? folder.write(`seen-${fileName(scenario.id)}.txt`, `${renderSteps(scenario, live.events, plain)}\n`)
      : null;
  const retimed = isRetimed(models);
  const judgements: (readonly [WorldName, Judgement])[] = [
    [modelWorld.name, models.own.judgement],
    ...(retimed ? [] : [[modelWorld.name, models.scaled.judgement] as const]),
    ...(live === undefined ? [] : [[liveWorld.name, live.judgement] as const]),
  ];
  const verdict = concluded(
    judgements.map(([, one]) => one.verdict),
    { interrupted: notShown !== null },
  );
  const shown = judgements.find(([, one]) => one.verdict === verdict)?.[1];
  const reason =
    shown === undefined && notShown !== null ? unprovenReason(notShown) : reasonText(shown ?? models.own.judgement);
  found.ran.push({
    own,
    scaled,
    ownModel: models.own.events,
    model: (retimed ? models.own : models.scaled).events,
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
    model: worst(judgements.flatMap(([world, one]) => (world === modelWorld.name ? [one.verdict] : []))),
    live: live?.judgement.verdict ?? null,
    agrees: live === undefined ? null : live.judgement.conformance.answer === "permitted",
    notRun: result?.kind === "lacks" ? result.missing : null,
    notShown,
    notObserved: live === undefined ? null : whyNotObserved(live),
    ...(result?.kind === "model-alone" ? { modelAlone: true } : {}),
    ...(result?.kind === "retimed" ? { retimed: true } : {}),
    ledger: (live?.judgement ?? (retimed ? models.own : models.scaled).judgement).ledger,
    file,
    again,
  });
  if (judged) for (const [, one] of judgements) addNotDemanded(found.notDemanded, besidesOf(scenario, one).notDemanded);
  // What a policy breaks that the bus does not follow is no violation of the bus.
  if (result?.kind === "model-alone") return;
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
      seen: broken.some(([world]) => world === liveWorld.name) ? seen : null,
    });
  }
}

const fileName = (scenario: string): string => scenario.replaceAll("/", "-");

/** The reason why the run was not observed, whatever the verdict: the model may break what a live run that was given up does not show. */
function whyNotObserved({ judgement, events }: LiveRun): string | null {
  if (judgement.verdict === "inconclusive") return reasonText(judgement);
  const wait = events.find(event => event.kind === "not-awaited");
  if (wait !== undefined) return `${wait.step} gave up waiting for ${wait.what}`;
  const observed = events.findLast(event => event.kind === "observed");
  return observed?.complete === true ? null : (observed?.why ?? "it did not end");
}

/** Notes how often the violations of this case came again in live runs. */
export function rated(
  { violations }: QuestionFound,
  { scaled }: CasePair,
  reproduced: QuestionViolation["reproduced"],
): void {
  for (const [i, one] of violations.entries())
    if (one.case === scaled.scenario.id) violations[i] = { ...one, reproduced };
}
