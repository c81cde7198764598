/**
 * The server's own counts of a consumer, where the bus's reports do not come together with them. They tell what has not happened: a message
 * that was not handled, one that was reported as acknowledged and is not, one that failed and is not delivered again, or is gone.
 */
import { isCalm, type View } from "../../../models/plan/plan.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { StepId } from "../../../models/vocabulary/scenario.ts";
import type { Course } from "./course.ts";
import { isWell } from "./healed.ts";
import type { ConsumerState } from "./rig.ts";

type Behind = Extract<Event, { readonly kind: "consumer-behind" }>;

/** The consumer of a subject, and what is waited for. */
export interface Lag {
  readonly subject: string;
  readonly is: Exclude<Behind["is"], "acknowledged-though-failed"> | "at-work";
  readonly consumer: ConsumerState;
  /** The number of deliveries that the bus has reported. */
  readonly handled: number;
  /** The number of messages that have failed and are to be delivered again. */
  readonly failed: number;
}

const waitedFor = {
  unhandled: "handled",
  unacknowledged: "acknowledged",
  "at-work": "through its handler",
  "not-redelivered": "delivered again",
} as const;

/** The wait, in words. */
export const waitOf = ({ subject, is }: Lag): string => `${subject} to be ${waitedFor[is]}`;

/** Emits what the counts prove, where nothing is wrong with link and server. */
export async function tellBehind(course: Course, view: View, step: StepId, lag: Lag, waitedMs: number): Promise<void> {
  if (lag.is === "at-work" || !isCalm(view) || !(await isWell(course))) return;
  const { subject, consumer, failed } = lag;
  const isGone = lag.is === "not-redelivered" && consumer.numAckPending < failed;
  const is = isGone ? "acknowledged-though-failed" : lag.is;
  const proof = `${proofOf({ ...lag, is })}, ${waitedMs / 1_000} s after nothing was wrong any more`;
  course.emit({ kind: "consumer-behind", step, subject, is, proof });
}

/** The server tells no more than the count: whether the acknowledgement came before the failure or after it is not known. */
function acknowledgedText(count: number, failed: number): string {
  const when =
    count === 1
      ? "before its handler had ended, or although it had failed, and it is kept nowhere"
      : "before their handlers had ended, or although these had failed, and they are kept nowhere";
  return `the server counts ${count} of the ${failed} messages that have failed as acknowledged: ${when}`;
}

export function proofOf({ is, consumer, handled, failed }: Omit<Lag, "is"> & { readonly is: Behind["is"] }): string {
  const { numPending, numAckPending, delivered } = consumer;
  switch (is) {
    case "unhandled":
      return `the server has ${numPending} more to deliver and has delivered ${delivered} times, of which the bus has reported ${handled}: messages are not handled, or the bus does not report it`;
    case "unacknowledged":
      return `the server waits for ${numAckPending} acknowledgements, and the bus has reported only ${failed} messages that have failed`;
    case "not-redelivered":
      return `${failed} messages have failed and the server waits for ${numAckPending} acknowledgements, and none is delivered again after its ack wait`;
    case "acknowledged-though-failed":
      return acknowledgedText(failed - numAckPending, failed);
  }
}
