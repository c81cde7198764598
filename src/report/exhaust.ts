/** Every schedule within a bound, as it was explored: what each setting came to, the totals, and the shortest violations. */
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import { renderFailure, type ShownFailure } from "./failure.ts";
import { type Paint, paintConclusion } from "./paint.ts";
import { type Column, counted, renderPairs, renderTable } from "./table.ts";

interface Asked {
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
  readonly sizes: object;
  readonly settings: readonly {
    readonly setting: string;
    readonly schedules: number;
    readonly states: number;
    readonly transitions: number;
    readonly endings: number;
    readonly depth: number;
    readonly oracle: Asked;
    /** The reason why it is not all; null where it is. */
    readonly stopped: string | null;
  }[];
  readonly oracle: Asked;
  readonly exercised: readonly string[];
  readonly neverExercised: readonly string[];
  /** Distinct sets of class counts. */
  readonly ledgers: readonly string[];
  readonly seconds: number;
}

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
