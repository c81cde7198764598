/** The coverage of a model search, as text: promises and goals by profile, then the transitions, with the names of those never met. */
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import type { Counterexample } from "../findings/counterexample.ts";
import type { modelWorld } from "../worlds/names.ts";
import { renderFailure, type ShownFailure } from "./failure.ts";
import { type KeptReport, renderKept } from "./kept.ts";
import { type NotDemanded, notDemandedTail, renderNotDemanded } from "./not-demanded.ts";
import { type NotModelledShown, renderNotModelled } from "./not-modelled.ts";
import { type Paint, paintConclusion } from "./paint.ts";
import { counted, renderPairs } from "./table.ts";

export interface GoalsShown {
  /** The first run that showed each goal, by its id. */
  readonly reached: Readonly<Record<string, number>>;
  readonly neverReached: readonly { readonly id: string; readonly what: string; readonly beside: string }[];
  /** The number of runs after which an unseen goal is no bad luck, and whether there were as many. */
  readonly runsDue: number;
  readonly isDue: boolean;
}

export interface TransitionsShown {
  readonly transitions: {
    readonly reached: number;
    readonly neverReached: readonly string[];
    readonly notEnabled: number;
    readonly isKnown: boolean;
  };
  readonly pairs: { readonly reached: number; readonly neverReached: readonly string[] };
  readonly nextRun: NextRunShown;
}

/** The chance that one more run shows something new. */
export interface NextRunShown {
  readonly runs: number;
  readonly alone: number;
  readonly chance: number;
  readonly interval: readonly [low: number, high: number];
}

export interface ProfileSearched {
  readonly profile: string;
  readonly runs: number;
  readonly heldAgainstOracle: number;
  readonly disturbed: number;
  readonly promises: number;
  readonly neverExercised: readonly string[];
  readonly goals: GoalsShown;
}

interface SmallScopeShown {
  readonly schedules: number;
  readonly states: number;
  /** All schedules within the bounds were tried. */
  readonly complete: boolean;
}

/** The bounds of one schedule. */
export interface ScopeBounds {
  readonly publishes: number;
  readonly faults: number;
  readonly steps: number;
}

type CountsByName = Readonly<Record<string, number>>;
type CertificateShown = NonNullable<Counterexample["certified"]>;

/** The report of `search` in the model world. */
export interface SearchReport {
  readonly verdict: Verdict;
  readonly seed: string;
  readonly interrupted: boolean;
  readonly world: typeof modelWorld.name;
  readonly policy: string | null;
  /** The parts of that policy that no answer here covers. */
  readonly notModelled: readonly NotModelledShown[];
  readonly kept: KeptReport;
  readonly runs: number;
  readonly runsPerSecond: number;
  /** Path of the first violation's file; whether it was met before, and how minimal it is. */
  readonly counterexample: string | null;
  readonly known: boolean;
  readonly certified: CertificateShown | null;
  /** Null under a policy. */
  readonly smallScope: SmallScopeShown | null;
  /** Promises that broke and that the policy does not demand. */
  readonly notDemanded: readonly NotDemanded[];
  readonly violations: readonly {
    readonly property: string;
    readonly reason: string;
    readonly profile: string;
    readonly profiles: readonly string[];
    readonly counterexample: string;
    readonly known: boolean;
    readonly steps: number;
    readonly certified: CertificateShown;
  }[];
  /** The chance that one more run breaks a promise that none has broken; null without a policy, where a search ends at the first. */
  readonly nextViolation: NextRunShown | null;
  readonly coverage: TransitionsShown & {
    readonly properties: CountsByName;
    readonly shapes: CountsByName;
    readonly shapeRuns: number;
  };
  readonly profiles: readonly (ProfileSearched & { readonly smallScope: SmallScopeShown | null })[];
}

export function renderSearch(
  report: SearchReport,
  bounds: ScopeBounds,
  failures: readonly ShownFailure[],
  paint: Paint,
): string {
  const { verdict, interrupted } = report;
  return [
    renderRuns(report, bounds),
    ...[renderKept(report.kept, paint)].filter(block => block !== ""),
    ...failures.map(one => renderFailure(one, paint)),
    ...nextViolationLines(report),
    ...[renderNotDemanded(report.notDemanded, paint), renderNotModelled(report.notModelled, paint)].filter(
      block => block !== "",
    ),
    `Verdict  ${paintConclusion(paint, verdict, interrupted)}${notDemandedTail(report.notDemanded)}`,
  ].join("\n\n");
}

