/** The document of `exhaust --json`. */
import { z } from "zod";
import type { ExhaustReport } from "../../report/exhaust.ts";
import { exactly } from "./exactly.ts";
import { count, counterexamplePath, interrupted, names, seconds, text, verdict } from "./shared.ts";

const oracle = z
  .strictObject({
    asked: count.describe("Sampled paths that the oracle was asked about."),
    admitted: count.describe("Those of them that it admits."),
  })
  .meta({ id: "oracle", description: "Sampled paths held against the oracle." });

const explored = {
  schedules: count,
  states: count.describe("Distinct states."),
  transitions: count,
  endings: count.describe("Schedules that were settled and judged."),
  depth: count.describe("Steps of the longest schedules that were all judged."),
};

const size = {
  payloadBytes: count.describe("Bytes of a message's payload."),
  frameBytes: count.describe("Bytes of a message on the wire."),
};

export const exhaustDocument = exactly<ExhaustReport>()(
  z.strictObject({
    verdict,
    interrupted,
    profile: text.describe("The client that is modelled."),
    ...explored,
    complete: z.boolean().describe("All schedules within the bounds were tried."),
    violations: z.array(
      z.strictObject({
        property: text.describe("What was broken: a property's id or `conformance`."),
        reason: text,
        setting: text,
        steps: count.describe("Steps of the schedule, which is a shortest one."),
        file: counterexamplePath,
        replays: z.boolean().describe("A seed draws its answers."),
      }),
    ),
    alphabet: z
      .array(z.strictObject({ step: text, spends: names.describe("The bounds that the step uses.") }))
      .describe("Every kind of step that schedules are made of."),
    leftOut: names.describe("Kinds of steps that only a bus with a policy has."),
    bounds: z
      .record(text, count.nullable())
      .describe("The most of each in one schedule, and the most states and seconds of the search; null: no bound."),
    sizes: z
      .strictObject({
        ...size,
        subject: text,
        pingBytes: count.describe("Bytes of a ping on the wire."),
        large: z.strictObject(size).describe("The other size of message."),
        limitBytes: z.array(z.int()).describe("Bytes after which a link may end."),
        bufferBytesMax: z
          .array(z.int().nullable())
          .describe("Bytes of the reconnect buffer; null: the client's default."),
      })
      .describe("Sizes of the messages and bounds that were tried."),
    settings: z.array(
      z.strictObject({
        setting: text.describe("The options that all schedules of it share."),
        ...explored,
        oracle,
        stopped: text.nullable().describe("Why it is not all; null where it is."),
      }),
    ),
    oracle,
    exercised: names.describe("Promises that some path put to the test."),
    neverExercised: names.describe("Promises that no path put to the test."),
    ledgers: names.describe("Distinct sets of class counts."),
    seconds: seconds.describe("Seconds that the search took."),
  }),
);
