/** Rules on publishing: ids, retries and errors. */
import { sharedId } from "../../../models/policy/ids.ts";
import { covers } from "../../../models/policy/pattern.ts";
import { dropsErrors, timedOutMs } from "../../../models/policy/publishing.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { declaredLoads } from "../../desk/size/flows.ts";
import { declaredOutageMs, sizeOf } from "../../desk/size/size.ts";
import { idText } from "../../desk/words.ts";
import { cut, heal, publish, start } from "../../drills/drill.ts";
import { bytesText } from "../../text/bytes.ts";
import { msText } from "../../text/durations.ts";
import { type Hit, type Rule, when } from "../rule.ts";
import { durableStreams } from "./streams.ts";
import { storedSubject, storedSubjects } from "./subjects.ts";

const key = "job-1";

/** The first rule that covers the subject. */
const ruleIndex = (policy: Policy, subject: string): number =>
  policy.publish.messageIds.findIndex(({ subjects }) => covers(subjects, subject));

const sharedWithin: Rule = {
  id: "P009",
  name: "id-shared-by-distinct-messages",
  says: "Distinct messages carry one id within the duplicate window.",
  why: "The second is acknowledged as a duplicate, and is gone.",
  source: "F-57",
  hits: ({ policy }) =>
    durableStreams(policy).flatMap(({ stream, subject }) =>
      when(sharedId(policy, subject, key) !== undefined, () => ({
        message: `two messages about one thing on ${subject} have one id, and ${stream.name} remembers it for ${msText(stream.duplicateWindowMs)}`,
        remedy: 'Put a part that is unique for every message into the id: "event".',
        at: ["publish", "messageIds", ruleIndex(policy, subject)],
        witness: {
          promise: "durable-path/a-distinct-message-is-not-swallowed",
          steps: () => [start(), publish(subject, 2, { key })],
        },
      })),
    ),
};

const sharedAcross: Rule = {
  id: "P027",
  name: "one-id-on-two-subjects",
  says: "Messages on two subjects of one stream carry one id.",
  why: "The one on the second subject is acknowledged as a duplicate, and is gone.",
  source: "F-57; Cordum's job requests",
  hits: ({ policy }) =>
    policy.streams.flatMap((stream): readonly Hit[] => {
      const byId = Map.groupBy(storedSubjects(policy, stream), subject => sharedId(policy, subject, key));
      return [...byId].flatMap(([id, [one, ...more]]) => {
        const pattern = stream.subjects.find(each => covers(each, one ?? ""));
        const other = more.find(each => pattern === undefined || !covers(pattern, each)) ?? more[0];
        return when(id !== undefined && one !== undefined && other !== undefined, () => ({
          message: `a job that is published on ${one} and on ${other} has the id ${id} on both, and ${stream.name} takes both`,
          remedy: 'Put the subject into the id: "subject".',
          at: ["publish", "messageIds", ruleIndex(policy, one ?? "")],
          witness: {
            promise: "durable-path/a-distinct-message-is-not-swallowed",
            steps: () => [start(), publish(one ?? "", 1, { key }), publish(other ?? "", 1, { key })],
          },
        }));
      });
    }),
};

const windowTooShort: Rule = {
  id: "P010",
  name: "duplicate-window-shorter-than-the-retries",
  says: "The duplicate window of a stream is over before the last attempt of a publish.",
  why: "An attempt that comes after it is stored again, though it has the same id.",
  source: "F-209",
  hits: ({ policy }) =>
    durableStreams(policy).flatMap(({ stream, index, subject }) => {
      const retriesMs = timedOutMs(policy.publish);
      const hasRetries = retriesMs > policy.publish.ackTimeoutMs;
      return when(hasRetries && stream.duplicateWindowMs < retriesMs, () => ({
        message: `${stream.name} remembers an id for ${msText(stream.duplicateWindowMs)}, and a publish is retried for ${msText(retriesMs)}`,
        remedy: `Give ${stream.name} a duplicate window above ${msText(retriesMs)}.`,
        at: ["streams", index, "duplicateWindowMs"],
        witness: {
          promise: "durable-path/a-message-is-stored-at-most-once",
          steps: () => [start(), { kind: "fault", fault: { kind: "lose-ack" } }, publish(subject, 1), heal],
        },
      }));
    }),
};

const withoutIds: Rule = {
  id: "P040",
  name: "retries-without-an-id",
  says: "A publish is retried, and carries no id.",
  why: "A retry of a message that was stored is stored again.",
  source: "F-50",
  hits: ({ policy }) =>
    durableStreams(policy).flatMap(({ subject }) => {
      const isRetried = timedOutMs(policy.publish) > policy.publish.ackTimeoutMs;
      return when(isRetried && ruleIndex(policy, subject) < 0, () => ({
        message: `a publish on ${subject} is tried again after a timeout, and its messages carry no id`,
        remedy: "Set an id for every message (Nats-Msg-Id) that is the same for each attempt.",
        at: ["publish", "messageIds"],
        witness: {
          promise: "durable-path/a-message-is-stored-at-most-once",
          steps: () => [
            start(),
            { kind: "fault", fault: { kind: "lose-ack" } },
            publish(subject, 1, { overlap: true }),
            { kind: "heal", awaits: "connected", afterAttempts: 1 },
          ],
        },
      }));
    }),
};

