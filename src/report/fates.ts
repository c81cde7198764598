/**
 * The fates of the messages, in words: per class the places where they ended, and per step the runs of messages that shared a fate. Reads
 * events and nothing else.
 */

import { settleId } from "../../models/plan/plan.ts";
import type { Event, Outcome, Place, ProcessEvent } from "../../models/vocabulary/event.ts";
import { type ClassName, classNames } from "../../models/vocabulary/scenario.ts";
import { contentText } from "../../models/words.ts";
import { classAt, type LedgerState, newLedger, recordInLedger } from "../../properties/ledger.ts";
import { unsentText } from "../../properties/reconnect-buffer.ts";
import { cleaned } from "../text/clean.ts";
import { counted } from "./table.ts";

export const classTitles: Readonly<Record<ClassName, string>> = {
  kept: "kept",
  silentLoss: "silent loss",
  reportedLoss: "reported loss",
  ambiguous: "ambiguous",
  duplicated: "duplicated",
  unknown: "unknown",
};

export type Breakdown = Readonly<Partial<Record<ClassName, Readonly<Partial<Record<Place, number>>>>>>;

/** One line about a step: what became of its messages, or something else that happened then. */
export interface Note {
  readonly kind: "fate" | "happening";
  readonly text: string;
}

/** The events of one step, in words. */
export interface StepFate {
  readonly step: string;
  readonly notes: readonly Note[];
}

function ledgerFrom(events: readonly Event[]): LedgerState {
  const state = newLedger();
  for (const event of events) recordInLedger(state, event);
  return state;
}

/** One entry for each step. */
export function breakdownOf(events: readonly Event[]): Breakdown {
  const state = ledgerFrom(events);
  const found: Partial<Record<ClassName, Partial<Record<Place, number>>>> = {};
  for (let m = 0; m < state.outcomes.length; m++) {
    const name = classAt(state, m);
    found[name] ??= {};
    const places = found[name];
    const place = state.places[m];
    if (place !== undefined) places[place] = (places[place] ?? 0) + 1;
  }
  return found;
}

/** "60 published: 10 kept; 50 silent loss: reset at dial 50". */
export function describeLedger(
  ledger: { readonly published: number; readonly classes: Readonly<Record<ClassName, number>> },
  breakdown: Breakdown,
): string {
  const parts = classNames
    .filter(name => ledger.classes[name] > 0)
    .map(name => {
      const places = name === "kept" ? "" : placesText(breakdown[name] ?? {});
      return `${ledger.classes[name]} ${classTitles[name]}${places === "" ? "" : `: ${places}`}`;
    });
  return `${ledger.published} published, ${parts.length === 0 ? "none" : parts.join("; ")}`;
}

/** "reset at dial 50, link 3"; the largest first. */
export const placesText = (places: Readonly<Partial<Record<Place, number>>>): string =>
  Object.entries(places)
    .toSorted(([, a], [, b]) => b - a)
    .map(([place, count]) => `${place} ${count}`)
    .join(", ");

/**
 * The steps in their order, each with what it brought about. What follows the end of the last step belongs to settling, in which hours of the
 * scenario's time may pass.
 */
export function stepFates(events: readonly Event[]): readonly StepFate[] {
  const state = ledgerFrom(events);
  const byStep = new Map<string, Note[]>();
  const lastEnd = events.findLastIndex(event => event.kind === "step" && event.phase === "ended");
  let now = "";
  let nowMs = 0;
  const note = (step: string, text: string, kind: Note["kind"] = "happening"): void => {
    const notes = byStep.get(step) ?? [];
    byStep.set(step, notes);
    if (notes.at(-1)?.text !== text) notes.push({ kind, text });
  };
  /** A hundred publishes may fail with the same words. */
  const noteOnce = (step: string, text: string): void => {
    if (!byStep.get(step)?.some(one => one.text === text)) note(step, text);
  };
  for (const [i, event] of events.entries()) {
    if ("atMs" in event) nowMs = Math.max(nowMs, event.atMs);
    if (i > lastEnd && lastEnd >= 0) now = settleId;
    switch (event.kind) {
      case "step":
        now = event.step;
        if (!byStep.has(now)) byStep.set(now, []);
        break;
      case "skipped":
        note(event.step, `skipped: ${event.reason}`);
        break;
      case "published":
        for (const text of publishNotes(state, event.first, event.count)) note(event.step, text, "fate");
        if (event.text !== undefined) noteOnce(event.step, `in the client's words: ${wordsText(event.text)}`);
        break;
      case "called":
        if (event.unsent !== undefined) note(event.step, `the bus says that ${unsentText(event.unsent)} are unsent`);
        note(
          event.step,
          event.outcome.is === "ok"
            ? `${event.call}: ok`
            : `${event.call} failed: ${event.outcome.kind}${event.text === undefined ? "" : ` (${wordsText(event.text)})`}`,
        );
        break;
      case "connection":
        note(now, `the client says ${event.change}`);
        break;
      case "fault":
        if (event.phase === "took-effect")
          note(event.step, `${event.fault} took effect${event.proof === undefined ? "" : `: ${event.proof}`}`);
        break;
      case "consumer-behind":
        note(event.step, `${event.subject}: ${event.proof}`);
        break;
      case "consumer-deleted":
        note(now, `the server has deleted the consumer of ${event.subject}, since nobody used it`);
        break;
      case "stream-lacks":
        note(now, event.proof);
        break;
      case "healed-link-lost":
        note(now, `the client lost the healed link ${event.times} times`);
        break;
      case "server-logged":
        noteOnce(now, `the server says of this client: ${wordsText(event.text)}`);
        break;
      case "dialled":
        note(event.step, dialledText(event));
        break;
      case "not-awaited":
        note(event.step, `gave up waiting for ${event.what}`);
        break;
      case "phase":
        if (event.phase !== "disturbed") now = settleId;
        break;
      case "process":
        if (event.change !== "started" || event.by === "supervisor") note(now, processText(event));
        break;
      case "handled":
        note(now, handledText(event, nowMs));
        break;
      case "probe":
        if (!(event.ready && event.live && event.connected && event.durable)) note(now, probeText(event));
        break;
      case "dead-letter-missing":
        note(now, `${event.stream} holds no dead letter of message ${event.first}`);
        break;
      case "altered": {
        const which =
          event.count === 1
            ? `message ${event.first} was`
            : `messages ${event.first}-${event.first + event.count - 1} were`;
        note(now, `${which} published ${contentText(event.published)} and arrived ${contentText(event.arrived)}`);
        break;
      }
      case "foreign":
        note(now, `${event.count} messages arrived that were never published`);
        break;
      default:
        break;
    }
  }
  return [...byStep].map(([step, notes]) => ({ step, notes }));
}

