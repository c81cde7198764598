/** The letters that only a bus with a policy understands; times and subjects are the policy's own. */

import { isClassifiedDurable } from "../../../models/policy/classifier.ts";
import { killsAfterMs } from "../../../models/policy/probes.ts";
import { attemptsInAll } from "../../../models/policy/publishing.ts";
import { restartWaitsMs } from "../../../models/policy/restarts.ts";
import { termToKillMs } from "../../../models/policy/stops.ts";
import { effective } from "../../../models/policy/two-sides.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Handler, PublishStep } from "../../../models/vocabulary/scenario.ts";
import type { ExploredSetting, Letter } from "./alphabet.ts";

/** A subject that the bus publishes through JetStream, or undefined where its policy has none. */
export function durableSubject(policy: Policy): string | undefined {
  const patterns = [...policy.families.map(one => one.subjects), ...policy.streams.flatMap(one => one.subjects)];
  return patterns
    .map(pattern => pattern.replaceAll(/[*>]/g, "a"))
    .find(subject => isClassifiedDurable(policy, subject));
}

/** Moments at which something ends by itself, and a moment after each. */
function moments({ streams, consume, startup, supervisor }: Policy): readonly number[] {
  const ends = [...streams.map(one => one.duplicateWindowMs), effective(consume).ackWaitMs, startup.deadlineMs ?? 0];
  const all = [...ends.flatMap(ms => [ms, ms + 1]), ...restartWaitsMs(supervisor), ...killsAfterMs(supervisor)];
  return [...new Set(all)].filter(ms => ms > 1).sort((a, b) => a - b);
}

const replicas = [0, 1] as const;
const handlers: readonly Handler[] = ["acks", "fails", "hangs"];

export function durablePublishes(policy: Policy): readonly Letter[] {
  const subject = durableSubject(policy);
  if (subject === undefined) return [];
  const letter = (name: string, messages: 1 | 2, more: Partial<PublishStep>): Letter => ({
    name: `publish ${name} on ${subject}`,
    spends: messages === 1 ? ["publishes"] : ["publishes", "publishes"],
    step: (nth, { size }: ExploredSetting) => ({
      id: `publish-${nth}`,
      kind: "publish",
      count: messages,
      bytes: size.payloadBytes,
      subject,
      ...more,
    }),
  });
  return [
    letter("a message", 1, {}),
    letter("a message, racing with the next step,", 1, { overlap: true }),
    letter("2 messages, not waiting for the first,", 2, { async: true }),
    letter("a message about one thing", 1, { key: "one" }),
    letter("the first message again", 1, { again: "publish-1" }),
  ];
}

export const peerStarts = (): readonly Letter[] => [
  { name: "start replica 1", spends: ["starts"], step: nth => ({ id: `start-${nth}`, kind: "start", replica: 1 }) },
];

export function subscribes(policy: Policy): readonly Letter[] {
  const subject = durableSubject(policy);
  if (subject === undefined) return [];
  const prompt = replicas.flatMap(replica =>
    handlers.map(
      (handler): Letter => ({
        name: `subscribe replica ${replica} to ${subject}, whose handler ${handler}`,
        spends: ["subscriptions"],
        step: nth => ({ id: `subscribe-${nth}`, kind: "subscribe", replica, subject, handler }),
      }),
    ),
  );
  return [...prompt, slowHandler(policy, subject)];
}

const workMsMax = 10_000;

/** Its work ends well within the stop's bound and the ack wait. */
function slowHandler({ shutdown, supervisor, consume }: Policy, subject: string): Letter {
  const boundMs = Math.min(shutdown.budgetMs, termToKillMs(supervisor), effective(consume).ackWaitMs);
  const takesMs = Math.max(1, Math.min(workMsMax, Math.round(boundMs / 2)));
  return {
    name: `subscribe replica 0 to ${subject}, whose handler takes ${takesMs} ms`,
    spends: ["subscriptions"],
    step: nth => ({ id: `subscribe-${nth}`, kind: "subscribe", replica: 0, subject, handler: "acks", takesMs }),
  };
}

/** A heal that falls within the second attempt of a publish, where there is one. */
export const healsWithinAttempts = ({ publish }: Policy): readonly Letter[] =>
  attemptsInAll(publish) < 2
    ? []
    : [
        {
          name: "heal after one attempt",
          spends: ["heals"],
          step: nth => ({ id: `heal-${nth}`, kind: "heal", awaits: "connected", afterAttempts: 1 }),
        },
      ];

export const signals = (): readonly Letter[] =>
  replicas.flatMap(replica =>
    (["TERM", "KILL"] as const).map(
      (signal): Letter => ({
        name: `SIG${signal} to replica ${replica}`,
        spends: ["signals"],
        step: nth => ({ id: `signal-${nth}`, kind: "signal", replica, signal }),
      }),
    ),
  );

export const advances = (policy: Policy): readonly Letter[] =>
  moments(policy).map(ms => ({
    name: `${ms} ms pass`,
    spends: ["advances"],
    step: nth => ({ id: `advance-${nth}`, kind: "advance", ms }),
  }));
