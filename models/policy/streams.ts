/** Which stream takes a subject, who else hears it, and which streams stand before the bus starts. */
import type { Policy, StreamPolicy } from "../vocabulary/policy.ts";
import { covers } from "./pattern.ts";
import { oncePerSubject } from "./remembered.ts";

/** The stream that captures the subject, whichever way it is published. */
export const streamOf: (policy: Policy, subject: string) => StreamPolicy | undefined = oncePerSubject(
  ({ streams }, subject) => streams.find(stream => stream.subjects.some(pattern => covers(pattern, subject))),
);

/** Whether another service listens to the subject as core NATS. */
export const isTapped: (policy: Policy, subject: string) => boolean = oncePerSubject(({ taps }, subject) =>
  taps.some(tap => covers(tap, subject)),
);

/** Whether a publish through JetStream finds no stream and no listener: the server answers it with "no responders". */
export const isUnanswered = (policy: Policy, subject: string): boolean =>
  streamOf(policy, subject) === undefined && !isTapped(policy, subject);

/** The streams that the operator makes before any bus starts. */
export const presentStreams = ({ streams }: Policy): readonly StreamPolicy[] =>
  streams.filter(stream => stream.made === "present");

/** Those of the subjects whose durable consumers the operator makes too, and to which the bus only binds. */
export const boundSubjects = (policy: Policy, subjects: readonly string[]): readonly string[] =>
  policy.consume.durables === "bound" ? subjects.filter(subject => streamOf(policy, subject)?.made === "present") : [];
