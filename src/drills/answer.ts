/** The figures of a question, read from its cases: from live runs where there are any, else from the model. */

import { budgetExample, budgetMarginMs } from "../../models/policy/budget.ts";
import { familiesWithGap } from "../../models/policy/gaps.ts";
import { bufferBytesMax } from "../../models/reconnect-buffer.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { StepId } from "../../models/vocabulary/scenario.ts";
import { liveWorld, modelWorld, type WorldName } from "../worlds/names.ts";
import { fillId } from "./buffer.ts";
import type { DrillCase, Question } from "./drill.ts";
import {
  type FamilyFigures,
  type FillFigures,
  familyFigures,
  fillFigures,
  type ReplicaFigures,
  recoveryMs,
  replicaFigures,
  type StartFigures,
  type StopFigures,
  startFigures,
  stopFigures,
} from "./figures.ts";
import { type GapRow, gapRows } from "./gaps.ts";
import { type MapFigures, mapFigures } from "./maps.ts";
import { type RedeliveredRow, redeliveredRows } from "./redelivered.ts";

/** One case and its runs: in the model in the policy's own time and in live time, and live if it was run so. */
export interface Ran {
  readonly own: DrillCase;
  readonly scaled: DrillCase;
  readonly ownModel: readonly Event[];
  readonly model: readonly Event[];
  readonly live: readonly Event[] | undefined;
  /** The moment of each live event, by the clock of the harness. */
  readonly atMs: readonly number[] | undefined;
  /** The memory of the bus's process, step by step. */
  readonly memory: readonly { readonly residentBytes: number; readonly peakBytes: number }[] | undefined;
}

export interface SizeRow extends FillFigures {
  readonly size: string;
  readonly judged: boolean;
  readonly world: WorldName;
  /** Null: nothing is ever refused. */
  readonly limitBytes: number | null;
  readonly predictedFirstRefusal: number | null;
  /** Null where the kernel does not report it. */
  readonly memoryAtStartBytes: number | null;
  readonly peakMemoryBytes: number | null;
  readonly recoveryMs: number | null;
}

export interface MapRow extends MapFigures {
  readonly map: string;
  readonly judged: boolean;
  readonly world: WorldName;
}

interface ShownCase {
  readonly situation: string;
  readonly about: string;
  readonly variant: string;
  readonly judged: boolean;
  readonly world: WorldName;
}

export interface StopRow extends ShownCase, StopFigures {
  /** The same in milliseconds of the policy's own time, as modelled. */
  readonly ownTookMs: number | null;
  readonly ownBudgetMs: number;
}
export interface ReplicaRow extends ShownCase, ReplicaFigures {
  readonly durables: Policy["consume"]["durables"];
}
export interface StartRow extends ShownCase, StartFigures {
  /** The figures in the policy's own time, as modelled. */
  readonly own: StartFigures;
}
/** The budget in a live run, where it is scaled. */
export interface BudgetSeen {
  readonly world: "observed" | "not-observed" | "not-run";
  readonly deadlineMs: number;
  readonly gaveUpAfterMs: number | null;
}
export interface BudgetRow {
  readonly servers: number;
  readonly passes: number;
  readonly connectTimeoutMs: number;
  readonly marginMs: number;
  readonly deadlineMs: number;
  /** The time after which the process gave up: as modelled, and as measured in live time. */
  readonly gaveUpAfterMs: number | null;
  readonly live: BudgetSeen;
}

export interface Figures {
  readonly sizes?: readonly SizeRow[];
  readonly stops?: readonly StopRow[];
  readonly replicas?: readonly ReplicaRow[];
  readonly starts?: readonly StartRow[];
  readonly budget?: BudgetRow;
  readonly maps?: readonly MapRow[];
  readonly restarts?: { readonly perFamily: number; readonly signals: readonly string[] };
}

export interface DrillAnswer {
  /** Figures of the judged cases. */
  readonly families: readonly FamilyFigures[];
  readonly figures: Figures;
  /** Every message that was delivered more than once, by the model's time and by the harness's. */
  readonly redelivered: readonly RedeliveredRow[];
  /** The gaps of best-effort families, by either clock; absent where none declares how long one may be. */
  readonly gaps?: readonly GapRow[];
}

/** The parts of a drill whose cases show what becomes of a family. */
export const partsOfFamilies: Readonly<Record<Question, readonly string[]>> = {
  durability: ["restart", "pool"],
  buffer: ["outage"],
  shutdown: ["stop"],
  "cold-start": ["server-is-late", "jetstream-is-late"],
};

export function answerOf(
  question: Question,
  policy: Policy,
  profile: Profile | undefined,
  ran: readonly Ran[],
): DrillAnswer {
  const parts = partsOfFamilies[question];
  const judged = ran.filter(({ own }) => own.judged && parts.includes(own.part));
  return {
    families: familyFigures(policy, judged.map(eventsOf)),
    figures: figuresOf(question, profile, ran),
    redelivered: redeliveredRows(policy, ran),
    ...(familiesWithGap(policy).length === 0 ? {} : { gaps: gapRows(profile, ran) }),
  };
}