const givesUpTooSoon: Rule = {
  id: "P041",
  name: "attempts-shorter-than-the-outage",
  says: "The attempts of a publish are used up before the outage is over that it is declared to outlast.",
  why: "The caller gets a timeout, and must publish again by itself.",
  source: "F-54",
  hits: ({ policy }) => {
    const { outlastsMs } = policy.publish;
    const subject = storedSubject(policy);
    const lastMs = timedOutMs(policy.publish);
    return when(outlastsMs !== undefined && subject !== undefined && lastMs < outlastsMs, () => ({
      message: `the attempts of a publish last ${msText(lastMs)}, and an outage of ${msText(outlastsMs ?? 0)} is declared`,
      remedy: `Raise attemptsMax or ackTimeoutMs until they last ${msText(outlastsMs ?? 0)}.`,
      at: ["publish", "attemptsMax"],
      witness: {
        promise: "durable-path/a-publish-outlasts-a-declared-outage",
        steps: () => [start(), { kind: "fault", fault: { kind: "hold" } }, publish(subject ?? "", 1), heal],
      },
    }));
  },
};

const errorsDropped: Rule = {
  id: "P032",
  name: "publish-error-dropped",
  says: "The code drops the error of a publish through JetStream.",
  why: "Its caller takes the message for published, and nobody learns of the loss.",
  source: "F-237",
  hits: ({ policy }) => {
    const subject = storedSubject(policy);
    return when(dropsErrors(policy.publish) && subject !== undefined, () => ({
      message: "the error of a publish through JetStream is logged or ignored, and its caller goes on",
      remedy: 'Return the error to the caller (publish.onError "returned").',
      at: ["publish", "onError"],
      witness: {
        promise: "durable-path/what-is-reported-as-published-is-stored",
        steps: () => [start(), cut, publish(subject ?? "", 1), { kind: "signal", replica: 0, signal: "KILL" }, heal],
      },
    }));
  },
};

const bufferTooSmall: Rule = {
  id: "P016",
  name: "buffer-smaller-than-the-outage",
  says: "The reconnect buffer is full before the declared outage is over.",
  why: "Every publish is refused from then on, and what is refused is lost unless its caller tries again.",
  source: "F-21, F-24; users-and-reliability A5",
  hits: ({ policy, profile }) => {
    const outageMs = declaredOutageMs(policy);
    const loads = declaredLoads(policy);
    if (outageMs === undefined || loads.length === 0) return [];
    const { firstRefusedMs, limitBytes, suggestedBytes } = sizeOf(policy, profile, loads, outageMs);
    return when(firstRefusedMs !== null && suggestedBytes !== null, () => ({
      message: `the buffer of ${bytesText(limitBytes ?? 0)} is full after ${msText(Math.round(firstRefusedMs ?? 0))} of the declared load, and an outage of ${msText(outageMs)} is declared`,
      remedy: `Set client.reconnectBufferBytesMax to ${suggestedBytes} (${bytesText(suggestedBytes ?? 0)}).`,
      at: ["client", "reconnectBufferBytesMax"],
    }));
  },
};

const declaredIds: Rule = {
  id: "P042",
  name: "id-rule-is-another-than-declared",
  says: "A family's messages carry another id than its declaration says.",
  why: "Anyone who relies on the declared id takes two messages for one, or one for two.",
  source: "expectations of a family",
  hits: ({ policy }) =>
    policy.families.flatMap(({ subjects, idRule }, i): readonly Hit[] => {
      if (idRule === undefined) return [];
      const own = policy.publish.messageIds.find(one => covers(one.subjects, subjects))?.id ?? "none";
      return when(JSON.stringify(inParts(own)) !== JSON.stringify(inParts(idRule)), () => ({
        message: `${subjects} is declared to carry the id ${idText(idRule)}, and carries ${idText(own)}`,
        remedy: "Make publish.messageIds and the family's idRule agree.",
        at: ["families", i, "idRule"],
      }));
    }),
};

type AnyIdRule = NonNullable<Policy["families"][number]["idRule"]>;

const inParts = (id: AnyIdRule): unknown => (id === "event" ? ["event"] : id === "key" ? ["subject", "key"] : id);

export const publishingRules: readonly Rule[] = [
  sharedWithin,
  windowTooShort,
  sharedAcross,
  errorsDropped,
  withoutIds,
  givesUpTooSoon,
  bufferTooSmall,
  declaredIds,
];
