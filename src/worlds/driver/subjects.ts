/** Facts that follow from a scenario under a policy before it runs: how each subject is published, and who sees it. */
import { isDurable, type PlannedCase, type View } from "../../../models/plan/plan.ts";
import { covers } from "../../../models/policy/pattern.ts";
import { isTapped, isUnanswered } from "../../../models/policy/streams.ts";
import type { Run } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { partsOf, type Step } from "../../../models/vocabulary/scenario.ts";
import { runModel } from "../model.ts";

/**
 * The subjects to observe. The observer's interest in a subject counts as a listener where no stream takes it: such a publish would look
 * tapped.
 */
export function observedSubjects(one: PlannedCase, policy: Policy): readonly string[] {
  const unobserved = unobservedSubjects(one, policy);
  return [...treatedSubjects(one).core].filter(subject => !unobserved.includes(subject));
}

/** Subjects published both ways: the core publishes among them are not observed. */
export function unobservedSubjects(one: PlannedCase, policy: Policy): readonly string[] {
  const { core, durable } = treatedSubjects(one);
  const both = [...core].filter(subject => durable.has(subject) && !isTapped(policy, subject));
  if (both.length === 0) return both;
  const lacking = lackingStreams(one);
  return both.filter(subject => isUnanswered(policy, subject) || lacking.has(subject));
}

/**
 * Subjects with a publish that finds no stream in the model: it was never made, or was lost with the server's store. What a server refuses while it
 * stops is another matter.
 */
function lackingStreams(one: PlannedCase): ReadonlySet<string> {
  const faults = new Set(one.scenario.steps.filter(({ kind }) => kind === "fault").map(({ id }) => id));
  const subjects = new Set<string>();
  const unstored: Run[] = [];
  const isUnstored = ({ first, count }: Run): boolean =>
    unstored.some(run => run.first < first + count && first < run.first + run.count);
  let step = "";
  runModel(one, one.scenario.id, event => {
    if (event.kind === "step" && event.phase === "began") step = event.step;
    if (event.kind === "ended" && event.place === "no stream" && !faults.has(step)) unstored.push(event);
    if (event.kind === "published" && event.subject !== undefined && isUnstored(event)) subjects.add(event.subject);
  });
  return subjects;
}

/** The policy's taps that match a subject of the scenario: another subscriber of the platform has them. */
export function tappedSubjects(one: PlannedCase, policy: Policy): readonly string[] {
  const { core, durable } = treatedSubjects(one);
  return policy.taps.filter(tap => [...core, ...durable].some(subject => covers(tap, subject)));
}

/** Subjects that are published as core NATS, and through JetStream. */
function treatedSubjects({ scenario, plan }: PlannedCase): {
  readonly core: ReadonlySet<string>;
  readonly durable: ReadonlySet<string>;
} {
  const core = new Set<string>();
  const durable = new Set<string>();
  const note = (step: Step, before: View): void => {
    for (const part of partsOf(step)) note(part, before);
    if (step.kind === "publish")
      (isDurable(before, step) ? durable : core).add(step.subject ?? scenario.options.subject);
  };
  for (const planned of plan.steps)
    if (planned.kind === "step" && planned.skipped === undefined) note(planned.step, planned.before);
  return { core, durable };
}