function figuresOf(question: Question, profile: Profile | undefined, ran: readonly Ran[]): Figures {
  const of = (part: string): readonly Ran[] => ran.filter(({ own }) => own.part === part);
  switch (question) {
    case "durability":
      return { restarts: { perFamily: 2, signals: signalsOf(of("restart")) }, maps: of("maps").map(mapRow) };
    case "buffer":
      return { sizes: profile === undefined ? [] : of("size").map(one => sizeRow(one, profile)) };
    case "shutdown":
      return { stops: of("stop").map(stopRow), replicas: of("replicas").map(replicaRow) };
    case "cold-start": {
      const [budget] = of("budget");
      const starts = ran.filter(({ own }) => own.part !== "budget" && own.part !== "gaps").map(startRow);
      return { starts, ...(budget === undefined ? {} : { budget: budgetRow(budget) }) };
    }
  }
}

const eventsOf = ({ live, model }: Ran): readonly Event[] => live ?? model;

/** The signals of the restarts that were proven to have taken effect. */
const signalsOf = (ran: readonly Ran[]): readonly string[] => [
  ...new Set(
    ran.flatMap(one => {
      const done = new Set(
        eventsOf(one).flatMap(event => (event.kind === "fault" && event.phase === "took-effect" ? [event.step] : [])),
      );
      return one.own.scenario.steps.flatMap(step =>
        step.kind === "fault" && step.fault.kind === "stop-server" && done.has(step.id) ? [step.fault.signal] : [],
      );
    }),
  ),
];

/** The world that an answer's row is from. */
const worldOf = ({ live }: Ran): WorldName => (live === undefined ? modelWorld : liveWorld).name;

const shown = (one: Ran, ownStrategy: string): ShownCase => ({
  situation: one.own.part,
  about: one.own.about,
  variant: one.own.variant ?? ownStrategy,
  judged: one.own.judged,
  world: worldOf(one),
});

const healOf = ({ scenario }: DrillCase): StepId | undefined => scenario.steps.find(({ kind }) => kind === "heal")?.id;

function sizeRow(one: Ran, profile: Profile): SizeRow {
  const { own, scaled, model, live, atMs, memory } = one;
  const limitBytes = bufferBytesMax(profile, scaled.scenario.options);
  const heal = healOf(scaled);
  return {
    ...fillFigures(eventsOf(one), fillId),
    size: own.variant ?? "own",
    judged: own.judged,
    world: worldOf(one),
    limitBytes: Number.isFinite(limitBytes) ? limitBytes : null,
    predictedFirstRefusal: fillFigures(model, fillId).firstRefusal,
    memoryAtStartBytes: memory?.[0]?.residentBytes ?? null,
    peakMemoryBytes: memory?.at(-1)?.peakBytes ?? null,
    recoveryMs: live === undefined || atMs === undefined || heal === undefined ? null : recoveryMs(live, atMs, heal),
  };
}

function mapRow(one: Ran): MapRow {
  const { own, scaled, atMs } = one;
  return {
    ...mapFigures(eventsOf(one), scaled.scenario, one.live === undefined ? undefined : atMs),
    map: own.variant ?? "own",
    judged: own.judged,
    world: worldOf(one),
  };
}

function stopRow(one: Ran): StopRow {
  const { own, scaled, ownModel } = one;
  const policyOf = ({ scenario }: DrillCase): Policy => scenario.policy as Policy;
  const inOwnTime = stopFigures(ownModel, policyOf(own));
  return {
    ...shown(one, policyOf(own).shutdown.strategy),
    ...stopFigures(eventsOf(one), policyOf(scaled)),
    ownTookMs: inOwnTime.tookMs,
    ownBudgetMs: inOwnTime.budgetMs,
  };
}

function replicaRow(one: Ran): ReplicaRow {
  const policy = one.own.scenario.policy as Policy;
  return {
    ...shown(one, policy.shutdown.strategy),
    ...replicaFigures(eventsOf(one)),
    durables: policy.consume.durables,
  };
}

function startRow(one: Ran): StartRow {
  const policy = one.own.scenario.policy as Policy;
  return {
    ...shown(one, policy.startup.strategy),
    ...startFigures(eventsOf(one), healOf(one.scaled)),
    own: startFigures(one.ownModel, healOf(one.own)),
  };
}

function budgetRow(one: Ran): BudgetRow {
  const startupOf = ({ scenario }: DrillCase) => (scenario.policy as Policy).startup;
  const { connectTimeoutMs, deadlineMs = 0 } = startupOf(one.own);
  const gaveUp = (events: readonly Event[]): number | null => startFigures(events, undefined).exits[0]?.tookMs ?? null;
  return {
    servers: budgetExample.servers,
    passes: budgetExample.passes,
    connectTimeoutMs,
    marginMs: budgetMarginMs(budgetExample, connectTimeoutMs),
    deadlineMs,
    gaveUpAfterMs: gaveUp(one.ownModel),
    live: {
      world:
        one.live === undefined ? "not-run" : startFigures(one.live, undefined).observed ? "observed" : "not-observed",
      deadlineMs: startupOf(one.scaled).deadlineMs ?? 0,
      gaveUpAfterMs: one.live === undefined ? null : gaveUp(one.live),
    },
  };
}
