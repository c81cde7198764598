/** What the operator makes before any bus starts, and again where a server came back without it. */
import type { StreamPolicy } from "../../../models/vocabulary/policy.ts";
import { streamOf } from "../../../models/vocabulary/policy-rules.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import type { Course } from "./course.ts";

/** The streams that the policy calls present, and the durable consumers that it only binds to. */
export async function operate({ one: { scenario }, service, rig: { streams } }: Course): Promise<void> {
  if (service === undefined) return;
  const { policy } = service;
  const { ackWaitMs, deliverMax, durables } = policy.consume;
  const present = policy.streams.filter(stream => stream.made === "present");
  if (present.length > 0) await streams.create(present);
  if (durables !== "bound") return;
  const isPresent = (stream: StreamPolicy | undefined): boolean => stream !== undefined && present.includes(stream);
  for (const subject of subjectsSubscribed(scenario))
    if (isPresent(streamOf(policy, subject))) await streams.bind({ subject, ackWaitMs, deliverMax });
}

const subjectsSubscribed = ({ steps }: Scenario): readonly string[] => [
  ...new Set(steps.flatMap(step => (step.kind === "subscribe" ? [step.subject] : []))),
];
