/** The document of `drill durability`, `drill buffer`, `drill shutdown` and `drill cold-start` with --json. */
import { z } from "zod";
import { questions } from "../../drills/drill.ts";
import type { QuestionReport } from "../../report/question.ts";
import { exactly } from "./exactly.ts";
import {
  again,
  count,
  interrupted,
  ledger,
  names,
  notDemanded,
  notModelled,
  reportPath,
  seconds,
  seed,
  selfTest,
  text,
  verdict,
  world,
} from "./shared.ts";

const ms = z.number().min(0);
const notObserved = count.describe("Messages that nobody can tell the fate of.");
const arrived = count.describe("Messages that were seen to arrive, or that a stream holds.");

const family = z.strictObject({
  subjects: text.describe("The family's subject pattern."),
  declared: z.enum(["durable", "best-effort"]),
  published: count,
  arrived,
  told: z
    .strictObject({ acked: count, accepted: count, rejected: count, unsettled: count })
    .describe("Messages by what their callers were told."),
  silentLoss: count.describe("The caller was told that all was well, and the message did not arrive."),
  discarded: count.describe("Discarded at the declared limit of the stream."),
  notObserved,
  inDoubt: count.describe("Ended in an error that proves nothing, and did not arrive."),
  duplicated: count,
});

const map = z.strictObject({
  map: text.describe("The durability map: `own` is the policy's, the others are set beside it."),
  judged: z.boolean().describe("Held to the policy's demands; else shown beside it."),
  world,
  published: count,
  arrived,
  silentLoss: count.describe("The caller was told that all was well, and the message did not arrive."),
  told: count.describe("The caller got an error, whatever became of the message."),
  notObserved,
  stored: count.describe("Messages that streams hold at the end."),
  storedBytes: count.describe("The bytes of these, as the server counts them."),
  waited: count.describe("Publishes that waited for an acknowledgement of a stream."),
  calmPublishMs: ms
    .nullable()
    .describe("Mean milliseconds of a publish while nothing is wrong; null without a live run."),
});

const size = z.strictObject({
  size: text.describe("The size of the reconnect buffer; `own` is the policy's."),
  judged: z.boolean().describe("Held to the policy's demands; else shown beside it."),
  world,
  limitBytes: count.nullable().describe("Bytes that the buffer takes; null: nothing is ever refused."),
  predictedFirstRefusal: count.nullable().describe("The first publish that the model refuses, from 0; null: none."),
  memoryAtStartBytes: count.nullable().describe("Resident bytes of the bus's process; null where nothing tells them."),
  peakMemoryBytes: count.nullable().describe("The most resident bytes; null where nothing tells them."),
  recoveryMs: ms.nullable().describe("Milliseconds from the heal to the connection; null without a live run."),
  published: count,
  frameBytes: count.describe("Bytes of one message on the wire."),
  errors: z.record(text, count).describe("Calls that returned an error, by its kind."),
  firstRefusal: count.nullable().describe("The first publish that was refused, from 0; null: none."),
  takenBytes: count.describe("Bytes that the buffer had taken."),
  arrived,
  notObserved,
});

const shown = {
  situation: text.describe("The table that the row belongs to."),
  about: text.describe("What befalls the bus."),
  variant: text.describe("The strategy, of the policy or set beside it."),
  judged: z.boolean().describe("Held to the policy's demands; else shown beside it."),
  world,
};

const stop = z.strictObject({
  ...shown,
  accepted: count.describe("Messages whose callers were told before the stop that all was well."),
  arrived,
  lost: count,
  notObserved,
  toldLost: count.nullable().describe("Lost messages, as the stopping process said; null: nobody saw it end."),
  tookMs: ms.nullable().describe("Milliseconds that the stop took; null: nobody saw it end."),
  budgetMs: ms.describe("Milliseconds that the policy allows, scaled as the run was."),
  forced: z.boolean().describe("The stop was cut short at the end of its budget."),
  ended: z.enum(["stopped", "startup", "credentials", "client-closed", "killed", "exit"]).nullable(),
  ownTookMs: ms.nullable().describe("Milliseconds in the policy's own time, as modelled."),
  ownBudgetMs: ms.describe("Milliseconds that the policy allows."),
});

