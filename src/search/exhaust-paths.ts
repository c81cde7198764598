/**
 * The reference for `exhaust`: nothing is remembered, every schedule is run from its start for every way of answering, and every run
 * is judged in full, the oracle included. Far slower, and for small bounds only; but it holds whatever the world is, so that a mutant
 * which remembers, or whose words are changed afterwards, has its shortest case found here.
 */
import { settle, step } from "../../models/bus.ts";
import { type Answer, type Choose, expand, wholeRange } from "../../models/choice.ts";
import { plan } from "../../models/plan.ts";
import { newState } from "../../models/state.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Options, Scenario, Step } from "../../models/vocabulary/scenario.ts";
import { judge } from "../judge.ts";
import { brokenBy } from "../run.ts";
import { type Bounds, type Letter, type Setting, scenarioOf } from "./exhaust-alphabet.ts";
import { ledgerText } from "./exhaust-monitor.ts";
import { Schedules } from "./exhaust-schedules.ts";

/** One run, all of its questions answered by `choose`. */
export type PathWorld = (scenario: Scenario, choose: Choose) => readonly Event[];

export interface Paths {
  readonly profile: Profile;
  readonly letters: readonly Letter[];
  readonly settings: readonly Setting[];
  readonly bounds: Bounds;
  readonly depthMax: number;
  readonly pathsMax: number;
  readonly require?: readonly string[];
  readonly world?: PathWorld;
}

export interface PathsWalked {
  readonly schedules: number;
  readonly paths: number;
  /** Distinct sets of class counts. */
  readonly ledgers: readonly string[];
  /** The first of a shortest schedule; with it the walk ends. */
  readonly violation?: {
    readonly property: string;
    readonly reason: string;
    readonly scenario: Scenario;
    readonly answers: readonly Omit<Answer, "step">[];
  };
  /** False where the bound on paths was met. */
  readonly complete: boolean;
}

/** Shorter schedules first, over all settings. */
export function walkPaths(asked: Paths): PathsWalked {
  const { profile, pathsMax, require = [], world = modelWorld(profile) } = asked;
  const ledgers = new Set<string>();
  let schedules = 0;
  let paths = 0;
  let violation: PathsWalked["violation"];
  for (const scenario of shortestFirst(asked)) {
    schedules++;
    expand(
      choose => world(scenario, choose),
      wholeRange,
      (events, answers) => {
        paths++;
        const judgement = judge(scenario, profile, events, { require });
        ledgers.add(ledgerText(judgement.ledger));
        const property = brokenBy(judgement);
        if (property !== undefined) violation = { property, reason: judgement.reason, scenario, answers };
        return property === undefined && paths < pathsMax;
      },
    );
    if (violation !== undefined || paths >= pathsMax) break;
  }
  return {
    schedules,
    paths,
    ledgers: [...ledgers].sort(),
    ...(violation === undefined ? {} : { violation }),
    complete: paths < pathsMax,
  };
}

function* shortestFirst({ profile, letters, settings, bounds, depthMax }: Paths): Generator<Scenario> {
  const open = settings.map(({ options }) => {
    const schedules = new Schedules(letters, bounds, options, profile);
    return { options, schedules, level: [{ node: schedules.root, steps: [] as readonly Step[] }] };
  });
  for (let depth = 1; depth <= depthMax; depth++) {
    for (const one of open) {
      const { options, schedules } = one;
      one.level = one.level.flatMap(({ node, steps }) =>
        schedules.edges(node).map(edge => ({ node: edge.to, steps: [...steps, edge.planned.step] })),
      );
      for (const { node, steps } of one.level) if (schedules.mayEnd(node)) yield scenarioOf(options, steps);
    }
  }
}

/** The model of `behaves`, held to the plan of the declared profile; `misreads` is what it takes its options for. */
export const modelWorld =
  (declared: Profile, behaves: Profile = declared, misreads = (options: Options): Options => options): PathWorld =>
  (scenario, choose) => {
    const events: Event[] = [{ kind: "phase", phase: "disturbed" }];
    const state = newState();
    const options = misreads(scenario.options);
    const emit = (event: Event): void => void events.push(event);
    for (const planned of plan(scenario, declared).steps) step(state, planned, behaves, options, choose, emit);
    settle(state, behaves, options, choose, emit);
    emit({ kind: "observed", complete: true });
    return events;
  };
