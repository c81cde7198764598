/**
 * `faultline drill QUESTION --before POLICY|RUN`: the policy's own cases of the question, run in turn with those of another policy, or held against
 * an earlier run. One table of differences, and whether to keep the policy.
 */
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { type BeforeAfter, beforeAfter } from "../desk/before/differences.ts";
import { earlierSide, isRunFolder } from "../desk/before/earlier-run.ts";
import { costsOf, type FamilyCosts, modelCosts, type Side } from "../desk/before/side.ts";
import { partsOfFamilies } from "../drills/answer.ts";
import type { Question } from "../drills/drill.ts";
import { type AskedQuestion, type CasePair, pairsOf } from "../drills/question/asked.ts";
import { isRetimed, liveRun, modelRuns } from "../drills/question/run.ts";
import { exitCodes, FaultlineError, UsageError } from "../errors.ts";
import type { CommandEnding } from "../findings/ending.ts";
import { type BeforeReport, renderBefore } from "../report/before.ts";
import type { Common } from "../runs/common.ts";
import type { Context } from "../runs/context.ts";
import { unlessInterrupted } from "../runs/interrupt.ts";
import { onSite } from "../runs/on-site.ts";
import { knownPolicy } from "../runs/policies.ts";
import { profileOf } from "../runs/profiles.ts";
import { rendered } from "../text/clean.ts";
import type { LiveStage, Site } from "../worlds/live/index.ts";
import { inLanes } from "../worlds/live/lanes.ts";

/** Runs of each side: with five, one side lies below the other by chance alone once in 252. */
export const beforeRuns = 5;

export interface AskedBefore {
  readonly question: Question;
  readonly common: Common;
  /** A policy, or the folder of an earlier run of the question. */
  readonly before: string;
  readonly runs: number;
}

const exitCodeOf: Readonly<Record<BeforeAfter["verdict"], number>> = {
  keep: exitCodes.holds,
  drop: exitCodes.violated,
  "cannot-be-told": exitCodes.inconclusive,
};

export async function drillBefore(context: Context, asked: AskedBefore): Promise<CommandEnding> {
  const { question, common } = asked;
  const { policy } = common;
  const [bus = "go-nats-go", another] = common.buses;
  if (another !== undefined) throw new UsageError(`drill ${question} takes one --bus NAME|COMMAND.`);
  if (policy === undefined)
    throw new UsageError(`drill ${question} --before needs the policy that is new: --policy NAME|FILE.`);
  // A policy that cannot be read is told before a server is started.
  const isRun = isRunFolder(asked.before);
  const before = isRun ? undefined : knownPolicy(asked.before, context.note);
  let document: BeforeReport | undefined;
  const work = onSite(context, common, common.lanes, async site => {
    const after: AskedQuestion = { question, bus, policy, common };
    const own = before === undefined ? undefined : { ...after, policy: before };
    document = await compared(context, site, { after, before: own ?? asked.before, runs: asked.runs });
  });
  await unlessInterrupted(context.signal, work);
  if (document === undefined) throw new Error("fault in faultline: nothing was compared");
  const text = rendered(renderBefore, document, context.paint);
  return { kind: "drill-before", document, exitCode: exitCodeOf[document.verdict], text };
}

interface Compared {
  readonly after: AskedQuestion;
  /** The question of the other policy, or the folder of an earlier run. */
  readonly before: AskedQuestion | string;
  readonly runs: number;
}

async function compared(context: Context, site: Site, { after, before, runs }: Compared): Promise<BeforeReport> {
  const { question, bus } = after;
  const stage = await site.openBus(bus);
  if (!stage.capabilities.has("policy"))
    throw new FaultlineError(
      `${bus} lacks the capability policy, so it cannot answer a question about one.`,
      exitCodes.unavailable,
    );
  const { profile } = profileOf(stage.greeting.profile, bus, after.common.profile);
  const earlier = typeof before === "string" ? earlierSide(before, question, profile) : undefined;
  const asked = typeof before === "string" ? [after] : [before, after];
  const all = common(asked.map(one => casesFor(one, profile)));
  const live = asked.map((): FamilyCosts[] => []);
  for (let run = 1; run <= runs; run++)
    for (const [i, one] of asked.entries()) {
      context.progress.now(`${question}: run ${run} of ${runs}, ${one.policy.policy.name}`);
      live[i]?.push(await runOnce(stage, one, profile, all[i]?.run ?? []));
    }
  const sides = asked.map(
    ({ policy: { policy } }, i): Side => ({
      name: policy.name,
      live: live[i] ?? [],
      model: modelCosts(
        policy,
        (all[i]?.run ?? []).map(({ scaled }) => scaled.scenario),
        profile,
      ),
    }),
  );
  const [first = earlier, last = first] = earlier === undefined ? sides : [earlier, ...sides];
  if (first === undefined || last === undefined) throw new Error("fault in faultline: there are two sides");
  await stage.close();
  return {
    ...{ question, bus, profile: profile.name, before: first.name, after: last.name },
    ...beforeAfter(first, last),
    cases: all.at(-1)?.run.length ?? 0,
    notRun: [...new Set(all.flatMap(({ retimed }) => retimed.map(({ scaled }) => scaled.scenario.id)))],
  };
}

interface SideCases {
  readonly run: readonly CasePair[];
  /** Those that have no live time. */
  readonly retimed: readonly CasePair[];
}

/** The cases that all sides have and can run: a strategy may have cases that no other has. */
function common(sides: readonly SideCases[]): readonly SideCases[] {
  const idsOf = ({ run }: SideCases): ReadonlySet<string> => new Set(run.map(({ scaled }) => scaled.scenario.id));
  const onAll = (pair: CasePair): boolean => sides.every(side => idsOf(side).has(pair.scaled.scenario.id));
  return sides.map(({ run, retimed }) => ({ run: run.filter(onAll), retimed }));
}

/** The policy's own cases that tell of families. */
function casesFor(asked: AskedQuestion, profile: Profile): SideCases {
  const parts = partsOfFamilies[asked.question];
  const own = pairsOf(asked, profile).filter(({ own: { judged, part } }) => judged && parts.includes(part));
  const retimed = own.filter(pair => isRetimed(modelRuns(asked, profile, pair)));
  return { run: own.filter(pair => !retimed.includes(pair)), retimed };
}

async function runOnce(
  stage: LiveStage,
  asked: AskedQuestion,
  profile: Profile,
  pairs: readonly CasePair[],
): Promise<FamilyCosts> {
  const { policy }: { readonly policy: Policy } = asked.policy;
  const runs: (readonly Event[])[] = [];
  for await (const { result } of inLanes(stage.lanes, pairs, ({ scaled }) => liveRun(stage, asked, profile, scaled)))
    runs.push(result.events);
  return costsOf(policy, runs);
}
