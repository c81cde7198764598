/** Every schedule within a bound: the space before it is explored; then what each setting came to, the totals, and the shortest violations. */
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import { renderFailure, type ShownFailure } from "./failure.ts";
import { type Paint, paintConclusion } from "./paint.ts";
import { type Column, counted, renderPairs, renderTable } from "./table.ts";

interface MessageSize {
  readonly payloadBytes: number;
  readonly frameBytes: number;
}

interface OracleAsked {
  readonly asked: number;
  readonly admitted: number;
}

export interface ExhaustReport {
  readonly verdict: Verdict;
  readonly interrupted: boolean;
  readonly profile: string;
  readonly schedules: number;
  readonly states: number;
  readonly transitions: number;
  readonly endings: number;
  readonly depth: number;
  readonly complete: boolean;
  readonly violations: readonly {
    readonly property: string;
    readonly reason: string;
    readonly setting: string;
    readonly steps: number;
    /** Path of the counterexample. */
    readonly file: string;
    /** A seed draws its answers. */
    readonly replays: boolean;
  }[];
  readonly alphabet: readonly { readonly step: string; readonly spends: readonly string[] }[];
  readonly leftOut: readonly string[];
  /** Spendings in one schedule, and what the search may spend; null: no bound. */
  readonly bounds: Readonly<Record<string, number | null>>;
  readonly sizes: MessageSize & {
    readonly subject: string;
    readonly pingBytes: number;
    readonly large: MessageSize;
    readonly limitBytes: readonly number[];
    readonly bufferBytesMax: readonly (number | null)[];
  };
  readonly settings: readonly {
    readonly setting: string;
    readonly schedules: number;
    readonly states: number;
    readonly transitions: number;
    readonly endings: number;
    readonly depth: number;
    readonly oracle: OracleAsked;
    /** The reason why it is not all; null where it is. */
    readonly stopped: string | null;
  }[];
  readonly oracle: OracleAsked;
  readonly exercised: readonly string[];
  readonly neverExercised: readonly string[];
  /** Distinct sets of class counts. */
  readonly ledgers: readonly string[];
  readonly seconds: number;
}

/** The meaning of "all schedules". */
export interface ExplorationSpace {
  readonly profile: string;
  readonly letters: readonly SpaceLetter[];
  /** Kinds of step that are for a bus with a policy. */
  readonly leftOut: readonly string[];
  /** Spendings in one schedule at most. */
  readonly bounds: Readonly<Record<string, number>>;
  readonly depth: number | undefined;
  readonly statesMax: number;
  readonly budgetSeconds: number;
  readonly sizes: ExhaustReport["sizes"];
  readonly settings: readonly { readonly name: string }[];
}

interface SpaceLetter {
  readonly name: string;
  /** The spendings of a step; one that it spends twice stands here twice. */
  readonly spends: readonly string[];
}

/** The alphabet, every bound, the sizes, the options, before the first schedule. */
export function renderSpace(space: ExplorationSpace): string {
  const { profile, letters, leftOut, bounds, depth, statesMax, budgetSeconds, sizes, settings } = space;
  const { subject, payloadBytes, frameBytes, large } = sizes;
  const spendings = Object.entries(bounds).filter(([, n]) => n > 0);
  const all = [
    `in one schedule at most: ${spendings.map(([what, n]) => `${what} ${n}`).join(", ")}`,
    ...(depth === undefined ? [] : [`steps ${depth}`]),
  ].join(", ");
  return renderPairs([
    ["Profile", profile],
    ["Alphabet", "every kind of step and fault that this profile can do, with the bounds that it uses"],
    ...letters.map((letter): [string, string] => ["", `${letter.name} (${spentText(letter)})`]),
    ["", `left out, for a bus with a policy: ${leftOut.join(", ")}`],
    ["Bounds", all],
    ["", `of the search: ${statesMax.toLocaleString("en-US")} states, ${budgetSeconds} seconds`],
    ["Sizes", `subject "${subject}", payload ${payloadBytes} bytes, frame ${frameBytes} bytes`],
    ["", `or payload ${large.payloadBytes} bytes, frame ${large.frameBytes} bytes; one size in one schedule`],
    ...settings.map(({ name }, i): [string, string] => [i === 0 ? "Settings" : "", name]),
  ]);
}

const spentText = ({ spends }: SpaceLetter): string =>
  [...new Set(spends)]
    .map(one => ({ one, times: spends.filter(other => other === one).length }))
    .map(({ one, times }) => (times === 1 ? one : `${times} ${one}`))
    .join(", ");

export function renderExhaust(report: ExhaustReport, failures: readonly ShownFailure[], paint: Paint): string {
  const { verdict, interrupted } = report;
  return [
    renderExplored(report),
    renderTotals(report),
    ...failures.map(one => renderFailure(one, paint)),
    `Verdict  ${paintConclusion(paint, verdict, interrupted)}`,
  ].join("\n\n");
}

const right = (title: string): Column => ({ title, align: "right" });

function renderExplored({ settings }: ExhaustReport): string {
  const columns: Column[] = [
    { title: "Setting", align: "left" },
    right("schedules"),
    right("states"),
    right("transitions"),
    right("steps"),
    { title: "", align: "left" },
  ];
  const number = (n: number): string => n.toLocaleString("en-US");
  return renderTable(
    columns,
    settings.map(one => [
      one.setting,
      number(one.schedules),
      number(one.states),
      number(one.transitions),
      number(one.depth),
      one.stopped ?? "all",
    ]),
  );
}

function renderTotals(report: ExhaustReport): string {
  const { schedules, states, oracle, complete, exercised, neverExercised, seconds } = report;
  const promises = exercised.length + neverExercised.length;
  const never = neverExercised.length === 0 ? "" : `; never ${neverExercised.join(", ")}`;
  return renderPairs([
    ["Total", `${counted(schedules, "schedule")} in ${counted(states, "state")}, ${seconds.toFixed(1)} s`],
    ["", `${exercised.length} of ${counted(promises, "promise")} exercised${never}`],
    ["", `the oracle admits ${oracle.admitted} of ${counted(oracle.asked, "sampled path")}`],
    ...(complete
      ? []
      : [["", "not all schedules within the bounds were tried: the last column says how far it got"] as const]),
  ]);
}
