/**
 * The demands that a live run breaks as the model foretells: under a policy that breaks what it demands, the model breaks it in the same scenario too. Live,
 * that is no violation: the worlds agree. It is left out of what the run is held to, and stays among what is broken.
 */
import type { Answering } from "../../models/choice.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import type { AskedCase, Stage } from "../world.ts";
import { type Judgement, type JudgeOptions, judge } from "./judge.ts";
import { type CaseRun, planFor, runAnsweredCase } from "./run.ts";

/** Demands of the policy that neither the client promises nor the user requires. */
function onlyDemanded({ scenario, profile }: AskedCase, { require = [] }: JudgeOptions): readonly string[] {
  const held = new Set([...profile.promises, ...require]);
  return (scenario.policy?.demands ?? []).filter(id => !held.has(id));
}

/** The run, judged without the demands that the model breaks too, by the answers that explain the run or, without them, by other ones. */
export function withoutForetold(
  stage: Pick<Stage, "limits">,
  one: AskedCase,
  run: CaseRun,
  { judging, otherwise }: { readonly judging: JudgeOptions; readonly otherwise: Answering },
): CaseRun {
  const due = onlyDemanded(one, judging);
  const broken = brokenOf(run.judgement).filter(id => due.includes(id));
  if (broken.length === 0) return run;
  const { profile } = one;
  const scenario = asFarAsDone(one.scenario, run.events);
  const model = runAnsweredCase({ scenario, profile, answers: run.judgement.answers, otherwise }, judging);
  const inModel = brokenOf(model.judgement);
  const foretold = broken.filter(id => inModel.includes(id));
  if (foretold.length === 0) return run;
  return { ...run, judgement: judge(planFor(stage, one), run.events, { ...judging, foretold }) };
}

/** The steps that a run came to. One that was given up has not met what the later ones excuse, and the model is not to meet it either. */
function asFarAsDone(scenario: Scenario, events: readonly Event[]): Scenario {
  const last = events.findLast(event => event.kind === "step" && event.phase === "began");
  const at = last?.kind === "step" ? scenario.steps.findIndex(({ id }) => id === last.step) : -1;
  return at < 0 ? scenario : { ...scenario, steps: scenario.steps.slice(0, at + 1) };
}

const brokenOf = ({ properties }: Judgement): readonly string[] =>
  properties.filter(one => one.verdict === "violated").map(one => one.property);

/** The promises that a run has broken beyond what it was held to, parted by whether the policy demands it. */
export function besidesOf({ policy }: AskedCase["scenario"], { notPromised }: Judgement) {
  const demands = policy?.demands ?? [];
  return {
    foretold: notPromised.filter(one => demands.includes(one.property)),
    notDemanded: policy === undefined ? [] : notPromised.filter(one => !demands.includes(one.property)),
  };
}