/** The sentence on how sure the list of broken promises is complete. */
function nextViolationLines({ nextViolation, violations }: SearchReport): readonly string[] {
  if (nextViolation === null || nextViolation.runs === 0) return [];
  const [low, high] = nextViolation.interval.map(percent);
  const broken = counted(violations.length, "promise");
  return [
    `Broken   ${broken}; one more run breaks another with a chance of ${percent(nextViolation.chance)} (95 %: ${low} to ${high})`,
  ];
}

function renderRuns(
  { smallScope, runs, runsPerSecond, profiles, coverage }: SearchReport,
  bounds: ScopeBounds,
): string {
  const speed = `${runsPerSecond.toLocaleString("en-US")} a second`;
  const scope: readonly [string, string][] =
    smallScope === null ? [] : [["Small scope", scopeText(smallScope, bounds)]];
  return renderPairs([
    ...scope,
    ["Runs", `${counted(runs, "random scenario")} in the model world, ${speed}`],
    ...profiles.flatMap(one => [profileText(one), ...goalLines(one.goals)]).map(text => ["", text] as [string, string]),
    ...transitionPairs(coverage),
  ]);
}

function scopeText(
  { schedules, states, complete }: SmallScopeShown,
  { publishes, faults, steps }: ScopeBounds,
): string {
  const bounds = `${counted(publishes, "publish", "publishes")}, ${counted(faults, "fault")} and ${counted(steps, "step")}`;
  return `${complete ? "all" : "not all"} of at most ${bounds}: ${counted(schedules, "schedule")} in ${counted(states, "state")}`;
}

function profileText({ profile, promises, neverExercised, disturbed, heldAgainstOracle }: ProfileSearched): string {
  const exercised = `${promises - neverExercised.length} of ${counted(promises, "promise")} exercised`;
  const never = neverExercised.length === 0 ? "" : `; never ${neverExercised.join(", ")}`;
  return `${profile}: ${exercised}, ${disturbed} runs disturbed, ${heldAgainstOracle} also held against the oracle${never}`;
}

/** The lines of the goals; there are none yet under a policy. */
const goalLines = (goals: GoalsShown): readonly string[] =>
  Object.keys(goals.reached).length + goals.neverReached.length === 0 ? [] : [`  ${goalsText(goals)}`];

export function goalsText({ reached, neverReached, runsDue, isDue }: GoalsShown): string {
  const runs = Object.values(reached);
  const seen = `${runs.length} of ${counted(runs.length + neverReached.length, "goal")} seen`;
  if (neverReached.length === 0) return `${seen}, the last in run ${Math.max(...runs)}`;
  const names = neverReached.map(({ id, what }) => `${id} (${what.replace(/\.$/, "")})`).join(", ");
  const why = isDue ? "the generator does not make it" : `with fewer than ${runsDue} runs this may be chance`;
  return `${seen}; never ${names}: ${why}`;
}

function* transitionPairs({ transitions, nextRun }: TransitionsShown): Generator<[string, string]> {
  if (nextRun.runs === 0) return;
  const { reached, neverReached, notEnabled, isKnown } = transitions;
  const ofAll = `of ${reached + neverReached.length} met; ${notEnabled} combinations of state, fault and step cannot occur`;
  yield ["Transitions", isKnown ? `${reached} ${ofAll}` : `${reached} met; the total under a policy is unknown`];
  const [low, high] = nextRun.interval.map(percent);
  yield ["Next run", `shows a new one with a chance of ${percent(nextRun.chance)} (95 %: ${low} to ${high})`];
  let title = "Never met";
  for (const [state, what] of byState(neverReached)) {
    yield [title, `${state}: ${what.join(", ")}`];
    title = "";
  }
}

/** `state, fault: step → state after it`, gathered by what stands before the colon. */
function byState(transitions: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const gathered = new Map<string, string[]>();
  for (const one of transitions) {
    const [state = "", what = ""] = one.split(": ");
    gathered.set(state, [...(gathered.get(state) ?? []), what]);
  }
  return gathered;
}

function percent(share: number): string {
  if (share > 0 && share < 0.001) return "less than 0.1 %";
  return `${(100 * share).toFixed(share === 0 ? 0 : 1)} %`;
}
