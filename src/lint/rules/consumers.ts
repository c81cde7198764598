/** Rules on consumers: what becomes of a stored message, and of the work on it. */
import { longestWaitMs, waitMsOf } from "../../../models/policy/deliveries.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import { acknowledgesNothing, drifted, effective } from "../../../models/policy/two-sides.ts";
import type { ConsumePolicy, Policy } from "../../../models/vocabulary/policy.ts";
import { advance, type Draft, publish, signal, start } from "../../drills/drill.ts";
import type { FilePlace } from "../../files/json.ts";
import { msText } from "../../text/durations.ts";
import { type Hit, type Rule, when } from "../rule.ts";
import { durableStreams } from "./streams.ts";

const subscribe = (replica: number, subject: string, handler: "acks" | "fails" | "hangs" | "naks"): Draft => ({
  kind: "subscribe",
  replica,
  subject,
  handler,
});

/** A hit of the consumer, where a durable family has one. */
const onStored = (policy: Policy, hit: (subject: string) => readonly Hit[]): readonly Hit[] => {
  const [first] = durableStreams(policy);
  return first === undefined ? [] : hit(first.subject);
};

/** The side of the consumer that has the setting. */
const sideOf = ({ stands = {}, durables }: ConsumePolicy, setting: keyof ConsumePolicy): FilePlace =>
  setting in stands && durables !== "updated" ? ["consume", "stands", setting] : ["consume", setting];

const acknowledgesNone: Rule = {
  id: "P007",
  name: "no-acknowledgements-on-a-durable-family",
  says: "The consumer of a durable family waits for no acknowledgement.",
  why: "What a process has in hand when it ends is gone.",
  source: "F-252",
  hits: ({ policy }) =>
    onStored(policy, subject =>
      when(acknowledgesNothing(effective(policy.consume)), () => ({
        message: `the consumer has ack policy none: what is delivered counts as handled, such as ${subject}`,
        remedy: 'Give the consumer ack policy "explicit", and acknowledge each message after its work.',
        at: sideOf(policy.consume, "ackPolicy"),
        witness: {
          promise: "durable-path/a-failed-message-is-kept",
          steps: () => [start(), subscribe(0, subject, "fails"), publish(subject, 1)],
        },
      })),
    ),
};

/** The time in which all deliveries of a message are used up. */
function deliveriesMs(consume: ConsumePolicy): number {
  const given = effective(consume);
  if (given.deliverMax < 0) return Number.POSITIVE_INFINITY;
  let ms = 0;
  for (let delivery = 1; delivery <= given.deliverMax && ms < Number.MAX_SAFE_INTEGER; delivery++)
    ms += waitMsOf(given, delivery);
  return ms;
}

const deliveriesMax = 60;

const givesUp: Rule = {
  id: "P011",
  name: "deliveries-shorter-than-the-outage",
  says: "The deliveries of a message are used up before the outage is over that it is declared to outlast.",
  why: "The message is given to no handler again, and at most an advisory tells of it.",
  source: "F-73",
  hits: ({ policy }) =>
    onStored(policy, subject => {
      const { outlastsMs } = policy.consume;
      const lastMs = deliveriesMs(policy.consume);
      const { deliverMax } = effective(policy.consume);
      return when(outlastsMs !== undefined && lastMs < outlastsMs && deliverMax <= deliveriesMax, () => ({
        message: `${deliverMax} deliveries last ${msText(lastMs)}, and an outage of ${msText(outlastsMs ?? 0)} is declared`,
        remedy: `Give the consumer more deliveries or longer waits, ${msText(outlastsMs ?? 0)} in all.`,
        at: sideOf(policy.consume, "deliverMax"),
        witness: {
          promise: "durable-path/a-message-given-up-is-a-dead-letter",
          steps: scaled => [
            start(),
            subscribe(0, subject, "hangs"),
            publish(subject, 1),
            ...Array.from({ length: deliverMax }, () =>
              advance(Math.round(longestWaitMs(effective(scaled.consume)) * 1.4)),
            ),
          ],
        },
      }));
    }),
};

