/** The stream that takes a subject, its other listeners, and the streams that exist before the bus starts. */
import type { Policy, StreamPolicy } from "../vocabulary/policy.ts";
import { covers, coversAll } from "./pattern.ts";
import { oncePerSubject } from "./remembered.ts";
import { areMadeByOperator } from "./two-sides.ts";

/** The stream that captures the subject, whichever way the message is published. */
export const streamOf: (policy: Policy, subject: string) => StreamPolicy | undefined = oncePerSubject(
  ({ streams }, subject) => streams.find(stream => stream.subjects.some(pattern => covers(pattern, subject))),
);

/** True where the stream that takes the subject acknowledges no publish. */
export const isUnacknowledged = (policy: Policy, subject: string): boolean => streamOf(policy, subject)?.noAck === true;

/** True where one stream takes all subjects of the pattern. */
export const isTakenWhole = (policy: Policy, pattern: string): boolean =>
  policy.streams.some(stream => stream.subjects.some(one => coversAll(one, pattern)));

/** The name of the durable consumer that all processes share which handle the subject, or the subjects of the pattern. */
export const consumerNameOf = (subject: string): string => `faultline_${subject.replace(/[^A-Za-z0-9]/g, "_")}`;

/** True where another service listens to the subject as core NATS. */
export const isTapped: (policy: Policy, subject: string) => boolean = oncePerSubject(({ taps }, subject) =>
  taps.some(tap => covers(tap, subject)),
);

/** True where a publish through JetStream finds neither stream nor listener: the server answers "no responders". */
export const isUnanswered = (policy: Policy, subject: string): boolean =>
  streamOf(policy, subject) === undefined && !isTapped(policy, subject);

/** The streams that the operator makes before any bus starts. */
export const presentStreams = ({ streams }: Policy): readonly StreamPolicy[] =>
  streams.filter(stream => stream.made === "present");

/** The subjects whose durable consumers the operator also makes. */
export const boundSubjects = (policy: Policy, subjects: readonly string[]): readonly string[] =>
  areMadeByOperator(policy) ? subjects.filter(subject => streamOf(policy, subject)?.made === "present") : [];
