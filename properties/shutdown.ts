/** Promises of the shutdown: what a stop may lose, how long it may take, and what it may do to others. */
import { streamOf } from "../models/policy/streams.ts";
import type { Policy } from "../models/vocabulary/policy.ts";
import {
  isHandled,
  isHandledOrDue,
  isLostInSilence,
  isNotHeld,
  memoryWasLost,
  mustBeHeld,
  whyLacking,
} from "./durable-path.ts";
import { messagesIn } from "./message-runs.ts";
import { ending, type OwnedProperty } from "./property.ts";
import type { Message, ServerEnds } from "./service/messages.ts";
import { ofMessages, ofService } from "./service/promise.ts";
import { arrivedOf, canTell, type ProcessLife, type ServiceRecord } from "./service/record.ts";

/** The time that a busy machine may add between the end of a budget and the end of the process. */
const stopMarginMs = 1_000;
/** The time that a busy machine may take to end a process that was through within its budget (F-274 of docs/facts.md). */
const exitMarginMs = 250;

const stops = ({ lives }: ServiceRecord): readonly ProcessLife[] => lives.filter(({ stopping }) => stopping);

/** The reason why SIGKILL ended a stop before its budget did, as the end of a sentence. */
function killText({ because, tookMs }: NonNullable<ProcessLife["exit"]>, { supervisor }: Policy): string {
  const { killAfterMs, preStopMs = 0 } = supervisor;
  return because === "killed" && preStopMs > 0
    ? `; SIGKILL came ${tookMs} ms after SIGTERM, since preStop takes ${preStopMs} ms of the ${killAfterMs} ms of grace`
    : "";
}

/** The times that the stops took, as a sentence. */
function stopsTook(service: ServiceRecord): string {
  const took = stops(service).map(({ exit }) => (exit === undefined ? "no end" : `${exit.tookMs} ms`));
  return took.length === 0 ? "there was no stop" : `the stops took ${took.join(", ")}`;
}

/**
 * A departure before it was published, and a handler that has been there since before that. A consumer goes with its stream, and that is no
 * doing of the one that left.
 */
function survivedBy(service: ServiceRecord, { subject = "", disruptions }: Message, policy: Policy) {
  const { departures, subscribers, ends } = service;
  const inMemory = streamOf(policy, subject)?.storage === "memory";
  const isWhole = (since: ServerEnds): boolean =>
    ends.storesLost === since.storesLost && !(inMemory && ends.all > since.all);
  return departures.find(
    gone =>
      gone.subject === subject &&
      gone.since <= disruptions &&
      subscribers.some(one => one.subject === subject && one.since < gone.since && isWhole(one.ends)),
  );
}

