/** Promises of the durable path about handlers: work that is done stays done, and work that nobody can do comes to an end that somebody sees. */
import { longestWaitMs } from "../models/policy/deliveries.ts";
import { acknowledgesNothing, effective } from "../models/policy/two-sides.ts";
import type { Policy } from "../models/vocabulary/policy.ts";
import { ending, type OwnedProperty } from "./property.ts";
import type { Message } from "./service/messages.ts";
import { ofMessages, ofService } from "./service/promise.ts";
import type { ServiceRecord } from "./service/record.ts";

/** A handler has done its work on the message, or has kept it as a dead letter. */
export const isFinished = (handled: Message["handled"]): boolean => handled?.finished !== undefined;

/** It was dead-lettered or dropped, or its stream has discarded it; or its deliveries are used up, and the wait after the last one is over. */
function isGivenUp(
  { handled, discarded, unkept }: Message,
  { settled, nowMs }: ServiceRecord,
  policy: Policy,
): boolean {
  if (handled === undefined) return false;
  if (handled.outcome === "dead-lettered" || handled.dropped) return true;
  if (isFinished(handled) || !settled) return false;
  if (discarded === "yes" || unkept) return true;
  const consume = effective(policy.consume);
  if (acknowledgesNothing(consume)) return true;
  const { deliverMax } = consume;
  return deliverMax > 0 && handled.deliveries >= deliverMax && nowMs >= handled.atMs + longestWaitMs(consume);
}

const deliveriesText = (count: number): string => (count === 1 ? "1 delivery" : `${count} deliveries`);

export const handling: readonly OwnedProperty[] = [
  ofService(
    "durable-path/a-subscription-has-the-settings-that-its-code-asks-for",
    {
      promise:
        "A subscription is to a consumer with the settings that the code asks for: where another one stands, it fails, and the code is told.",
      owner: "service",
      causes:
        "The code only binds to a consumer that the operator has made otherwise. Neither client compares the two, and the settings in the code change nothing (F-250).",
      appliesUnder: ({ consume }) => consume.stands !== undefined,
    },
    "always",
    ({ subscriptions: { count, broken } }) => ending(count, broken),
  ),
  ofMessages(
    "durable-path/finished-work-is-not-given-again",
    {
      promise:
        "A message whose handler has done its work is not given to a handler again, as long as nothing ends or disturbs handler, link or server between the two.",
      owner: "service",
      causes:
        "The acknowledgement never reaches the server: the code returns before it, swallows its error, or sends it where nobody listens (F-233). The message is given again after the ack wait.",
    },
    "always",
    {
      applies: ({ handled, again, held }) => isFinished(handled) && !again && held <= 1,
      breaks: ({ handled }) => handled?.givenAgain === true,
      says: (first, { subject, handled }) =>
        `the work on message ${first} on ${subject} was done at delivery ${handled?.finished?.delivery}, and it was given again, ${handled?.deliveries} times in all`,
    },
  ),
  ofMessages(
    "durable-path/unacknowledged-messages-hold-up-no-others",
    {
      promise:
        "A stored message whose subject has a live handler is given to it, however many others are given to it without end and not acknowledged.",
      owner: "operator",
      causes:
        "The consumer has a small limit of unacknowledged messages and none of deliveries, and handlers that hang or fail use it up: what comes behind is given to nobody (F-235).",
      appliesUnder: ({ consume }) => effective(consume).deliverMax < 0,
    },
    "eventually",
    {
      applies: ({ subject, held, again, disruptions }, { settled, subscribers, disruptions: all }, { consume }) =>
        settled &&
        effective(consume).deliverMax < 0 &&
        held > 0 &&
        !again &&
        disruptions === all &&
        subscribers.some(one => one.subject === subject),
      breaks: ({ handled }) => handled === undefined,
      says: (first, { subject }, { consume }) =>
        `message ${first} on ${subject} is given to nobody: ${effective(consume).ackPendingMax ?? "as many as may be"} others are not acknowledged, and are given again without end`,
    },
  ),
  ofMessages(
    "durable-path/a-poison-message-ends",
    {
      promise:
        "A message that no handler can handle is given up after the consumer's limit of deliveries, and not given again for ever.",
      owner: "operator",
      causes:
        "The consumer has no limit of deliveries, and a handler that fails or naks is given the message again without end (F-73, F-230).",
    },
    "eventually",
    {
      applies: ({ handled }, { settled }) =>
        settled && handled !== undefined && handled.failures > 1 && !isFinished(handled) && !handled.dropped,
      breaks: ({ handled }, _service, policy) => {
        const { deliverMax } = effective(policy.consume);
        return deliverMax < 0 || (handled?.deliveries ?? 0) > deliverMax;
      },
      says: (first, { subject, handled }) =>
        `message ${first} on ${subject} failed ${handled?.failures} times, and no limit of deliveries ends that`,
    },
  ),
  ofMessages(
    "durable-path/a-message-given-up-is-a-dead-letter",
    {
      promise:
        "A message that is given to no handler any more, though no handler has done its work, is kept as a dead letter for somebody to look at.",
      owner: "service",
      causes:
        "Its deliveries are used up, a handler terminates it, a limit, its age or the end of its consumer takes it, or that has ack policy none or all. At most an advisory of the server tells of it (F-73, F-231, F-246, F-247, F-252, F-280).",
    },
    "eventually",
    {
      applies: isGivenUp,
      breaks: ({ handled }) => !isFinished(handled),
      says: (first, { subject, handled, discarded }) => {
        if (handled?.dropped === true)
          return `message ${first} on ${subject} failed and was given up, and no dead letter of it is kept`;
        const by = discarded === "yes" ? ", since its stream has discarded it" : "";
        return `message ${first} on ${subject} is given up after ${deliveriesText(handled?.deliveries ?? 0)}${by}, and no dead letter of it is kept`;
      },
    },
  ),
];
