/**
 * A scenario whose own waits, starts and stops a real clock allows. Its time moves only at its `advance` steps, and a real duplicate window runs on while
 * publishes wait for acknowledgements that do not come. Without this, such a case is given up on any machine, and a busy one is blamed.
 */
import { planCase } from "../../../models/plan/plan.ts";
import { ageMsOf } from "../../../models/policy/limits.ts";
import { attemptAtMs } from "../../../models/policy/publishing.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario, Step } from "../../../models/vocabulary/scenario.ts";
import { runModel } from "../../worlds/model.ts";

/** The rest is for faults, heals and restarts, which take time of their own. */
const shareForWaits = 0.6;

/** The scenario up to the publish with which its waits would take more than their share of the shortest window of its policy. */
export function withinWindows(scenario: Scenario, profile: Profile): Scenario {
  const { policy } = scenario;
  const windowMs = Math.min(...(policy?.streams ?? []).map(one => one.duplicateWindowMs));
  if (!Number.isFinite(windowMs)) return scenario;
  let leftMs = shareForWaits * windowMs;
  let beyond: string | undefined;
  const waitedMs = publishWaits(scenario);
  let step = "";
  let isKill = false;
  runModel(planCase(scenario, profile), scenario.id, event => {
    if (event.kind === "step" && event.phase === "began") step = event.step;
    // The stop of a process that its supervisor kills takes real time, and none of the scenario's.
    if (event.kind === "process" && event.change === "stopping") isKill = event.probe !== undefined;
    if (event.kind === "process" && event.change === "exited" && isKill) {
      leftMs -= event.tookMs;
      if (leftMs < 0) beyond ??= step;
    }
    if (event.kind !== "published") return;
    leftMs -= waitedMs(event);
    if (leftMs < 0) beyond ??= event.step;
  });
  return endingBefore(scenario, beyond);
}

type AnsweredCalls = Extract<Event, { readonly kind: "published" }>;

/** The time for which the calls of each event waited, one after the other. */
export function publishWaits({ steps }: Scenario): (event: AnsweredCalls) => number {
  const waited = new Set<string>();
  const asynchronous = new Set(steps.filter(one => one.kind === "publish" && one.async === true).map(({ id }) => id));
  return ({ step, tookMs = 0, count }) => {
    if (!asynchronous.has(step)) return tookMs * count;
    // Asynchronous calls wait beside each other.
    const isFirst = !waited.has(step);
    if (tookMs > 0) waited.add(step);
    return isFirst ? tookMs : 0;
  };
}

/** The time that a process takes to start, and a server or a link to come back. */
const startMs = 300;
const shareForStops = 0.25;

/**
 * The scenario up to the step with which its starts and stops would take more than their share of the shortest age of its policy. They take no
 * time of the scenario, and messages grow older meanwhile.
 */
export function withinAges(scenario: Scenario, profile: Profile): Scenario {
  const ages = (scenario.policy?.streams ?? []).flatMap(one => ageMsOf(one) ?? []);
  if (ages.length === 0) return scenario;
  let leftMs = shareForStops * Math.min(...ages);
  let beyond: string | undefined;
  let step = "";
  runModel(planCase(scenario, profile), scenario.id, event => {
    if (event.kind === "step" && event.phase === "began") step = event.step;
    leftMs -= realMsOf(scenario, event);
    if (leftMs < 0) beyond ??= step;
  });
  return endingBefore(scenario, beyond);
}

/** The real time that a start, a stop or a heal takes, and none of the scenario's. A heal may come after attempts of a publish under way. */
export function realMsOf({ steps, policy }: Scenario, event: Event): number {
  if (event.kind === "process" && event.change === "exited") return event.tookMs;
  if (event.kind === "process" && event.change === "started") return startMs;
  if (event.kind !== "healed") return 0;
  const heal = steps.find(({ id }) => id === event.step);
  const attempts = heal?.kind === "heal" ? heal.afterAttempts : undefined;
  return policy === undefined || attempts === undefined ? startMs : attemptAtMs(policy.publish, attempts + 1);
}

export function endingBefore(scenario: Scenario, beyond: string | undefined): Scenario {
  const { steps } = scenario;
  const at = steps.findIndex(step => beyond !== undefined && idsIn(step).includes(beyond));
  return at < 0 ? scenario : { ...scenario, steps: withoutLastFaults(steps.slice(0, at)) };
}

/** A fault with nothing after it meets no message, and would show nothing. */
function withoutLastFaults(steps: readonly Step[]): readonly Step[] {
  const last = steps.findLastIndex(({ kind }) => kind !== "fault");
  return steps.slice(0, last + 1);
}

const idsIn = (step: Step): readonly string[] => {
  if (step.kind === "together") return [step.id, ...step.steps.map(({ id }) => id)];
  if (step.kind === "signal") return [step.id, ...(step.meanwhile ?? []).map(({ id }) => id)];
  return [step.id];
};
