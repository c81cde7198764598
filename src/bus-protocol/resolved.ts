/**
 * A policy's part in a command, put into the command: for a bus whose greeting says `resolved`, which makes calls and knows no rules.
 * `bus-client.ts` calls this before it sends a command, and after its reply. A bus without the word works all of this out by itself.
 */
import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { idTexts } from "../../models/policy/ids.ts";
import { askingAgain, dropsErrors } from "../../models/policy/publishing.ts";
import { consumerNameOf, streamOf } from "../../models/policy/streams.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type {
  BusEvent,
  Command,
  PublishCall,
  PublishReply,
  Reply,
  ResolvedPublish,
  ResolvedSubscription,
  SubscribeCommand,
} from "./protocol.ts";

/** The way in which the bus said that it publishes durable subjects; undefined as long as it has not said. */
export type Path = Extract<BusEvent, { event: "path" }>["path"] | undefined;

export function resolved(command: Command, policy: Policy, path: Path): Command {
  switch (command.do) {
    case "publish":
      return { ...command, resolved: ofPublish(command, policy, path) };
    case "together": {
      const calls = command.calls.map(one =>
        one.do === "publish" ? { ...one, resolved: ofPublish(one, policy, path) } : one,
      );
      return { ...command, calls };
    }
    case "subscribe":
      return { ...command, resolved: ofSubscription(command, policy) };
    default:
      return command;
  }
}

function ofPublish({ subject, key, async }: PublishCall, policy: Policy, path: Path): ResolvedPublish {
  const { retries, waitMs } = askingAgain(policy.publish, async);
  const onError = retries > 0 ? { onError: { retries, waitMs } } : {};
  if (path === "core" || !isClassifiedDurable(policy, subject)) return { via: "core", ...onError };
  const { ackTimeoutMs, attemptsMax, noResponders } = policy.publish;
  const texts = idTexts(policy, subject, key);
  return {
    via: "jetstream",
    ...onError,
    ...(texts === undefined ? {} : { idTexts: texts }),
    ackTimeoutMs,
    // Asynchronous ones are sent once.
    attemptsMax: async === true ? 1 : attemptsMax,
    ...(noResponders === undefined || async === true ? {} : { noResponders }),
  };
}

function ofSubscription({ subject }: SubscribeCommand, policy: Policy): ResolvedSubscription {
  const stream = streamOf(policy, subject)?.name;
  return { durable: consumerNameOf(subject), ...(stream === undefined ? {} : { stream }) };
}

/** The reply as the caller of these publishes learns it: without their errors, where the code drops those of durable ones. */
export function learned(command: Command, reply: Reply, { publish }: Policy): Reply {
  if (!dropsErrors(publish)) return reply;
  if ("outcomes" in reply && command.do === "publish") return withoutErrors(command, reply);
  if ("replies" in reply && command.do === "together") {
    const replies = reply.replies.map((one, index) => {
      const call = command.calls[index];
      return call?.do === "publish" && "outcomes" in one ? withoutErrors(call, one) : one;
    });
    return { replies };
  }
  return reply;
}

function withoutErrors({ resolved }: PublishCall, reply: PublishReply): PublishReply {
  if (resolved?.via !== "jetstream") return reply;
  return {
    outcomes: reply.outcomes.map(({ count, outcome }) => ({
      count,
      outcome: outcome.is === "acked" ? outcome : { is: "accepted" },
    })),
  };
}