const replica = z.strictObject({
  ...shown,
  storedAfterStop: count.nullable().describe("Stored after one replica had stopped and before it came back."),
  handledByOthers: count.nullable().describe("Those of them that another replica handled meanwhile."),
  handledAgain: count.nullable().describe("Messages handled to an end more than once."),
  handled: count.nullable(),
  stored: count.nullable(),
  durables: z
    .enum(["created", "bound", "updated", "ephemeral"])
    .describe("How the policy comes by its durable consumers."),
});

const startFigures = {
  observed: z.boolean().describe("The case was observed to its end; else there may be more than the figures say."),
  restarts: count.describe("Starts by the supervisor before the first connection."),
  exits: z.array(
    z.strictObject({
      because: z.enum(["stopped", "startup", "credentials", "client-closed", "killed", "exit"]),
      code: z.int().describe("The exit code."),
      atMs: ms.describe("Milliseconds of the scenario's time."),
      tookMs: ms.describe("Milliseconds that the process took to end."),
    }),
  ),
  connectedAfterMs: ms.nullable().describe("Milliseconds from the heal to the first connection; null: never."),
  readyAfterMs: ms.nullable().describe("Milliseconds from the heal to the first word of being ready; null: never."),
  acceptedEarly: count.describe("Messages accepted before the first connection."),
  arrivedEarly: count.describe("Those of them that arrived."),
  notObservedEarly: count.describe("Those of them that nobody can tell the fate of."),
  toldLost: count.describe("Lost messages, as the processes that ended said."),
  probes: z
    .array(
      z.strictObject({
        atMs: ms.describe("Milliseconds of the scenario's time."),
        ready: z.boolean(),
        live: z.boolean(),
        connected: z.boolean(),
        durable: z.boolean(),
      }),
    )
    .describe("What the process's health probes said."),
};

const start = z.strictObject({
  ...shown,
  ...startFigures,
  own: z.strictObject(startFigures).describe("The same in the policy's own time, as modelled."),
});

const budget = z.strictObject({
  servers: count,
  passes: count.describe("Passes over the list of servers that the deadline is to allow."),
  connectTimeoutMs: ms,
  marginMs: z.number().describe("Milliseconds beyond the attempts themselves."),
  deadlineMs: ms.describe("Milliseconds, the startup deadline of the policy."),
  gaveUpAfterMs: ms.nullable().describe("Milliseconds, as modelled; null: the process did not give up."),
  live: z.strictObject({
    world: z.enum(["observed", "not-observed", "not-run"]),
    deadlineMs: ms.describe("Milliseconds, scaled as the live run was."),
    gaveUpAfterMs: ms.nullable().describe("Milliseconds, as measured; null: the process was not seen to give up."),
  }),
});

const redelivered = z.strictObject({
  case: text.describe("The id of the case."),
  about: text.describe("What befalls the bus."),
  judged: z.boolean().describe("Held to the policy's demands; else shown beside it."),
  subjects: text.nullable().describe("The family's subject pattern; null: no family covers the subject."),
  subject: text,
  message: count.describe("The number of the message in its case."),
  world: world.describe(
    "The clock of the row: the policy's own time, as modelled, or that of the harness in a live run, whose times are shortened.",
  ),
  afterMs: z.array(ms).describe("Milliseconds from the publish to each delivery, in order."),
});

const gap = z.strictObject({
  case: text.describe("The id of the case."),
  about: text.describe("What befalls the bus."),
  judged: z.boolean().describe("Held to the policy's demands; else shown beside it."),
  subjects: text.describe("The family's subject pattern."),
  world: world.describe(
    "The clock of the row: the policy's own time, as modelled, or that of the harness in a live run, whose times may be shortened.",
  ),
  declaredMs: ms.describe("Milliseconds that the family declares, by that clock."),
  outageMs: ms.describe("Milliseconds of it in which link or server were down."),
  leastMs: ms.nullable().describe("Milliseconds that it takes at least; null: it could not be measured."),
  mostMs: ms.nullable().describe("Milliseconds that it takes at most."),
});

