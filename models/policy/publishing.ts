/** The sendings of one publish under a policy: the attempts of the bus itself, and those that its caller asks for after an error. */
import type { AskingAgain, PublishPolicy } from "../vocabulary/policy.ts";

/** The doing of most callers. */
export const never: AskingAgain = { retries: 0, waitMs: 0 };

/** A caller's doing about an error. Asynchronous publishes are not asked for again. */
export const askingAgain = ({ onError }: PublishPolicy, async?: boolean): AskingAgain =>
  typeof onError === "object" && async !== true ? onError : never;

/** True where a caller takes a publish through JetStream for done though its last error says otherwise. */
export const dropsErrors = ({ onError }: PublishPolicy): boolean =>
  onError === "dropped" || (typeof onError === "object" && onError.lastError === "dropped");

/** The greatest number of attempts, if each of them times out. An asynchronous publish is sent once. */
export const attemptsInAll = (publish: PublishPolicy, async?: boolean): number =>
  async === true ? 1 : publish.attemptsMax * (1 + askingAgain(publish).retries);

/** The time that a call takes in which each attempt times out. */
export function timedOutMs(publish: PublishPolicy, async?: boolean): number {
  const { retries, waitMs } = askingAgain(publish, async);
  return publish.ackTimeoutMs * attemptsInAll(publish, async) + retries * waitMs;
}

/** The time that the calls of a step take together: one after the other, and asynchronous ones beside each other. */
export const callsMs = (
  callMs: number,
  { count, async }: { readonly count: number; readonly async?: boolean },
): number => (async === true ? callMs : count * callMs);

/** The waits of a call that is refused at once, each time that it is asked for. */
export function refusedMs(publish: PublishPolicy, async?: boolean): number {
  const { retries, waitMs } = askingAgain(publish, async);
  return retries * waitMs;
}

/** The moment at which an attempt begins, from the beginning of its call; all before it have timed out. */
export const attemptAtMs = (publish: PublishPolicy, attempt: number): number =>
  attempt * publish.ackTimeoutMs + Math.floor(attempt / publish.attemptsMax) * askingAgain(publish).waitMs;
