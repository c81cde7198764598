/**
 * The scenarios of the corpus that a drill runs live on a bus when it must end within a minute. Every concern takes its turn, the cheapest
 * scenario first, while the estimated time stays within a budget. The estimate follows from the scenario alone, so that the choice is the
 * same on every machine. In the model all of them are run.
 */

import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { timedOutMs } from "../../models/policy/publishing.ts";
import { type PublishStep, partsOf, type Scenario, type Step } from "../../models/vocabulary/scenario.ts";
import type { CorpusEntry } from "../files/corpus.ts";

/** The budget of one lane, for each bus: with four lanes on two processors, some 13 s of a person's time. */
export const selectionBudgetMs = 50_000;

export const selectionRule =
  "every concern in turn, its cheapest first by an estimate, within a budget of time for each bus";

export interface Selection {
  readonly chosen: readonly CorpusEntry[];
  readonly leftOut: readonly CorpusEntry[];
}

/** Selects from the scenarios that one bus is able to run. */
export function selectCorpus(corpus: readonly CorpusEntry[], budgetMs: number = selectionBudgetMs): Selection {
  const cost = new Map(corpus.map(entry => [entry, estimatedMs(entry.scenario)]));
  const costOf = (entry: CorpusEntry): number => cost.get(entry) ?? 0;
  const queues = [...Map.groupBy(corpus, ({ scenario }) => scenario.id.replace(/\/.*/, "")).values()].map(entries =>
    entries.toSorted((a, b) => costOf(a) - costOf(b)),
  );
  const chosen = new Set<CorpusEntry>();
  let spentMs = 0;
  for (let turn = 0; queues.some(queue => turn < queue.length); turn++)
    for (const queue of queues) {
      const next = queue[turn];
      // Later scenarios in the queue cost no less, but another concern may still have one that fits.
      if (next === undefined || spentMs + costOf(next) > budgetMs) continue;
      chosen.add(next);
      spentMs += costOf(next);
    }
  return {
    chosen: corpus.filter(entry => chosen.has(entry)),
    leftOut: corpus.filter(entry => !chosen.has(entry)),
  };
}

// Measured with four lanes on two processors; only their proportions matter.
const bareMs = 250;
const underPolicyMs = 900;
const serverMs = 400;
const bytesPerMs = 20_000;
/** The most of the scenario's time for which a clock of the real parts is waited for. */
const advanceMsMax = 5_000;

/** A rough estimate of the time that one live run of the scenario takes. */
export function estimatedMs(scenario: Scenario): number {
  const { steps, policy, options } = scenario;
  const { pingIntervalMs = 0, pingsOutMax = 2, reconnectAttemptsMax, reconnectWaitMs } = options;
  let ms = policy === undefined ? bareMs : underPolicyMs;
  let isDisturbed = false;
  for (const step of steps.flatMap(wholeOf)) {
    if (step.kind === "fault") {
      isDisturbed = true;
      if (step.fault.kind !== "cut" && step.fault.kind !== "hold") ms += serverMs;
      if ("awaits" in step.fault && step.fault.awaits === "gave-up")
        ms += Math.max(0, reconnectAttemptsMax) * reconnectWaitMs;
      else if (step.fault.kind === "cut" && typeof step.fault.dials === "number")
        ms += step.fault.dials * reconnectWaitMs;
    }
    if (step.kind === "heal") isDisturbed = false;
    if (step.kind === "await-noticed") ms += pingIntervalMs * (pingsOutMax + 1);
    if (step.kind === "flush" && isDisturbed) ms += step.timeoutMs;
    if (step.kind === "advance") ms += Math.min(step.ms, advanceMsMax);
    if (step.kind === "signal" && isDisturbed && policy?.shutdown.strategy === "four-steps")
      ms += policy.shutdown.budgetMs;
    if (step.kind === "signal") ms += policy?.shutdown.drainTimeoutMs ?? 0;
    if (step.kind === "publish") ms += publishMs(scenario, step, isDisturbed);
  }
  return ms;
}

const wholeOf = (step: Step): readonly Step[] => (step.kind === "together" ? step.steps : [step, ...partsOf(step)]);

/** A disturbed publish waits for its acknowledgement until its timeout. */
function publishMs({ policy, options }: Scenario, step: PublishStep, isDisturbed: boolean): number {
  const sentMs = (step.count * step.bytes) / bytesPerMs;
  if (policy === undefined || !isDisturbed || !isClassifiedDurable(policy, step.subject ?? options.subject))
    return sentMs;
  return sentMs + timedOutMs(policy.publish, step.async) * (step.async === true ? 1 : step.count);
}
