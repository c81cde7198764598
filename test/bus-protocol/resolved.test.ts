/** Commands for a bus that knows no rules of a policy, and what becomes of its replies. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { messageId } from "../../models/policy/ids.ts";
import type { IdPart, Policy } from "../../models/vocabulary/policy.ts";
import type { PublishCall, PublishReply } from "../../src/bus-protocol/protocol.ts";
import { learned, resolved } from "../../src/bus-protocol/resolved.ts";
import { policyWith, sound } from "../models/policies.ts";

const publish = (more: Partial<PublishCall> = {}): PublishCall => ({
  do: "publish",
  subject: "job.a",
  first: 3,
  count: 2,
  bytes: 16,
  ...more,
});
const retries = policyWith({ publish: { attemptsMax: 3 } });
const withId = (id: IdPart[] | "event" | "key"): Policy =>
  policyWith({ publish: { messageIds: [{ subjects: "job.>", id }] } });
const textsUnder = (policy: Policy, more: Partial<PublishCall> = {}) => {
  const command = resolved(publish(more), policy, "jetstream") as PublishCall;
  return command.resolved?.via === "jetstream" ? command.resolved.idTexts : "core";
};

describe("a publish is resolved", () => {
  test("a durable subject goes through JetStream, with wait, attempts and the texts of its id", () => {
    expect(resolved(publish(), retries, "jetstream")).toEqual({
      ...publish(),
      resolved: { via: "jetstream", idTexts: ["event:", ""], ackTimeoutMs: 5_000, attemptsMax: 3 },
    });
  });

  test("until the bus has said how it publishes durable subjects, they go through JetStream; where it said core, as core", () => {
    expect(textsUnder(sound)).toEqual(["event:", ""]);
    expect(resolved(publish(), sound, undefined)).toEqual(resolved(publish(), sound, "jetstream"));
    expect(resolved(publish(), sound, "core")).toEqual({ ...publish(), resolved: { via: "core" } });
  });

  test("what the classifier does not match is core NATS", () => {
    expect(resolved(publish({ subject: "news" }), sound, "jetstream")).toMatchObject({ resolved: { via: "core" } });
  });

  test("asynchronous publishes are sent once", () => {
    expect(resolved(publish({ async: true }), retries, "jetstream")).toMatchObject({ resolved: { attemptsMax: 1 } });
  });

  test("a caller that publishes again after an error does so as core NATS too, and not asynchronously", () => {
    const onError = { retries: 2, waitMs: 100 };
    const asks = policyWith({ publish: { onError } });
    expect(resolved(publish(), asks, "jetstream")).toMatchObject({ resolved: { via: "jetstream", onError } });
    expect(resolved(publish(), asks, "core")).toMatchObject({ resolved: { via: "core", onError } });
    const drops = policyWith({ publish: { onError: { ...onError, lastError: "dropped" } } });
    expect(resolved(publish(), drops, "jetstream")).toHaveProperty("resolved.onError", onError);
    expect(resolved(publish({ async: true }), asks, "jetstream").do).toBe("publish");
    expect(resolved(publish({ async: true }), asks, "jetstream")).not.toHaveProperty("resolved.onError");
  });

  test("an id that all share is one text, and none is none", () => {
    expect(textsUnder(withId("key"), { key: "7" })).toEqual(["job.a:7"]);
    expect(textsUnder(withId("key"))).toEqual(["job.a:", ""]);
    expect(textsUnder(policyWith({ publish: { messageIds: [] } }))).toBeUndefined();
  });

  test("the number between its texts is the id of every message, whatever its parts", () => {
    const part = fc.oneof(
      fc.constantFrom("event" as const, "key" as const, "subject" as const),
      fc.record({ constant: fc.stringMatching(/^[!-~]{1,8}$/) }),
    );
    const keys = fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/), { nil: undefined });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), keys, fc.nat(), (id, key, number) => {
        const texts = textsUnder(withId(id), key === undefined ? {} : { key }) as readonly string[];
        expect(texts.join(`${number}`)).toBe(messageId(withId(id), "job.a", key, number));
      }),
    );
  });

  test("each of several calls is, and those that are no publishes stay as they are", () => {
    const flush = { do: "flush", timeoutMs: 5 } as const;
    expect(resolved({ do: "together", calls: [publish(), flush] }, retries, "jetstream")).toEqual({
      do: "together",
      calls: [resolved(publish(), retries, "jetstream"), flush],
    });
    expect(resolved(flush, retries, "jetstream")).toBe(flush);
  });
});

test("a subscription is told its stream and the name of its consumer, and no stream where none takes the subject", () => {
  const subscribe = { do: "subscribe", subject: "job.a", handler: "acks" } as const;
  expect(resolved(subscribe, sound, "jetstream")).toEqual({
    ...subscribe,
    resolved: { stream: "JOBS", durable: "faultline_job_a" },
  });
  expect(resolved({ ...subscribe, subject: "news" }, sound, "jetstream")).toMatchObject({
    resolved: { durable: "faultline_news" },
  });
});

describe("what the caller learns", () => {
  const drops = policyWith({ publish: { onError: "dropped" } });
  const reply: PublishReply = {
    outcomes: [
      { count: 1, outcome: { is: "acked", duplicate: true } },
      { count: 1, outcome: { is: "unsettled", kind: "timeout", text: "late" } },
    ],
  };
  const dropped = {
    outcomes: [
      { count: 1, outcome: { is: "acked", duplicate: true } },
      { count: 1, outcome: { is: "accepted" } },
    ],
  };
  const asked = resolved(publish(), drops, "jetstream") as PublishCall;

  test("nothing of an error that the code drops, also among several calls", () => {
    expect(learned(asked, reply, drops)).toEqual(dropped);
    const replies = [{ outcome: { is: "ok" } as const }, reply];
    const calls = [{ do: "flush", timeoutMs: 5 } as const, asked];
    expect(learned({ do: "together", calls }, { replies }, drops)).toEqual({ replies: [replies[0], dropped] });
  });

  test("every error of what went out as core NATS, and every error under another policy", () => {
    expect(learned(resolved(publish(), drops, "core"), reply, drops)).toBe(reply);
    expect(learned(asked, reply, sound)).toBe(reply);
  });
});
