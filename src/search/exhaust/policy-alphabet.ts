/** The letters that only a bus with a policy understands; times and subjects are the policy's own. */

import { isClassifiedDurable } from "../../../models/policy/classifier.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Handler, PublishStep } from "../../../models/vocabulary/scenario.ts";
import type { Letter, Setting } from "./alphabet.ts";

/** A subject that the bus publishes through JetStream, or undefined where its policy has none. */
export function durableSubject(policy: Policy): string | undefined {
  const patterns = [...policy.families.map(one => one.subjects), ...policy.streams.flatMap(one => one.subjects)];
  return patterns
    .map(pattern => pattern.replaceAll(/[*>]/g, "a"))
    .find(subject => isClassifiedDurable(policy, subject));
}

/** Moments at which something ends by itself, and a moment after each. */
function moments({ streams, consume, startup, supervisor }: Policy): readonly number[] {
  const ends = [...streams.map(one => one.duplicateWindowMs), consume.ackWaitMs, startup.deadlineMs ?? 0];
  const all = [...ends.flatMap(ms => [ms, ms + 1]), supervisor.restartMs];
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
    step: (nth, { size }: Setting) => ({
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
  return replicas.flatMap(replica =>
    handlers.map(
      (handler): Letter => ({
        name: `subscribe replica ${replica} to ${subject}, whose handler ${handler}`,
        spends: ["subscriptions"],
        step: nth => ({ id: `subscribe-${nth}`, kind: "subscribe", replica, subject, handler }),
      }),
    ),
  );
}

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