const neverEnds: Rule = {
  id: "P036",
  name: "poison-message-without-an-end",
  says: "A message that no handler can handle is given again for ever.",
  why: "It takes the time of every replica, and nobody looks at it.",
  source: "F-73, F-230",
  hits: ({ policy }) =>
    onStored(policy, subject => {
      const { failures } = policy.consume;
      const { deliverMax } = effective(policy.consume);
      return when(failures === "redelivered" && deliverMax < 0, () => ({
        message:
          "the consumer has no limit of deliveries, and a message whose handler fails is left to the next delivery",
        remedy: 'Set a limit of deliveries above the longest outage, or consume.failures "dead-letter".',
        at: sideOf(policy.consume, "deliverMax"),
        ...(policy.demands.includes("durable-path/a-poison-message-ends")
          ? {
              witness: {
                promise: "durable-path/a-poison-message-ends",
                steps: (scaled: Policy) => [
                  start(),
                  subscribe(0, subject, "fails"),
                  publish(subject, 1),
                  ...Array.from({ length: 4 }, () => advance(longestWaitMs(effective(scaled.consume)) * 1.4)),
                ],
              },
            }
          : {}),
      }));
    }),
};

const waitTooShort: Rule = {
  id: "P012",
  name: "ack-wait-shorter-than-the-handler",
  says: "The first wait for an acknowledgement is shorter than the work of a handler.",
  why: "The message is given to a second handler while the first still works on it.",
  source: "users-and-reliability A16",
  hits: ({ policy }) =>
    onStored(policy, subject => {
      const { handlerMs } = policy.consume;
      const given = effective(policy.consume);
      const waitMs = waitMsOf(given, 1);
      const setting = given.backoffMs === undefined ? "ackWaitMs" : "backoffMs";
      return when(handlerMs !== undefined && waitMs <= handlerMs, () => ({
        message: `a handler works for up to ${msText(handlerMs ?? 0)}, and its message is given again after ${msText(waitMs)}`,
        remedy: `Set ${setting === "ackWaitMs" ? "the ack wait" : "the first wait of the backoff"} above ${msText(handlerMs ?? 0)}, or say in progress while the handler works.`,
        at: sideOf(policy.consume, setting),
        witness: {
          promise: "durable-path/finished-work-is-not-given-again",
          steps: scaled => {
            const takesMs = Math.round(waitMsOf(effective(scaled.consume), 1) * 1.5);
            return [
              start(),
              { kind: "subscribe", replica: 0, subject, handler: "acks", takesMs },
              publish(subject, 1),
              advance(2 * takesMs),
            ];
          },
        },
      }));
    }),
};

const failuresGone: Rule = {
  id: "P037",
  name: "failed-message-acknowledged",
  says: "The code acknowledges a message whose handler has failed for good.",
  why: "The message is gone, and only a log line tells of it.",
  source: "F-74",
  hits: ({ policy }) =>
    onStored(policy, subject =>
      when(policy.consume.failures === "acknowledged", () => ({
        message: `a message that fails for good is acknowledged and gone, such as one on ${subject}`,
        remedy: 'Store it as a dead letter first (consume.failures "dead-letter"), and acknowledge it then.',
        at: ["consume", "failures"],
        witness: {
          promise: "durable-path/a-failed-message-is-kept",
          steps: () => [start(), subscribe(0, subject, "fails"), publish(subject, 1)],
        },
      })),
    ),
};

const driftsApart: Rule = {
  id: "P030",
  name: "consumer-is-another-than-the-codes",
  says: "The code asks for other settings than the consumer on the server has.",
  why: "The settings in the code change nothing, or its subscription is refused.",
  source: "F-250",
  hits: ({ policy }) =>
    onStored(policy, subject =>
      drifted(policy.consume).map(setting => ({
        message: `the code asks for ${setting} ${valueText(policy.consume[setting])}, and the consumer on the server has ${valueText(policy.consume.stands?.[setting])}`,
        remedy: `Make the two sides agree in ${setting}: change the consumer, or the code.`,
        at: ["consume", "stands", setting],
        witness: {
          promise: "durable-path/a-subscription-has-the-settings-that-its-code-asks-for",
          steps: () => [start(), subscribe(0, subject, "acks"), publish(subject, 1)],
        },
      })),
    ),
};