export const shutdown: readonly OwnedProperty[] = [
  ofService(
    "shutdown/nothing-accepted-is-lost-in-silence-by-a-stop",
    {
      promise:
        "Every core message accepted before a stop, on a live connection or into the buffer of a client that is down, arrives or is counted as lost by the process that stops.",
      owner: "service",
      causes:
        "The process stops while its client is down: close, drain and exit all drop the reconnect buffer without an error (F-79). Or it calls drain and does not wait (F-145).",
    },
    "always",
    (service, policy) => {
      let exercised = 0;
      let broken: string | undefined;
      for (const { unsent, exit } of stops(service)) {
        if (exit === undefined || !service.complete) continue;
        const accepted = messagesIn(unsent);
        const lost = accepted - arrivedOf(service, unsent);
        exercised += accepted;
        if (lost > exit.toldLost)
          broken ??= `the stop lost ${lost} of ${accepted} messages that were accepted before it, and told of ${exit.toldLost}${killText(exit, policy)}`;
      }
      return ending(exercised, broken);
    },
  ),
  ofService(
    "shutdown/a-stop-ends-within-its-budget",
    {
      promise: `A stop ends within its budget and a margin of ${stopMarginMs} ms, forced if need be; it says that it was forced where the budget ended it, which is known to ${exitMarginMs} ms.`,
      owner: "service",
      causes:
        "A handler hangs, and nothing enforces the end: a drain of nats.go waits 30 s for it (F-82), a stop without a forced end until it is killed (F-81).",
    },
    "always",
    (service, policy) => {
      const { budgetMs } = policy.shutdown;
      let exercised = 0;
      let broken: string | undefined;
      for (const { replica, exit } of stops(service)) {
        if (exit === undefined && !service.settled) continue;
        exercised++;
        if (exit === undefined) broken ??= `replica ${replica} was told to stop, and still runs`;
        else if (exit.tookMs > budgetMs + stopMarginMs)
          broken ??= `the stop of replica ${replica} took ${exit.tookMs} ms of ${budgetMs}`;
        else if (exit.tookMs > budgetMs + exitMarginMs && !exit.forced && canTell(exit))
          broken ??= `the stop of replica ${replica} outlasted its budget of ${budgetMs} ms, and was not said to be forced`;
        else if (exit.forced && exit.tookMs < budgetMs)
          broken ??= `the stop of replica ${replica} was said to be forced after ${exit.tookMs} ms of ${budgetMs}`;
      }
      return ending(exercised, broken);
    },
    stopsTook,
  ),
  ofService(
    "shutdown/a-stop-waits-for-its-handlers",
    {
      promise:
        "A handler that is at work when its process is told to stop, and takes less than the budget of the stop, is through with its message before the process ends.",
      owner: "service",
      causes:
        "The process closes, or calls drain and does not wait for it (F-143, F-145). A drain of nats.js does not wait for handlers (F-82).",
    },
    "always",
    (service, { shutdown: { budgetMs } }) => {
      let exercised = 0;
      let broken: string | undefined;
      for (const { replica, exit, atWork, atWorkAtStop } of stops(service)) {
        const inTime = atWorkAtStop.filter(({ takesMs }) => takesMs < budgetMs);
        if (exit === undefined) continue;
        exercised += inTime.length;
        const left = inTime.find(({ message }) => atWork.some(one => one.message === message));
        if (left !== undefined)
          broken ??= `replica ${replica} ended ${exit.tookMs} ms after it was told to stop, in the middle of its work of ${left.takesMs} ms on message ${left.message}`;
      }
      return ending(exercised, broken);
    },
  ),
  ofService(
    "shutdown/nothing-is-accepted-after-intake-stopped",
    {
      promise: "Once a process was told to stop, no publish is accepted or acknowledged.",
      owner: "service",
      causes: "The bus hands publishes to its client until the process ends, and the client still takes them (F-144).",
    },
    "always",
    ({ afterStop }) => ending(afterStop.count, afterStop.broken),
  ),
  ofMessages(
    "shutdown/stopping-one-replica-harms-no-other",
    {
      promise:
        "What is stored after one replica has stopped is handled by those that subscribed to the same subject before, and stay.",
      owner: "service",
      causes:
        "The replica that stops has created the durable consumer that the others share, and the drain of nats.go deletes it (F-83). Replicas that only bind to it do no harm (F-84).",
    },
    "eventually",
    {
      applies: (message, service, policy) =>
        message.held > 0 &&
        survivedBy(service, message, policy) !== undefined &&
        isHandledOrDue(message, service, policy),
      breaks: message => !isHandled(message),
      says: (first, { subject }) =>
        `message ${first} was stored after a replica that handles ${subject} had stopped, and the other never got it`,
    },
  ),
  ofMessages(
    "shutdown/a-restart-replays-no-history",
    {
      promise: "What a handler has acknowledged is not delivered anew after a process was started.",
      owner: "service",
      causes:
        "A drain has deleted the durable consumer (F-83), or the server has, since nobody used it (F-280). The next subscriber creates it anew, from the beginning of the stream.",
    },
    "always",
    {
      applies: ({ subject, handled, again, held, discarded }, { startsAtSubscribe, ends }) => {
        const doneAtStart = handled?.doneAtStart;
        if (subject === undefined || doneAtStart === undefined) return false;
        // A message that was, or may have been, stored more than once is rightly delivered as often.
        if (again || held > 1 || discarded !== "no" || ends.powerLosses > 0 || ends.storesLost > 0) return false;
        return (startsAtSubscribe.get(subject) ?? 0) > doneAtStart;
      },
      breaks: ({ handled }) => handled?.replayed === true,
      says: (first, { subject }) =>
        `message ${first} on ${subject} was acknowledged by its handler, and delivered anew to a process started since`,
    },
  ),
  ofMessages(
    "shutdown/what-was-acked-outlives-a-kill",
    {
      promise: "What was acknowledged to a process that is then killed, or exits from within, is held by its stream.",
      owner: "service",
      causes:
        "The bus reports a message as acknowledged before the stream has acknowledged it, so the message is only in memory.",
    },
    "always",
    {
      // A server that lost its memory is not the kill's doing; `acked-is-never-lost` judges that.
      applies: (message, service, policy) =>
        message.killsAtAck < service.kills &&
        mustBeHeld(message, service, policy) &&
        !memoryWasLost(message, service, policy),
      breaks: isNotHeld,
      says: (first, message, policy, service) => {
        const why = whyLacking(message, policy, service);
        return `${isLostInSilence(first)}: the process was killed${why === undefined ? "" : `, and ${why}`}`;
      },
    },
  ),
];
