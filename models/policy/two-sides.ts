/**
 * The two sides of a consumer: what its code asks for, and what the operator has made. They drift, and what comes of that depends on the call
 * that the code makes (F-250 of docs/facts.md). A bus that only binds gets the consumer that is there, whatever it asks for. A library that is
 * to create it is refused another one of that name. Code that updates puts its own settings in the place of those that stand, as far as the
 * server lets it (F-281).
 */
import type { ConsumePolicy, ConsumerSettings, Policy } from "../vocabulary/policy.ts";
import { longestWaitMs } from "./deliveries.ts";

/** The consumer by which handlers are given their messages, of the two sides of it. */
export function effective(consume: ConsumePolicy): ConsumePolicy {
  if (consume.stands === undefined) return consume;
  return consume.durables === "updated" ? asAsked(consume) : asStands(consume);
}

/** The operator's side alone, as it is before any bus has come. */
export function asStands(consume: ConsumePolicy): ConsumePolicy {
  if (consume.stands === undefined) return consume;
  const { stands, ...asked } = consume;
  const { backoffMs, ...settings } = { ...asked, ...stands };
  return backoffMs === undefined || backoffMs.length === 0 ? settings : { ...settings, backoffMs };
}

/** The code's side alone, as if nobody had made a consumer before. */
export function asAsked({ stands: _, ...asked }: ConsumePolicy): ConsumePolicy {
  return asked;
}

/** The settings in which the two sides differ. */
export const drifted = ({ stands = {} }: ConsumePolicy): readonly (keyof ConsumerSettings)[] =>
  Object.keys(stands) as (keyof ConsumerSettings)[];

/** A new consumer does not begin at the first message of its stream. */
export const beginsLate = (policy: Policy): boolean =>
  !areMadeByOperator(policy) && (policy.consume.deliverPolicy ?? "all") !== "all";

/** The server waits for no acknowledgement: what it has delivered is acknowledged. */
export const acknowledgesNothing = ({ ackPolicy }: ConsumerSettings): boolean => ackPolicy === "none";

/** One acknowledgement is that of all messages before it, too. */
export const acknowledgesAll = ({ ackPolicy }: ConsumerSettings): boolean => ackPolicy === "all";

/** The server's own threshold for a consumer without a durable name (F-253 of docs/facts.md). */
const ephemeralThresholdMs = 5_000;

/** The time without a subscriber after which the server deletes the consumer. */
export function deletedAfterMs(consume: ConsumePolicy): number {
  const { inactiveThresholdMs, durables } = effective(consume);
  return inactiveThresholdMs ?? (durables === "ephemeral" ? ephemeralThresholdMs : Number.POSITIVE_INFINITY);
}

/** The server adds a time by chance to the threshold of a consumer that is asked (nats-server 2.15.2, consumer.go, updateInactiveThreshold). */
const jitterMsMax = 1_000;

/**
 * The time without a subscriber after which it is surely gone. The server waits for what is not acknowledged, and counts the threshold from there
 * (F-280 of docs/facts.md).
 */
export const goneAfterMs = (consume: ConsumePolicy): number =>
  2 * longestWaitMs(effective(consume)) + deletedAfterMs(consume) + jitterMsMax;

/** True where the server deletes a consumer that nobody uses. */
export const isDeletedUnused = ({ durables, inactiveThresholdMs, stands }: ConsumePolicy): boolean =>
  durables === "ephemeral" || inactiveThresholdMs !== undefined || stands?.inactiveThresholdMs !== undefined;

/** The operator makes the consumers, before any bus starts. */
export const areMadeByOperator = ({ consume: { durables, stands } }: Policy): boolean =>
  durables === "bound" || stands !== undefined;

/** A consumer with other settings is there already, so the library cannot create its own. */
export const isCreationRefused = ({ durables, stands }: ConsumePolicy): boolean =>
  durables === "created" && stands !== undefined;

/** The server takes no update of these two. */
export const isUpdateRefused = ({ durables, stands }: ConsumePolicy): boolean =>
  durables === "updated" && (stands?.deliverPolicy !== undefined || stands?.ackPolicy !== undefined);
