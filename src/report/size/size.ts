/** The size of the reconnect buffer: what an outage does to it, client by client, and how large it has to be. */
import type { Flow } from "../../desk/size/flows.ts";
import type { ClientSize } from "../../desk/size/size.ts";
import { bytesText } from "../../text/bytes.ts";
import { msText } from "../../text/durations.ts";
import type { Paint } from "../paint.ts";
import { left, right } from "../question/cells.ts";
import { counted, renderPairs, renderTable } from "../table.ts";
import { plotText } from "./plot.ts";

export interface ClientSizeShown extends ClientSize {
  /** The meaning of 0 and of -1 as the size of the buffer. */
  readonly special: string;
}

/** A live run in which the buffer was filled: predicted beside observed. */
export interface DrilledSize {
  readonly bus: string;
  readonly client: string;
  readonly profile: string;
  readonly published: number;
  /** The number of messages before the first that is refused; null: none is. */
  readonly predicted: number | null;
  readonly observed: number | null;
  readonly predictedLost: number;
  readonly observedLost: number;
  readonly residentBytes: number | null;
  readonly peakBytes: number | null;
  readonly verdict: "holds" | "violated" | "inconclusive";
  readonly reason: string;
}

export interface SizeReport {
  readonly policy: string;
  readonly outageMs: number;
  /** The words that it comes from. */
  readonly outageFrom: string;
  readonly replicas: number | null;
  readonly memoryBytesMax: number | null;
  readonly flows: readonly Omit<Flow, "sendingsMs">[];
  readonly clients: readonly ClientSizeShown[];
  readonly drilled: readonly DrilledSize[];
}

/** The share of a process's memory from which a buffer is told to be large. */
const shareMax = 0.5;

export function renderSize(report: SizeReport, paint: Paint): string {
  const { policy, outageMs, outageFrom, replicas, flows, clients, drilled } = report;
  const each = replicas === null ? "one replica" : `each of ${counted(replicas, "replica")}`;
  return [
    `${paint("bold", policy)}: ${each} in an outage of ${msText(outageMs)} (${outageFrom})`,
    "",
    ...flows.map(flowText),
    "",
    renderTable(columns, clients.map(row)),
    ...clients.flatMap(one => ["", ...clientLines(one, report, paint)]),
    ...(drilled.length === 0 ? [] : ["", ...drilledLines(drilled, paint)]),
    "",
    "By the model's own rule for each client, message by message. Real ids and subjects of another length change the frames.",
  ].join("\n");
}

const flowText = ({
  family,
  subject,
  perSecond,
  payloadBytes,
  frameBytes,
  durable,
}: SizeReport["flows"][number]): string =>
  `  ${family}: ${perSecondText(perSecond)} of ${payloadBytes} B, ${frameBytes} B as a frame on ${subject}, ${durable ? "through JetStream" : "as core NATS"}`;

const perSecondText = (perSecond: number): string => `${Number(perSecond.toFixed(3)).toLocaleString("en-US")}/s`;

const columns = [
  left("client"),
  left("buffer"),
  right("published"),
  right("accepted"),
  right("refused"),
  right("lost, not told"),
  right("timeouts"),
  left("first refusal"),
  left("oldest on arrival"),
];

const row = (one: ClientSizeShown): readonly string[] => [
  one.profile,
  bufferText(one),
  ...[one.published, one.accepted, one.refused, one.lostInSilence, one.timedOut].map(count =>
    count === 0 ? "·" : count.toLocaleString("en-US"),
  ),
  one.firstRefusedMs === null ? "none" : `after ${msText(Math.round(one.firstRefusedMs))}`,
  one.oldestMs === null ? "nothing arrives" : msText(one.oldestMs),
];

function bufferText({ limitBytes, askedBytes }: ClientSizeShown): string {
  if (limitBytes === null) return "none";
  if (limitBytes === 0) return `off (${askedBytes})`;
  return `${bytesText(limitBytes)}${askedBytes === null || askedBytes === 0 ? " (default)" : ""}`;
}

function clientLines(one: ClientSizeShown, report: SizeReport, paint: Paint): readonly string[] {
  const hasCurve = one.pending.some(({ bytes }) => bytes > 0);
  return [
    paint("bold", one.profile),
    ...(hasCurve ? plotText(one) : []),
    renderPairs([...advice(one, report).map(text => ["  →", text] as const), ["  0, -1", one.special]]),
  ];
}

function advice(one: ClientSizeShown, { outageMs, replicas }: SizeReport): readonly string[] {
  const { neededBytes, suggestedBytes, limitBytes, memoryShare, givesUpMs, returnsWithinMs, silentForMs } = one;
  const { keptBytes, stale } = one;
  const isEnough = neededBytes !== null && limitBytes !== null && limitBytes >= neededBytes;
  return [
    ...(neededBytes === null || suggestedBytes === null
      ? [
          "the client keeps nothing while it is down, except what it publishes during its last dial: publish through JetStream what must not be lost",
        ]
      : isEnough
        ? [`enough: ${bytesText(neededBytes)} are needed`]
        : [
            `needs ${bytesText(neededBytes)}: set client.reconnectBufferBytesMax to ${suggestedBytes} (${bytesText(suggestedBytes)}, a quarter more)`,
          ]),
    ...(memoryShare !== null && memoryShare > shareMax
      ? [
          `that is ${Math.round(memoryShare * 100)} % of the memory that a replica may take: raise it, or publish less while down`,
        ]
      : []),
    ...(givesUpMs === null
      ? []
      : [
          `the client gives up after ${msText(givesUpMs)}, before the outage is over, and what it has kept is lost: set reconnectAttemptsMax to -1`,
        ]),
    `it is back at most ${msText(returnsWithinMs)} after the end of the outage of ${msText(outageMs)}`,
    `a link that dies without a word is noticed after up to ${msText(silentForMs)}: what is published until then is lost`,
    ...(keptBytes > 0 && replicas !== null && replicas > 1
      ? [`the server then gets ${bytesText(keptBytes * replicas)} at once from ${replicas} replicas`]
      : []),
    ...stale.map(
      ({ family, staleAfterMs, messages }) =>
        `${messages.toLocaleString("en-US")} messages of ${family} arrive older than ${msText(staleAfterMs)}, when they are of no more use`,
    ),
  ];
}

function drilledLines(drilled: readonly DrilledSize[], paint: Paint): readonly string[] {
  const count = (one: number | null): string => (one === null ? "none" : (one + 1).toLocaleString("en-US"));
  const memory = (bytes: number | null): string => (bytes === null ? "?" : bytesText(bytes));
  return [
    paint("bold", "Live: the buffer filled with the same mix, as fast as the bus publishes"),
    renderTable(
      [
        left("bus"),
        right("published"),
        right("first refused, predicted"),
        right("observed"),
        right("lost, predicted"),
        right("observed"),
        right("memory before"),
        right("peak"),
        left(""),
      ],
      drilled.map(one => [
        one.bus,
        one.published.toLocaleString("en-US"),
        count(one.predicted),
        count(one.observed),
        one.predictedLost.toLocaleString("en-US"),
        one.observedLost.toLocaleString("en-US"),
        memory(one.residentBytes),
        memory(one.peakBytes),
        one.verdict === "holds" ? paint("green", "as predicted") : paint("red", `${one.verdict}: ${one.reason}`),
      ]),
    ),
  ];
}
