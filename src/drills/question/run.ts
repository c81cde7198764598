/** One case of a question, run: in the model twice, live once, and live again where only the live run was violated. */
import { isDeepStrictEqual } from "node:util";
import type { InjectorLimits } from "../../../models/plan/setting.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Greeting } from "../../bus-protocol/protocol.ts";
import { allBrokenBy, brokeText } from "../../findings/broke.ts";
import { type Able, missingCapabilities, type Shortfall, shortfallFrom } from "../../judge/capability.ts";
import { type Judgement, judgeWithReason } from "../../judge/judge.ts";
import { type AttemptedRun, type CaseRun, planFor, runModelCase, settled } from "../../judge/run.ts";
import type { LiveStage } from "../../worlds/live/index.ts";
import { modelLimits } from "../../worlds/model.ts";
import type { Ran } from "../answer.ts";
import type { DrillCase } from "../drill.ts";
import type { AskedQuestion, CasePair } from "./asked.ts";

/** A live violation that the model did not have is run again, and its rate stated. */
const rerunsOfViolation = 4;

/** A size of the buffer other than the asked policy's shows nothing on a client without the option. */
export function shortfallIn({ policy }: AskedQuestion, { scenario }: DrillCase, able: Able): Shortfall {
  const { reconnectBufferBytesMax } = scenario.options;
  const isOther = reconnectBufferBytesMax !== policy.policy.client.reconnectBufferBytesMax;
  const limit =
    isOther && !able.capabilities.has("reconnect-buffer-limit") ? (["reconnect-buffer-limit"] as const) : [];
  return shortfallFrom([...new Set([...missingCapabilities(scenario, able.capabilities), ...limit])], able);
}

/** Bus or world lack what the case needs. */
export type NotRun = Exclude<Shortfall, { readonly kind: "none" }>;

/** A row beside the policy, asked of a bus that has one behaviour: only the model has another to show. */
export interface ModelAlone {
  readonly kind: "model-alone";
}

/** True where the case has nothing to ask of a bus that greeted so. */
export const isModelAlone = ({ judged }: DrillCase, { fixed }: Pick<Greeting, "fixed">): boolean =>
  fixed === true && !judged;

export interface LiveRun extends CaseRun {
  readonly kind: "ran";
  readonly atMs: readonly number[];
  readonly memory: Ran["memory"];
}

/** One run, tried once more alone where `settled` says so. */
export async function liveRun(
  stage: LiveStage,
  { bus, common }: AskedQuestion,
  profile: Profile,
  { scenario }: DrillCase,
): Promise<LiveRun> {
  const planned = planFor(stage, { scenario, bus, profile, seed: common.seed });
  const attempt = async (run: LiveStage["run"]): Promise<LiveRun & AttemptedRun> => {
    const events: Event[] = [];
    const atMs: number[] = [];
    const memory: NonNullable<Ran["memory"]>[number][] = [];
    const emit = (event: Event): void => {
      events.push(event);
      atMs.push(performance.now());
    };
    await run(planned, emit, sample => memory.push(sample));
    return { kind: "ran", events, atMs, memory, ...judgeWithReason(planned, events, { require: common.require }) };
  };
  return settled(planned, {
    beside: () => attempt(stage.run),
    alone: () => attempt(stage.runAlone),
    watched: () => attempt(stage.runWatched),
  });
}

export interface ModelRuns {
  readonly own: CaseRun;
  readonly scaled: CaseRun;
}

/** The policy's own time passes in the model alone, where no machine is busy. */
const ownLimits: InjectorLimits = new Set([...modelLimits].filter(one => one !== "machine-load"));

/** Both times share one run where they are the same. */
export function modelRuns({ common }: AskedQuestion, profile: Profile, { own, scaled }: CasePair): ModelRuns {
  const run = ({ scenario }: DrillCase, limits?: InjectorLimits): CaseRun =>
    runModelCase({ scenario, profile, seed: common.seed, limits }, { require: common.require });
  const inLive = run(scaled);
  return { own: isDeepStrictEqual(own, scaled) ? inLive : run(own, ownLimits), scaled: inLive };
}

/** The words for all that it broke. */
export const wordsFor = (judgement: Judgement): readonly string[] => allBrokenBy(judgement).map(brokeText);

/** Only the own time of the policy has an answer: in the time of a live run its waits end in another order, or too close together. */
export interface Retimed {
  readonly kind: "retimed";
}

/** True where the model breaks other promises in the time of a live run, so that a live run would answer another question. */
export const isRetimed = ({ own, scaled }: ModelRuns): boolean =>
  !isDeepStrictEqual(brokenIn(own.judgement), brokenIn(scaled.judgement));

const brokenIn = (judgement: Judgement): readonly string[] =>
  [...wordsFor(judgement), ...judgement.notPromised.map(({ property }) => property)].toSorted();

/** All that broke live broke in the model too. */
export const foretold = ({ own, scaled }: ModelRuns, { judgement }: CaseRun): boolean => {
  const known = new Set([...wordsFor(own.judgement), ...wordsFor(scaled.judgement)]);
  return wordsFor(judgement).every(one => known.has(one));
};

/** The rate at which it is violated live, the run that found it included. */
export async function rate(stage: LiveStage, asked: AskedQuestion, profile: Profile, one: DrillCase) {
  let k = 1;
  for (let i = 0; i < rerunsOfViolation; i++)
    if ((await liveRun(stage, asked, profile, one)).judgement.verdict === "violated") k++;
  return { k, n: 1 + rerunsOfViolation };
}
