/**
 * Promises of the durable path: the worth of a stream's acknowledgement, the proof in an error, and the handling of messages in the end.
 */

import { declaredDurability, isClassifiedDurable } from "../models/policy/classifier.ts";
import { longestWaitMs } from "../models/policy/deliveries.ts";
import { messageId, sharedId } from "../models/policy/ids.ts";
import { mayDiscard } from "../models/policy/limits.ts";
import { covers, coversAll } from "../models/policy/pattern.ts";
import { dropsErrors } from "../models/policy/publishing.ts";
import { isTapped, streamOf } from "../models/policy/streams.ts";
import { syncIntervalMs } from "../models/policy/times.ts";
import { acknowledgesNothing, beginsLate, effective } from "../models/policy/two-sides.ts";
import type { Policy } from "../models/vocabulary/policy.ts";
import type { Handler } from "../models/vocabulary/scenario.ts";
import { handling, isFinished } from "./handling.ts";
import { ending, type OwnedProperty, type Wording } from "./property.ts";
import type { Message } from "./service/messages.ts";
import { type Claim, ofMessages, ofService } from "./service/promise.ts";
import type { ServiceRecord } from "./service/record.ts";

const ofDurable = (id: string, wording: Wording, expectation: "always" | "eventually", claim: Claim): OwnedProperty =>
  ofMessages(`durable-path/${id}`, wording, expectation, claim);

const streamFor = (policy: Policy, { subject = "" }: Message) => streamOf(policy, subject);

/** True where the patterns alone show that a stream takes all that goes through JetStream. Prefixes and suffixes say too little for that. */
const isWhollyStreamed = ({ classifier, streams }: Policy): boolean =>
  classifier.every(({ exact, pattern = exact }) =>
    streams.some(({ subjects }) => subjects.some(one => pattern !== undefined && coversAll(one, pattern))),
  );

const isDeclared = ({ families }: Policy, { subject = "" }: Message): boolean =>
  families.some(({ subjects }) => covers(subjects, subject));

const hasId = (policy: Policy, { subject = "", key }: Message): boolean =>
  messageId(policy, subject, key, 0) !== undefined;

/** Two messages with its subject and key have one id. */
const sharesItsId = (policy: Policy, { subject = "", key }: Message): boolean =>
  sharedId(policy, subject, key) !== undefined;

/** A stream acknowledged this very message. A duplicate of a shared id may be another message. */
export const isAckedAsItself = (message: Message, policy: Policy): boolean =>
  message.told?.is === "acked" && !(message.told.duplicate === true && sharesItsId(policy, message));

/** A declared limit of its stream, or an age, has taken it, or may have. */
const isDiscardedAsDeclared = (message: Message, policy: Policy): boolean => {
  const stream = streamFor(policy, message);
  return message.discarded !== "no" && stream !== undefined && mayDiscard(stream);
};

const powerWasLost = ({ endsAtAck }: Message, { ends }: ServiceRecord): boolean =>
  endsAtAck !== undefined && endsAtAck.powerLosses < ends.powerLosses;

/** Acknowledged so long before the power loss that the server's disk had it. */
const wasSynced = ({ endsAtAck, lastAtMs }: Message, { ends }: ServiceRecord): boolean => {
  const lostAtMs = ends.powerLostAtMs[endsAtAck?.powerLosses ?? 0];
  return lostAtMs !== undefined && lostAtMs - lastAtMs >= syncIntervalMs;
};

const storeWasLost = ({ endsAtAck }: Message, { ends }: ServiceRecord): boolean =>
  endsAtAck !== undefined && endsAtAck.storesLost < ends.storesLost;

/** Nothing that the promises allow for has taken it since: no power loss, no lost disk, no declared limit. */
export const mustBeHeld = (message: Message, service: ServiceRecord, policy: Policy): boolean =>
  service.complete &&
  isAckedAsItself(message, policy) &&
  !isDiscardedAsDeclared(message, policy) &&
  !powerWasLost(message, service) &&
  !storeWasLost(message, service);

