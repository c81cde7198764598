/** Mutants of streams: limits, ages, retention and acknowledgements that differ from what their policy declares. */
import { start } from "../models/cases.ts";
import { advance, job, kill, replica, stream, subscribe } from "../models/policies.ts";
import type { Mutant } from "./mutant.ts";
import { follows } from "./unfaithful.ts";

export const streamMutants: readonly Mutant[] = [
  follows(
    { streams: [{ ...stream, retention: "workqueue" }] },
    {
      name: "has a work queue where its policy says that a stream keeps what is handled",
      row: "F-74: acknowledged, not given again, and stored",
      steps: [start, subscribe(0), job(3)],
      killedBy: ["durable-path/acked-is-never-lost"],
    },
  ),
  follows(
    { streams: [stream] },
    {
      name: "has a stream that keeps what is handled where its policy says that it is a work queue",
      row: "F-210: a work queue lets a message go once it is acknowledged",
      declared: { streams: [{ ...stream, retention: "workqueue" }] },
      steps: [start, subscribe(0), job(3)],
      killedBy: [],
    },
  ),
  follows(
    { streams: [{ ...stream, retention: "interest" }] },
    {
      name: "has a stream that keeps messages for its consumers alone where its policy says that it keeps all",
      row: "F-212: retention by interest acknowledges what it does not keep",
      steps: [start, job(3)],
      killedBy: ["durable-path/acked-is-never-lost"],
    },
  ),
  ...(["workqueue", "interest"] as const).map(retention =>
    follows(
      { streams: [{ ...stream, retention, messagesMax: 2 }] },
      {
        name: `has a stream with retention ${retention} and a lower limit than is declared`,
        row: "F-243: a limit counts what is not acknowledged",
        declared: { streams: [{ ...stream, retention, messagesMax: 3 }] },
        steps: [start, replica(1), subscribe(1), job(), kill(1), job(), job(), job()],
        killedBy: [],
      },
    ),
  ),
  follows(
    { streams: [{ ...stream, discard: "new", messagesMax: 2 }] },
    {
      name: "has a full stream that counts what is handled where its policy says that it is a work queue",
      row: "F-243: a limit counts what is not acknowledged",
      declared: { streams: [{ ...stream, retention: "workqueue", discard: "new", messagesMax: 2 }] },
      steps: [start, subscribe(0), job(), job(), job()],
      killedBy: [],
    },
  ),
  follows(
    { streams: [{ ...stream, retention: "workqueue", discard: "new", messagesMax: 1 }] },
    {
      name: "has a work queue that refuses what would find room in it, in a burst that its handler acknowledges",
      row: "F-311: within a burst the answers alone show how far a handler has come",
      declared: { streams: [{ ...stream, retention: "workqueue", discard: "new", messagesMax: 2 }] },
      steps: [start, subscribe(0), job(2), job(2), job(2), job(2)],
      killedBy: [],
    },
  ),
  follows(
    { streams: [{ ...stream, retention: "workqueue", messagesMax: 2 }] },
    {
      name: "has a work queue with a limit which nobody declares",
      row: "F-243: a limit counts what is not acknowledged",
      declared: { streams: [{ ...stream, retention: "workqueue" }] },
      steps: [start, job(3)],
      killedBy: ["durable-path/acked-is-never-lost"],
    },
  ),
  follows(
    { streams: [{ ...stream, retention: "workqueue", duplicateWindowMs: 1_000 }] },
    {
      name: "has a work queue that keeps what is too old",
      row: "F-244: an age takes what is not acknowledged",
      declared: { streams: [{ ...stream, retention: "workqueue", duplicateWindowMs: 1_000, ageMaxMs: 2_000 }] },
      steps: [start, subscribe(0), job(1, { subject: "job.b" }), advance(2_400)],
      killedBy: [],
    },
  ),
  // Three messages of 88 bytes each: 30, the subject of 5, 4 and a header of 34, and 16 of payload.
  ...(
    [
      ["a subject", { messagesPerSubjectMax: 3, discardsNewPerSubject: true }, { messagesPerSubjectMax: 2 }],
      ["bytes", { bytesMax: 267 }, { bytesMax: 266 }],
      ["one message", { messageBytesMax: 50 }, { messageBytesMax: 49 }],
    ] as const
  ).map(([what, limit, lower]) =>
    follows(
      { streams: [{ ...stream, discard: "new", ...limit, ...lower }] },
      {
        name: `has a stream with a lower limit of ${what} than is declared`,
        row: "F-206: the limits of a stream that refuses",
        declared: { streams: [{ ...stream, discard: "new", ...limit }] },
        steps: [start, job(3)],
        killedBy: [],
      },
    ),
  ),
  ...(
    [
      ["bytes", { bytesMax: 267 }, { bytesMax: 266 }],
      ["a subject", { messagesPerSubjectMax: 3 }, { messagesPerSubjectMax: 2 }],
    ] as const
  ).flatMap(([what, limit, lower]) => [
    follows(
      { streams: [{ ...stream, ...lower }] },
      {
        name: `has a stream that discards by a limit of ${what} which nobody declares`,
        row: "F-240: the oldest make room by bytes and within a subject",
        steps: [start, job(3)],
        killedBy: ["durable-path/acked-is-never-lost"],
      },
    ),
    follows(
      { streams: [{ ...stream, ...lower }] },
      {
        name: `has a stream that discards by a lower limit of ${what} than is declared`,
        row: "F-240: the oldest make room by bytes and within a subject",
        declared: { streams: [{ ...stream, ...limit }] },
        steps: [start, job(3)],
        killedBy: [],
      },
    ),
  ]),
  follows(
    { streams: [{ ...stream, duplicateWindowMs: 1_000, ageMaxMs: 2_000 }] },
    {
      name: "has a stream with an age which nobody declares",
      row: "F-242: a message is gone after its age",
      steps: [start, job(), advance(2_400)],
      killedBy: ["durable-path/acked-is-never-lost"],
    },
  ),
  follows(
    { streams: [{ ...stream, duplicateWindowMs: 1_000 }] },
    {
      name: "has a stream that keeps what is too old",
      row: "F-242: a message is gone after its age",
      declared: { streams: [{ ...stream, duplicateWindowMs: 1_000, ageMaxMs: 2_000 }] },
      steps: [start, job(), advance(2_400)],
      killedBy: [],
    },
  ),
  follows(
    { streams: [{ ...stream, noAck: true }] },
    {
      name: "has a stream that acknowledges nothing",
      row: "F-241: a stream that acknowledges nothing stores each attempt",
      steps: [start, job()],
      killedBy: ["durable-path/every-declared-durable-subject-has-a-stream"],
    },
  ),
  follows(
    { streams: [{ ...stream, noAck: true }], publish: { messageIds: [] } },
    {
      name: "sends no ids to a stream that acknowledges nothing",
      row: "F-241: a stream that acknowledges nothing stores each attempt",
      declared: { streams: [{ ...stream, noAck: true }], publish: { attemptsMax: 2 } },
      notDemanded: ["durable-path/every-declared-durable-subject-has-a-stream"],
      steps: [start, job()],
      killedBy: ["durable-path/a-message-is-stored-at-most-once"],
    },
  ),
];
