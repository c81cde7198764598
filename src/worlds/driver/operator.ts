/** The operator's part before any bus starts, and again where a server came back without it. */
import { boundSubjects, presentStreams } from "../../../models/policy/streams.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import type { Course } from "./course.ts";

/** The streams that the policy calls present, and the durable consumers that it only binds to. */
export async function operate({ one: { scenario }, service, rig: { streams } }: Course): Promise<void> {
  if (service === undefined) return;
  const { policy } = service;
  const present = presentStreams(policy);
  // From here on they are listened for.
  if (policy.streams.length > 0) await streams.removals();
  if (present.length > 0) await streams.create(present);
  for (const subject of boundSubjects(policy, subjectsSubscribed(scenario)))
    await streams.bind({ subject, ...policy.consume });
}

const subjectsSubscribed = ({ steps }: Scenario): readonly string[] => [
  ...new Set(steps.flatMap(step => (step.kind === "subscribe" ? [step.subject] : []))),
];