/** The server has ended since in a way that a stream may not have survived. */
export const streamMayBeGone = (message: Message, { ends }: ServiceRecord, policy: Policy): boolean =>
  ends.storesLost > 0 || (ends.all > 0 && streamFor(policy, message)?.storage === "memory");

/** The server that acknowledged it has ended since, and its memory with it. */
export const memoryWasLost = (message: Message, { ends }: ServiceRecord, policy: Policy): boolean =>
  message.endsAtAck !== undefined &&
  message.endsAtAck.all < ends.all &&
  streamFor(policy, message)?.storage === "memory";

const whyUnacknowledged = (stream: ReturnType<typeof streamFor>): string => {
  if (stream === undefined) return "no stream takes its subject";
  return stream.noAck === true ? "its stream acknowledges nothing" : "its stream is not there";
};

export const isNotHeld = ({ held }: Message): boolean => held === 0;
export const isLostInSilence = (first: number): string => `message ${first} was acknowledged, and no stream holds it`;

/** The server's own figures of the stream, where they prove why it does not hold the message. */
export function whyLacking(message: Message, policy: Policy, { lacking }: ServiceRecord): string | undefined {
  const { name = "" } = streamFor(policy, message) ?? {};
  return message.unkept
    ? `${name} keeps messages for its consumers alone, and none was there for it`
    : lacking.get(name);
}

/** An answer, or a wait that failed: the outcomes that show whether a stream answers. */
const isAnswer = ({ toldCalmly }: Message): boolean =>
  toldCalmly?.is === "acked" ||
  (toldCalmly?.is === "rejected" && toldCalmly.kind === "no-responders") ||
  (toldCalmly?.is === "unsettled" && toldCalmly.kind === "timeout");

/** Handlers that come to the end of their work. */
const comesToAnEnd: ReadonlySet<Handler> = new Set(["acks", "acks-early", "in-progress", "loses-ack"]);

/** All live handlers of its subject do their work, and no delivery that it waits for is still to come. */
export function isHandledOrDue(message: Message, service: ServiceRecord, policy: Policy): boolean {
  const { subject, handled, disruptions } = message;
  const handlers = service.subscribers.filter(one => covers(one.subject, subject ?? ""));
  if (handlers.length === 0 || handlers.some(({ handler }) => !comesToAnEnd.has(handler))) return false;
  if (isHandled(message)) return true;
  const consume = effective(policy.consume);
  const { deliverMax } = consume;
  const ackWaitMs = longestWaitMs(consume);
  // Handlers that are gone have used up its deliveries, so the consumer gives it to no other.
  if (deliverMax > 0 && !acknowledgesNothing(consume) && (handled?.deliveries ?? 0) >= deliverMax) return false;
  const disruptedLate = disruptions < service.disruptions && service.nowMs < service.disruptedAtMs + ackWaitMs;
  const triedLate = handled !== undefined && service.nowMs < handled.atMs + ackWaitMs;
  return service.settled && !disruptedLate && !triedLate;
}

/** The code leaves it to a delivery that its consumer will not make. */
const isLeftToNobody = (handled: Message["handled"], policy: Policy): boolean =>
  handled?.outcome === "failed" && acknowledgesNothing(effective(policy.consume));

function droppedText(handled: Message["handled"]): string {
  if (handled?.outcome === "terminated") return "terminated";
  return handled?.outcome === "acknowledged-failed" ? "acknowledged" : "acknowledged with a later message";
}

/** The setting of the consumer that lets a message go unhandled, where it has one. */
function whyUnhandled(policy: Policy, handled: Message["handled"]): string {
  const { deliverPolicy } = policy.consume;
  if (handled === undefined)
    return beginsLate(policy) ? `: its consumer is made with deliver policy ${deliverPolicy}` : "";
  return acknowledgesNothing(effective(policy.consume)) ? ": with ack policy none a delivery is all that there is" : "";
}

export const isHandled = ({ handled }: Message): boolean => handled?.doneAtStart !== undefined || isFinished(handled);

