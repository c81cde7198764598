/** The operator's part before any bus starts, and again where a server came back without it. */

import type { PlannedCase } from "../../../models/plan/plan.ts";
import { boundSubjects, presentStreams } from "../../../models/policy/streams.ts";
import { asStands } from "../../../models/policy/two-sides.ts";
import type { Course } from "./course.ts";

/** The streams that the policy calls present, and the durable consumers that are the operator's. */
export async function operate({ one, service, rig: { streams } }: Course): Promise<void> {
  if (service === undefined) return;
  const { policy } = service;
  const present = presentStreams(policy);
  // From here on they are listened for.
  if (policy.streams.length > 0) await streams.removals();
  if (present.length > 0) await streams.create(present);
  for (const subject of boundSubjects(policy, subjectsSubscribed(one)))
    await streams.bind({ subject, ...asStands(policy.consume) });
}

/** The subjects of the steps that are done: of two consumers that the server does not take beside each other, the plan skips one. */
const subjectsSubscribed = ({ plan }: PlannedCase): readonly string[] => [
  ...new Set(
    plan.steps.flatMap(({ step, skipped }) =>
      step.kind === "subscribe" && skipped === undefined ? [step.subject] : [],
    ),
  ),
];
