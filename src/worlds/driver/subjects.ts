/** Facts that follow from a scenario under a policy before it runs: how each subject is published, and who sees it. */
import { isDurable, type PlannedCase, type View } from "../../../models/plan/plan.ts";
import { covers } from "../../../models/policy/pattern.ts";
import { isUnanswered } from "../../../models/policy/streams.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { partsOf, type Step } from "../../../models/vocabulary/scenario.ts";

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
  return [...core].filter(subject => durable.has(subject) && isUnanswered(policy, subject));
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