export const durablePath: readonly OwnedProperty[] = [
  ofDurable(
    "acked-is-never-lost",
    {
      promise:
        "A message that a stream has acknowledged is held by it at the end, whatever happens to client, link and server process, unless a declared limit of the stream, or its age, has taken it, or a handler has acknowledged it in a stream that keeps it no longer than that; a power loss and a lost disk end the promise for messages acknowledged before.",
      owner: "operator",
      causes:
        "The stream has memory storage (F-59), retention `interest` and no consumer (F-212), or a limit or age that its policy does not declare (F-240, F-242). Or somebody deletes its messages by hand.",
    },
    "always",
    {
      applies: mustBeHeld,
      breaks: isNotHeld,
      says: (first, message, policy, service) => {
        const why = whyLacking(message, policy, service);
        return why === undefined ? isLostInSilence(first) : `${isLostInSilence(first)}: ${why}`;
      },
      counted: ({ neverGiven }) => neverGiven,
    },
  ),
  ofDurable(
    "what-is-reported-as-published-is-stored",
    {
      promise:
        "A message published through JetStream, whose caller was told of no error, is held by a stream even where the server never acknowledged it.",
      owner: "service",
      causes:
        "The code drops the error of the publish: it logs it and goes on, or ignores what the call returns. The caller takes the message for published.",
      appliesUnder: ({ publish }) => dropsErrors(publish),
    },
    "always",
    {
      applies: (message, service, policy) =>
        service.complete &&
        message.errorDropped &&
        message.told?.is === "accepted" &&
        !isDiscardedAsDeclared(message, policy) &&
        service.ends.powerLosses === 0 &&
        !streamMayBeGone(message, service, policy),
      breaks: isNotHeld,
      says: first => `message ${first} was reported as published: its error was dropped, and no stream holds it`,
    },
  ),
  ofDurable(
    "synced-survives-power-loss",
    {
      promise:
        "A message that a stream of file storage has acknowledged two minutes before the server's machine loses power, the server's default interval between syncs, is held by it afterwards.",
      owner: "operator",
      causes: "The server syncs less often than its default of two minutes, or its disk does not keep what was synced.",
    },
    "always",
    {
      applies: (message, service, policy) =>
        service.complete &&
        isAckedAsItself(message, policy) &&
        powerWasLost(message, service) &&
        wasSynced(message, service) &&
        streamFor(policy, message)?.storage === "file" &&
        !storeWasLost(message, service) &&
        !isDiscardedAsDeclared(message, policy),
      breaks: isNotHeld,
      says: first => `message ${first} was acknowledged and synced before the power was lost, and no stream holds it`,
    },
  ),
  ofDurable(
    "a-retry-with-an-id-stores-once",
    {
      promise: "A message published again with its id, within the duplicate window of its stream, is stored once.",
      owner: "service",
      causes:
        "The second attempt carries no id, or a new one, and is stored again (F-50). Or the window is shorter than declared, or a server that starts has forgotten what its work queue let go (F-211).",
    },
    "always",
    {
      applies: (message, { nowMs, spentMs }, policy) => {
        const stream = streamFor(policy, message);
        if (stream === undefined || !message.durable || !hasId(policy, message)) return false;
        const lastAtMs = Math.min(message.lastAtMs, nowMs + spentMs);
        return (message.again || message.held > 1) && lastAtMs - message.firstAtMs < stream.duplicateWindowMs;
      },
      breaks: ({ held }) => held > 1,
      says: (first, { held }) => `message ${first} carries an id, and is stored ${held} times within the window`,
    },
  ),
  ofDurable(
    "a-message-is-stored-at-most-once",
    {
      promise: "A message that its caller published once is stored at most once, however often bus and client send it.",
      owner: "service",
      causes:
        "It carries no id (F-50), which a stream that acknowledges nothing makes certain (F-241). Or the duplicate window of its stream is shorter than the attempts of the bus, or than the outage through which the client keeps it (F-209).",
    },
    "always",
    {
      applies: ({ durable, again, told }) => durable && !again && told !== undefined,
      breaks: ({ held }) => held > 1,
      says: (first, { held }) => `message ${first} was published once, and is stored ${held} times`,
    },
  ),
  ofDurable(
    "no-responders-is-told-as-such",
    {
      promise:
        "A message published through JetStream while nothing is wrong, on a subject that no stream takes, is refused with no responders and does not run into its timeout.",
      owner: "service",
      causes:
        "Another service subscribes to the subject as core NATS and never answers, so the publish waits for its timeout (F-47).",
      appliesUnder: policy => !isWhollyStreamed(policy),
    },
    "always",
    {
      applies: (message, _service, policy) =>
        message.durable &&
        isAnswer(message) &&
        message.toldCalmly?.is !== "acked" &&
        streamFor(policy, message) === undefined,
      breaks: ({ toldCalmly }) => toldCalmly?.is === "unsettled",
      says: (first, { subject = "" }, policy) =>
        `message ${first} on ${subject}, which no stream takes, ran into its timeout${isTapped(policy, subject) ? ": a tap listens there and never answers" : ""}`,
    },
  ),
  ofDurable(
    "an-error-that-proves-nothing-happened-is-true",
    {
      promise: "A message whose publish through JetStream was rejected is held by no stream.",
      owner: "service",
      causes:
        "The bus reports a timeout or a lost connection as a refusal. A publish that failed at the disconnect may still be stored (F-54, F-124).",
    },
    "always",
    {
      applies: ({ durable, told }) => durable && told?.is === "rejected",
      breaks: ({ held }) => held > 0,
      says: first => `message ${first} was rejected, and a stream holds it`,
    },
  ),
  ofDurable(
    "a-distinct-message-is-not-swallowed",
    {
      promise:
        "A message that is acknowledged as a duplicate is one whose own content the stream holds, and not another that shares its id.",
      owner: "service",
      causes:
        "The message id names the thing, not the message. A second message about the same thing is then taken for a repetition (F-57).",
    },
    "always",
    {
      applies: (message, service, policy) =>
        service.complete &&
        message.told?.is === "acked" &&
        message.told.duplicate === true &&
        !isDiscardedAsDeclared(message, policy) &&
        !powerWasLost(message, service) &&
        !streamMayBeGone(message, service, policy),
      breaks: isNotHeld,
      says: (first, { subject, key }) =>
        `message ${first} on ${subject}${key === undefined ? "" : ` about ${key}`} was acknowledged as a duplicate, and its own content is in no stream`,
    },
  ),
  ofDurable(
    "declared-durable-is-acknowledged",
    {
      promise:
        "A message on a subject declared durable is acknowledged by a stream or not reported as published; it never goes out as core NATS.",
      owner: "service",
      causes:
        "The bus asks for JetStream once, too early, and stays on core NATS (F-71). Or its classifier misses a subject that is declared durable.",
    },
    "always",
    {
      applies: ({ subject, told, accepted }, _service, policy) =>
        subject !== undefined &&
        declaredDurability(policy, subject) === "durable" &&
        (accepted || told?.is === "acked"),
      breaks: ({ accepted }) => accepted,
      says: (first, { subject }) =>
        `message ${first} on ${subject}, declared durable, went out as core NATS and was accepted`,
    },
  ),
  ofDurable(
    "every-declared-durable-subject-has-a-stream",
    {
      promise:
        "A message published through JetStream while nothing is wrong, on a subject declared or classified durable, is acknowledged by a stream.",
      owner: "operator",
      causes:
        "Classifier and streams are two lists, and no stream captures a subject of the first (F-46). Or a stream has not been created, or acknowledges nothing (F-241).",
    },
    "always",
    {
      applies: (message, service, policy) => {
        const { subject, durable } = message;
        if (subject === undefined || !durable || !isAnswer(message)) return false;
        const isMeant = declaredDurability(policy, subject) === "durable" || isClassifiedDurable(policy, subject);
        return isMeant && !streamMayBeGone(message, service, policy);
      },
      breaks: ({ toldCalmly }) => toldCalmly?.is !== "acked",
      says: (first, message, policy) =>
        `message ${first} on ${message.subject} got no acknowledgement: ${whyUnacknowledged(streamFor(policy, message))}`,
    },
  ),
  ofDurable(
    "best-effort-is-not-stored",
    {
      promise:
        "A message on a subject declared best-effort, or declared by no family, which reaches the server, is held by no stream.",
      owner: "operator",
      causes:
        "The subjects of a stream are wider than what is declared durable, such as `sys.>`, and a plain publish on them is stored (F-55).",
    },
    "always",
    {
      applies: ({ subject, delivered, held }, _service, policy) =>
        subject !== undefined && declaredDurability(policy, subject) === "best-effort" && (delivered || held > 0),
      breaks: ({ held }) => held > 0,
      says: (first, message, policy) =>
        `message ${first} on ${message.subject}, ${isDeclared(policy, message) ? "declared best-effort" : "declared by no family"}, is held by ${streamFor(policy, message)?.name ?? "a stream"}`,
    },
  ),
  ofDurable(
    "every-stored-message-is-handled",
    {
      promise:
        "Once all has settled, and ack waits are over, every message of a stream whose subject has live handlers that acknowledge has been handled to an end at least once.",
      owner: "service",
      causes:
        "A drain (F-83) or a long outage (F-280) deletes the durable consumer, or its deliver policy passes over what is stored before it (F-251). Or a message is acknowledged before its handler is through: by the bus (F-232), or by ack policy none (F-252).",
    },
    "eventually",
    {
      applies: (message, service, policy) => message.held > 0 && isHandledOrDue(message, service, policy),
      breaks: message => !isHandled(message),
      says: (first, { subject, handled }, policy) =>
        `message ${first} is stored, ${subject} is subscribed to, and nobody has handled it${whyUnhandled(policy, handled)}`,
      counted: ({ unhandled }) => unhandled,
    },
  ),
  ofDurable(
    "a-failed-message-is-kept",
    {
      promise:
        "A message that its handler could not handle is dead-lettered or left to the next delivery, never acknowledged or terminated and gone.",
      owner: "service",
      causes:
        "The bus acknowledges a message whatever its handler made of it (F-74), or the handler terminates it (F-231). Or the consumer has ack policy none, and nothing is given again (F-252), or ack policy all, and a later message takes it along (F-247).",
    },
    "always",
    {
      applies: ({ handled }) => handled !== undefined && handled.failures > 0,
      breaks: ({ handled }, _service, policy) => handled?.dropped === true || isLeftToNobody(handled, policy),
      says: (first, { subject, handled }, policy) =>
        isLeftToNobody(handled, policy)
          ? `message ${first} on ${subject} failed and is left to the next delivery, and its consumer, with ack policy none, makes none`
          : `message ${first} on ${subject} failed, was ${droppedText(handled)}, and is kept nowhere`,
      counted: ({ droppedByCount }) => droppedByCount,
    },
  ),
  ofService(
    "durable-path/a-publish-outlasts-a-declared-outage",
    {
      promise:
        "A durable publish that waits for its acknowledgement is not given up sooner than the outage that its policy declares, if it begins with the outage.",
      owner: "service",
      causes:
        "All attempts together, each of one ack timeout, are shorter than the outage. The caller is told of a timeout, and must publish again by itself.",
      appliesUnder: ({ publish }) => publish.outlastsMs !== undefined,
    },
    "always",
    ({ outlasting: { count, broken } }) => ending(count, broken),
  ),
  ofDurable(
    "redelivery-is-bounded",
    {
      promise: "No message is delivered more often than the consumer's limit.",
      owner: "operator",
      causes:
        "The consumer has no limit of deliveries, or a higher one than declared: the server gives a message as often as that limit says (F-73).",
      appliesUnder: ({ consume }) => consume.deliverMax > 0,
    },
    "always",
    {
      applies: ({ handled }, _service, { consume }) =>
        consume.deliverMax > 0 && handled !== undefined && handled.deliveries > 1,
      breaks: ({ handled }, _service, { consume }) => (handled?.deliveries ?? 0) > consume.deliverMax,
      says: (first, { handled }, { consume }) =>
        `message ${first} was delivered ${handled?.deliveries} times; at most ${consume.deliverMax} are allowed`,
    },
  ),
  ...handling,
];