function processText(event: ProcessEvent): string {
  const who = `replica ${event.replica}`;
  if (event.change === "started") return `${who} is started by its ${event.by} at ${timeText(event.atMs)}`;
  if (event.change === "stopping")
    return event.probe === undefined
      ? `${who} is told to stop`
      : `${who} is told to stop by its supervisor at ${timeText(event.atMs)}, since its ${event.probe.replace("-probe", "")} probe has failed too often`;
  const { because, tookMs, forced, toldLost } = event;
  const told = toldLost === 0 ? "" : `, and tells of ${counted(toldLost, "lost message")}`;
  return `${who} has ended (${because}) after ${tookMs} ms${forced ? ", forced" : ""}${told}`;
}

/** `atMs` is the scenario's own time. */
function handledText(
  { replica, first, count, delivery, outcome }: Extract<Event, { kind: "handled" }>,
  atMs: number,
): string {
  const what = count === 1 ? `message ${first}` : `messages ${first}-${first + count - 1}`;
  return `replica ${replica} is given ${what}${delivery > 1 ? `, delivery ${delivery},` : ""} at ${timeText(atMs)}: ${outcome}`;
}

const wordsCharsMax = 200;

const wordsText = (text: string): string => JSON.stringify(cleaned(text, wordsCharsMax));

const timeText = (ms: number): string => (ms < 10_000 ? `${ms} ms` : `${Number((ms / 1_000).toFixed(3))} s`);

function probeText({ replica, ready, live, connected, durable }: Extract<Event, { kind: "probe" }>): string {
  const is = (so: boolean, what: string): string => (so ? what : `not ${what}`);
  const says = `${is(ready, "ready")}, ${is(live, "live")}`;
  return `replica ${replica} says ${says}, and is ${is(connected, "connected")}, its durable path ${is(durable, "usable")}`;
}

/** Neighbours with one fate are one line. */
function publishNotes(state: LedgerState, first: number, count: number): readonly string[] {
  const notes: string[] = [];
  for (let from = first; from < first + count; ) {
    const fate = fateText(state, from);
    let to = from + 1;
    while (to < first + count && fateText(state, to) === fate) to++;
    notes.push(`${to - from === 1 ? `message ${from}` : `messages ${from}-${to - 1}`} ${fate}`);
    from = to;
  }
  return notes;
}

function fateText(state: LedgerState, m: number): string {
  const isDurable = state.durable[m] === true;
  const times = (isDurable ? state.held[m] : state.arrivals[m]) ?? 0;
  const place = state.places[m];
  const arrived = isDurable ? "stored" : "arrived";
  const there = times === 1 ? arrived : times > 1 ? `${arrived} ${times} times` : undefined;
  const missing = isDurable ? "not stored" : "did not arrive";
  const where = there ?? (place === undefined || place === "arrived" ? missing : `${missing} (${place})`);
  const name = classAt(state, m);
  return `${outcomeText(state.outcomes[m])}, ${where}${name === "kept" ? "" : ` → ${classTitles[name]}`}`;
}

function outcomeText(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "never returned";
  return "kind" in outcome ? `${outcome.is} (${outcome.kind})` : outcome.is;
}

const dialsEnd = {
  "gave-up": "then the client gave up",
  "went-on": "more than its attempts allow",
  healed: "then one was let through",
} as const;

const dialledText = ({ count, end }: Extract<Event, { readonly kind: "dialled" }>): string =>
  `${count} dial${count === 1 ? "" : "s"} refused, ${dialsEnd[end]}`;
