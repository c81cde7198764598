/** A counterexample made readable: the scenario in short lines, what became of it, and what was broken. */
import { kindOf } from "../../models/faults/index.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import {
  type HealStep,
  type PublishStep,
  partsOf,
  type Scenario,
  type Step,
  type SubscribeStep,
} from "../../models/vocabulary/scenario.ts";
import type { Ledger } from "../../models/vocabulary/verdict.ts";
import { type Broke, brokeText } from "../findings/broke.ts";
import { breakdownOf, describeLedger, type Note, stepFates } from "./fates.ts";
import type { Paint } from "./paint.ts";
import { renderTable } from "./table.ts";

export interface ShownFailure {
  readonly scenario: Scenario;
  readonly broken: Broke;
  /** The reason alone, without the name of what broke. */
  readonly reason: string;
  readonly ledger: Ledger;
  readonly events: readonly Event[];
  /** The story of the finding: how it was found and shrunk, and how often it came again. */
  readonly story: string;
}

export function renderFailure(failure: ShownFailure, paint: Paint): string {
  return [
    `${paint("red", "✗")} ${paint("bold", brokeText(failure.broken))}`,
    `  ${failure.reason}`,
    `  ${describeLedger(failure.ledger, breakdownOf(failure.events))}`,
    `  ${paint("dim", failure.story)}`,
    "",
    renderSteps(failure.scenario, failure.events, paint),
  ].join("\n");
}

/** Every step: what was asked, and what happened. */
export function renderSteps(scenario: Scenario, events: readonly Event[], paint: Paint): string {
  const fates = new Map(stepFates(events).map(one => [one.step, one.notes]));
  const asked = new Map(scenario.steps.flatMap(flat).map(step => [step.id, stepText(step)]));
  const ids = [...asked.keys(), ...[...fates.keys()].filter(id => !asked.has(id))];
  const rows = ids.flatMap(id => {
    const [first = "", ...others] = linesOf(fates.get(id) ?? []);
    return [
      [`  ${id}`, asked.get(id) ?? "heal everything, settle, observe", first],
      ...others.map(note => ["", "", note]),
    ].map(([step = "", what = "", note = ""]) => [step, paint("dim", what), note]);
  });
  const columns = [0, 1, 2].map(() => ({ title: "", align: "left" as const }));
  const options = optionsText(scenario);
  return `${options === "" ? "" : `  ${paint("dim", options)}\n`}${renderTable(columns, rows)}`;
}

/** Fates of messages a line each; what else there is to say of a step on one. */
function linesOf(notes: readonly Note[]): readonly string[] {
  const textsOf = (kind: Note["kind"]): readonly string[] =>
    notes.filter(one => one.kind === kind).map(one => one.text);
  const others = textsOf("happening").join("; ");
  return [...textsOf("fate"), ...(others === "" ? [] : [others])];
}

/** A step and its parts: the calls within are told by their own ids. */
const flat = (step: Step): readonly Step[] => [step, ...partsOf(step)];

export function stepText(step: Step): string {
  switch (step.kind) {
    case "publish":
      return publishText(step);
    case "flush":
      return `flush, at most ${step.timeoutMs} ms${step.overlap ? ", pending over the next step" : ""}`;
    case "together":
      return `in one breath: ${step.steps.map(one => one.kind).join(", ")}`;
    case "fault":
      return kindOf(step.fault).words(step.fault);
    case "await-noticed":
      return "wait until the client notices";
    case "heal":
      return `heal${afterText(step)}, ${step.awaits === "none" ? "waiting for nothing" : `await ${step.awaits}`}`;
    case "start":
      return step.replica === undefined ? "start" : `start replica ${step.replica}`;
    case "subscribe":
      return `replica ${step.replica} subscribes to ${step.subject}, its handler ${step.handler}${handlerTimeText(step)}`;
    case "signal":
      return `SIG${step.signal} to replica ${step.replica}${step.meanwhile === undefined ? "" : ", which publishes meanwhile"}`;
    case "advance":
      return `${step.ms} ms pass`;
    case "exit":
      return step.after === undefined ? step.kind : "drain, wait for nothing, and exit";
    case "drain":
      return `drain${step.overlap ? ", pending over the next step" : ""}`;
    case "close":
      return step.kind;
  }
}

function handlerTimeText({ takesMs, nakDelayMs }: SubscribeStep): string {
  if (takesMs !== undefined) return ` after ${takesMs} ms`;
  return nakDelayMs === undefined ? "" : `, to be given it again after ${nakDelayMs} ms`;
}

const afterText = ({ afterAttempts: count }: HealStep): string =>
  count === undefined ? "" : ` after ${count} ${count === 1 ? "attempt" : "attempts"} timed out`;

function publishText({ count, bytes, subject, key, async, again, overlap, publishers }: PublishStep): string {
  const parts = [
    `publish ${count} × ${bytes} bytes${subject === undefined ? "" : ` on ${subject}`}`,
    ...(key === undefined ? [] : [`about ${key}`]),
    ...(publishers === undefined ? [] : [`by ${publishers} publishers at once`]),
    ...(async ? ["without waiting"] : []),
    ...(again === undefined ? [] : [`those of ${again} again`]),
    ...(overlap ? ["racing with the next step"] : []),
  ];
  return parts.join(", ");
}

/** The policy by its name, and the options that neither it nor the default has set. */
function optionsText({ options, policy }: Scenario): string {
  const { subject: _subject, reconnectWaitMs, cutsWith, reconnectAttemptsMax, ...others } = options;
  const set: Readonly<Record<string, unknown>> = policy?.client ?? {};
  const parts = Object.entries(others)
    .filter(([name]) => set[name] === undefined)
    .map(([name, value]) => `${name} ${value}`);
  if (reconnectWaitMs !== 20 && set.reconnectWaitMs === undefined) parts.push(`reconnectWaitMs ${reconnectWaitMs}`);
  if (cutsWith !== "fin") parts.push("cuts with RST");
  if (reconnectAttemptsMax >= 0 && set.reconnectAttemptsMax === undefined)
    parts.push(`reconnectAttemptsMax ${reconnectAttemptsMax}`);
  const said = parts.length === 0 ? [] : [`options: ${parts.join(", ")}`];
  return [...(policy === undefined ? [] : [`policy: ${policy.name}`]), ...said].join("; ");
}
