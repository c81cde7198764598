/** The document of `size --json`. */
import { z } from "zod";
import type { SizeReport } from "../../report/size/size.ts";
import { exactly } from "./exactly.ts";
import { count, text, verdict } from "./shared.ts";

const bytes = z.number().min(0);
const ms = z.number().min(0);

const client = z.strictObject({
  profile: text,
  limitBytes: bytes.nullable().describe("The limit of its buffer; null: it has none. 0: it refuses everything."),
  askedBytes: z.int().nullable().describe("The policy's setting; null: the client's default holds."),
  published: count.describe("Messages published until the client is back."),
  accepted: count,
  refused: count.describe("Publishes that return an error."),
  lostInSilence: count.describe("Accepted and lost, and no caller is told."),
  timedOut: count.describe("Publishes through JetStream whose callers get a timeout."),
  firstRefusedMs: ms.nullable().describe("From the beginning of the outage; null: none is refused."),
  acceptedBefore: count.describe("Messages accepted before the first refusal."),
  keptBytes: bytes,
  neededBytes: bytes.nullable().describe("A buffer of this size refuses nothing; null: the client keeps nothing."),
  suggestedBytes: bytes.nullable().describe("The same with a quarter more, in whole MiB."),
  memoryShare: bytes.nullable().describe("Its share of the memory of one process; null: one of them is not known."),
  returnsWithinMs: ms.describe("The longest time from the end of the outage until the client is back."),
  silentForMs: ms.describe("The silence after which the client notices a link that died without a word."),
  givesUpMs: ms.nullable().describe("The moment from which it may have given up; null: not in this outage."),
  oldestMs: ms.nullable().describe("The age of the oldest message on its arrival; null: none arrives."),
  stale: z.array(z.strictObject({ family: text, staleAfterMs: ms, messages: count })),
  pending: z.array(z.strictObject({ ms, bytes })).describe("Bytes that wait in the client over time."),
  special: text.describe("The meaning of 0 and of -1 for this client."),
});

export const sizeDocument = exactly<SizeReport>()(
  z.strictObject({
    policy: text,
    outageMs: ms,
    outageFrom: text.describe("Where the length of the outage comes from."),
    replicas: count.nullable(),
    memoryBytesMax: bytes.nullable(),
    flows: z.array(
      z.strictObject({
        family: text,
        subject: text.describe("The subject that stands for the family."),
        perSecond: z.number().min(0),
        payloadBytes: bytes,
        frameBytes: bytes.describe("The bytes that the client keeps for each message."),
        durable: z.boolean().describe("Published through JetStream."),
      }),
    ),
    clients: z.array(client),
    drilled: z
      .array(
        z.strictObject({
          bus: text,
          client: text,
          profile: text,
          published: count,
          predicted: count.nullable().describe("Messages before the first that is refused; null: none is."),
          observed: count.nullable(),
          predictedLost: count,
          observedLost: count,
          residentBytes: bytes.nullable().describe("Memory of the bus's process before the publishes."),
          peakBytes: bytes.nullable(),
          verdict,
          reason: text,
        }),
      )
      .describe("Live runs, with --drill."),
  }),
);
