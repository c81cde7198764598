/** The sentences that answer a question, out of its figures. What could not be observed is said beside what was, and is no part of it. */
import type { ReplicaRow, SizeRow, StartRow, StopRow } from "../../drills/answer.ts";
import type { FamilyFigures } from "../../drills/figures.ts";
import type { UnkeptQuestion } from "../question.ts";
import { counted } from "../table.ts";
import { mebibytes, seconds } from "./cells.ts";

export function answerLines({ question, families, figures }: UnkeptQuestion): readonly string[] {
  switch (question) {
    case "durability":
      return ofDurability(families);
    case "buffer":
      return ofBuffer(figures.sizes ?? []);
    case "shutdown":
      return ofShutdown(figures.stops ?? [], figures.replicas ?? []);
    case "cold-start":
      return ofColdStart(figures.starts ?? []);
  }
}

const sum = (rows: readonly FamilyFigures[], of: (row: FamilyFigures) => number): number =>
  rows.reduce((total, row) => total + of(row), 0);

/** A count that stands beside the observed ones, and is no part of them. */
const beside = (count: number, what: string): string => (count === 0 ? "" : `; ${count} ${what}`);
const notObservedText = (count: number): string => beside(count, "could not be observed");

function ofDurability(families: readonly FamilyFigures[]): readonly string[] {
  const durable = families.filter(({ declared }) => declared === "durable");
  const best = families.filter(({ declared }) => declared === "best-effort");
  const lost = (rows: readonly FamilyFigures[]): string =>
    `of ${counted(
      sum(rows, row => row.published),
      "message",
    )} ${sum(rows, row => row.silentLoss)} were lost in silence`;
  const open = (rows: readonly FamilyFigures[]): string =>
    beside(
      sum(rows, row => row.discarded),
      "were discarded at the limit of their stream, as declared",
    ) + notObservedText(sum(rows, row => row.notObserved));
  return [
    `declared durable: ${lost(durable)}; ${sum(durable, row => row.told.unsettled)} ended in an error that leaves it open, of which ${sum(durable, row => row.inDoubt)} are not there${open(durable)}`,
    `best-effort: ${lost(best)}, which is declared${open(best)}`,
  ];
}

function ofBuffer(sizes: readonly SizeRow[]): readonly string[] {
  const own = sizes.find(({ judged }) => judged);
  if (own === undefined) return ["no size was tried"];
  const { limitBytes, firstRefusal, predictedFirstRefusal, frameBytes, peakMemoryBytes, published, arrived } = own;
  const open = notObservedText(own.notObserved);
  if (published === 0) return ["the policy's own size could not be observed"];
  if (limitBytes === null)
    return [
      `this client has no reconnect buffer: ${published - arrived - own.notObserved} of ${published} published while down never arrived${open}`,
    ];
  const asPredicted =
    firstRefusal === predictedFirstRefusal ? "as predicted" : `the prediction was ${predictedFirstRefusal}`;
  const memory = peakMemoryBytes === null ? "" : `; the process used at most ${mebibytes(peakMemoryBytes)}`;
  return [
    `the buffer of ${limitBytes.toLocaleString("en-US")} bytes took ${firstRefusal ?? published} messages of ${frameBytes} bytes and refused the next, ${asPredicted}${memory}${open}`,
  ];
}

function ofShutdown(stops: readonly StopRow[], replicas: readonly ReplicaRow[]): readonly string[] {
  const own = stops.filter(({ judged }) => judged);
  const lines = own.map(
    ({ about, accepted, lost, notObserved, toldLost, tookMs, budgetMs, forced }) =>
      `${about}: ${lost} of ${accepted} accepted messages lost, ${toldLost ?? "?"} told${notObservedText(notObserved)}; ${tookMs === null ? "its end was not seen" : `ended after ${tookMs} ms of ${budgetMs}${forced ? ", forced" : ""}`}`,
  );
  const shared = replicas.find(({ judged }) => judged);
  if (shared === undefined) return lines;
  const { handledByOthers, storedAfterStop, handledAgain } = shared;
  if (handledByOthers === null)
    return [...lines, "one of two replicas stops: the case could not be observed to its end"];
  return [
    ...lines,
    `one of two replicas stops: the other handled ${handledByOthers} of ${storedAfterStop}; ${handledAgain} handled again after its restart`,
  ];
}

function ofColdStart(starts: readonly StartRow[]): readonly string[] {
  return starts
    .filter(({ judged }) => judged)
    .map(
      row =>
        `${row.about}: ${startText(row.own)}${row.observed ? "" : "; the live case could not be observed to its end"}`,
    );
}

export function startText({
  restarts,
  exits,
  connectedAfterMs,
  acceptedEarly,
  arrivedEarly,
  notObservedEarly,
  toldLost,
}: StartRow["own"]): string {
  const [exit] = exits;
  const parts = [
    exit === undefined ? "it waits" : `it exits after ${seconds(exit.tookMs)} (${exit.because}, code ${exit.code})`,
    restarts === 0 ? "" : counted(restarts, "restart"),
    connectedAfterMs === null ? "" : `connected ${seconds(connectedAfterMs)} after the server started`,
    acceptedEarly === 0
      ? ""
      : `${acceptedEarly - arrivedEarly - notObservedEarly} of ${acceptedEarly} accepted early lost, ${toldLost} told${notObservedEarly === 0 ? "" : `, ${notObservedEarly} not observed`}`,
  ];
  return parts.filter(text => text !== "").join(", ");
}