const valueText = (value: unknown): string => (value === undefined ? "by default" : JSON.stringify(value));

const goneInARollout: Rule = {
  id: "P022",
  name: "ephemeral-consumer-on-a-durable-family",
  says: "The consumer of a durable family is ephemeral.",
  why: "It goes with its process, so what is stored meanwhile is missed, or everything is handled again.",
  source: "F-253",
  hits: ({ policy }) =>
    onStored(policy, subject =>
      when(policy.consume.durables === "ephemeral", () => {
        const { deliverPolicy = "all" } = effective(policy.consume);
        return {
          message: `every subscriber has a consumer of its own, which ${deliverPolicy === "all" ? "begins with the first message again" : "passes over what was stored while it was away"} after a restart`,
          remedy: "Use one durable consumer that all replicas share.",
          at: ["consume", "durables"],
          witness: {
            promise:
              deliverPolicy === "all"
                ? "shutdown/a-restart-replays-no-history"
                : "durable-path/every-stored-message-is-handled",
            steps: () => [
              start(),
              start(1),
              subscribe(1, subject, "acks"),
              publish(subject, 2),
              signal("TERM", 1),
              publish(subject, 2),
              start(1),
              subscribe(1, subject, "acks"),
              publish(subject, 1),
            ],
          },
        };
      }),
    ),
};

const roomTaken: Rule = {
  id: "P038",
  name: "hung-handlers-hold-up-all",
  says: "A few messages that are not acknowledged hold up all others, without end.",
  why: "Handlers that hang use up max_ack_pending, and with no limit of deliveries they never give it back.",
  source: "F-235",
  hits: ({ policy }) =>
    onStored(policy, subject => {
      const { ackPendingMax, deliverMax } = effective(policy.consume);
      const most = 20;
      return when(ackPendingMax !== undefined && ackPendingMax > 0 && ackPendingMax <= most && deliverMax < 0, () => ({
        message: `${ackPendingMax} messages that are not acknowledged hold up all others, and there is no limit of deliveries`,
        remedy: "Set a limit of deliveries, or a higher max_ack_pending.",
        at: sideOf(policy.consume, "ackPendingMax"),
        witness: {
          promise: "durable-path/unacknowledged-messages-hold-up-no-others",
          steps: scaled => [
            start(),
            subscribe(0, subject, "hangs"),
            publish(subject, (ackPendingMax ?? 0) + 1),
            ...Array.from({ length: 3 }, () => advance(longestWaitMs(effective(scaled.consume)) * 1.4)),
          ],
        },
      }));
    }),
};

const startsLate: Rule = {
  id: "P039",
  name: "consumer-begins-after-what-is-stored",
  says: "A consumer that its subscriber makes begins with the next message, or the last.",
  why: "What was stored before the first subscriber came is handled by nobody.",
  source: "F-251",
  hits: ({ policy }) =>
    onStored(policy, subject => {
      const { deliverPolicy = "all" } = effective(policy.consume);
      const isLate =
        deliverPolicy !== "all" && policy.consume.durables !== "ephemeral" && policy.consume.durables !== "bound";
      return when(isLate && streamOf(policy, subject)?.retention !== "interest", () => ({
        message: `the consumer begins with deliver policy ${deliverPolicy}, so it passes over what ${subject} has stored before it`,
        remedy: 'Give the consumer deliver policy "all".',
        at: sideOf(policy.consume, "deliverPolicy"),
        witness: {
          promise: "durable-path/every-stored-message-is-handled",
          steps: () => [start(), publish(subject, 2), subscribe(0, subject, "acks"), publish(subject, 1)],
        },
      }));
    }),
};

export const consumerRules: readonly Rule[] = [
  acknowledgesNone,
  givesUp,
  waitTooShort,
  goneInARollout,
  driftsApart,
  neverEnds,
  failuresGone,
  roomTaken,
  startsLate,
];