const questionCase = z.strictObject({
  id: text.describe("The id of the case's scenario."),
  about: text.describe("What befalls the bus."),
  part: text.describe("The table that the case belongs to."),
  variant: text.nullable().describe("What of the policy was changed; null: nothing."),
  judged: z.boolean().describe("Held to the policy's demands; else shown beside it."),
  verdict,
  reason: text,
  model: verdict,
  live: verdict.nullable().describe("Null: the case was not run live."),
  agrees: z.boolean().nullable().describe("Whether the model admits what was seen live; null without a live run."),
  notRun: names.nullable().describe("Capabilities that bus or world lack; null: they lack none."),
  notObserved: text.nullable().describe("Why its live run shows less than it was to show; null: it shows all."),
  notShown: names.nullable().describe("Capabilities that the injector's self-test did not show; null: none."),
  modelAlone: z
    .literal(true)
    .describe(
      "The bus has one behaviour: this case beside the policy was run in the model alone, without a part in the verdict.",
    )
    .optional(),
  retimed: z
    .literal(true)
    .describe(
      "The case was not run live: the model breaks other promises in the time of a live run, where the policy's waits end in another order or too close together.",
    )
    .optional(),
  ledger,
  file: text.describe("Path of the case's scenario."),
  again,
});

const violation = z.strictObject({
  property: text.describe("What was broken: a property's id or `conformance`."),
  case: text.describe("The id of the case."),
  about: text.describe("What befalls the bus."),
  worlds: z.array(world).describe("The worlds in which it broke."),
  reason: text,
  reproduced: z
    .strictObject({ k: count, n: count })
    .describe("How often it came: k of n live runs, where the model had not broken it."),
  file: text.describe("Path of the case's scenario."),
  again,
  seen: text.nullable().describe("Path of the live run that broke it, step by step; null: only the model broke it."),
});

export const questionDocument = exactly<QuestionReport>()(
  z.strictObject({
    verdict,
    question: z.enum(questions),
    policy: text.describe("The policy's name."),
    outlasts: z
      .strictObject({
        publishMs: ms.describe("Milliseconds of a durable publish with all its attempts."),
        deliveriesMs: ms
          .nullable()
          .describe(
            "Milliseconds from the first delivery of a message to its last without an acknowledgement; null: no end.",
          ),
        dialsMs: ms.nullable().describe("Milliseconds until the client closes for good; null: never.").optional(),
        startMs: ms.nullable().describe("Milliseconds of a start without a server; null: no end; 0: one pass."),
      })
      .describe("How long an outage the policy's own patience lasts, in its own time."),
    bus: text,
    profile: text.nullable().describe("Null where the bus never greeted and its profile is unknown."),
    client: text.nullable().describe("The client's name and version; null without a live world."),
    unclaimed: text.nullable().describe("Why the bus has neither signals nor memory; null if it has."),
    servers: names.describe("The servers of the live world, each with its version."),
    seed,
    interrupted,
    live: z.strictObject({
      reason: text.nullable().describe("Why there is no live world; null where there is one."),
      seconds: seconds.describe("Seconds that the live part took."),
    }),
    selfTest,
    families: z.array(family).describe("What became of each family of subjects, over the cases that are judged."),
    figures: z
      .strictObject({
        maps: z.array(map).describe("Of drill durability.").optional(),
        sizes: z.array(size).describe("Of drill buffer.").optional(),
        stops: z.array(stop).describe("Of drill shutdown.").optional(),
        replicas: z.array(replica).describe("Of drill shutdown.").optional(),
        starts: z.array(start).describe("Of drill cold-start.").optional(),
        budget: budget.describe("Of drill cold-start.").optional(),
        restarts: z
          .strictObject({
            perFamily: count.describe("Restarts that each family went through."),
            signals: names.describe("Signals that proved to have ended the server."),
          })
          .describe("Of drill durability.")
          .optional(),
      })
      .describe("The figures of the question."),
    redelivered: z
      .array(redelivered)
      .describe(
        "Every message that was delivered more than once, with a row for each clock. A call to publish takes no time.",
      ),
    gaps: z
      .array(gap)
      .describe(
        "Gaps of best-effort families, with a row for each clock; absent where none declares how long one may be.",
      )
      .optional(),
    notes: names.describe("What changes in the time of a live run."),
    violations: z.array(violation),
    notDemanded,
    notModelled,
    cases: z.array(questionCase),
    report: reportPath,
  }),
);
