/**
 * One case, run and judged: the whole program in one sentence. A stage runs it and emits events, the events are recorded, and only then is
 * anything concluded. Every command calls this.
 */
import { type Answer, type Answering, type Asked, type Departure, replaying } from "../../models/choice.ts";
import type { Reason } from "../../models/explanation.ts";
import { type PlannedCase, planCase } from "../../models/plan/plan.ts";
import type { InjectorLimits } from "../../models/plan/setting.ts";
import { type ServiceTold, serviceKey } from "../../models/told.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { declaredBy, type Property } from "../../properties/property.ts";
import { conformance, promise } from "../findings/broke.ts";
import type { AskedCase, Case, Stage } from "../world.ts";
import { modelLimits, runAnswered, runModel } from "../worlds/model.ts";
import { type Judgement, type JudgeOptions, judge, judgeWithReason } from "./judge.ts";

export interface CaseRun {
  readonly events: readonly Event[];
  readonly judgement: Judgement;
}

/** The case for this stage. It is planned within the limits of the world's injectors, and of the model, against which it is held. */
export const planFor = ({ limits }: Pick<Stage, "limits">, one: AskedCase): Case => ({
  ...one,
  ...planCase(one.scenario, one.profile, new Set([...modelLimits, ...limits])),
});

/**
 * Runs the case and judges it. `asHeld`: the run as far as the bus is held to it, which alone decides whether it is run again; absent: as it
 * is.
 */
export async function runCase(
  stage: Stage,
  one: AskedCase,
  options: JudgeOptions = {},
  asHeld: (run: CaseRun) => CaseRun = run => run,
): Promise<CaseRun> {
  const planned = planFor(stage, one);
  const attempt = async (run: Stage["run"]): Promise<AttemptedRun> => {
    const events: Event[] = [];
    await run(planned, event => events.push(event));
    const { judgement, parted } = judgeWithReason(planned, events, options);
    return { ...asHeld({ events, judgement }), parted };
  };
  const { runAlone, runWatched } = stage;
  const attempts = {
    beside: () => attempt(stage.run),
    alone: () => attempt(runAlone ?? stage.run),
    ...(runWatched === undefined ? {} : { watched: () => attempt(runWatched) }),
  };
  const { events, judgement } = runAlone === undefined ? await attempts.beside() : await settled(planned, attempts);
  return { events, judgement };
}

export interface AttemptedRun extends CaseRun {
  /** The reason why the oracle admits nothing. */
  readonly parted: Reason | undefined;
}

/** The ways of running a case in a world where cases get into each other's way. */
interface Attempts<Run extends AttemptedRun> {
  beside(): Promise<Run>;
  alone(): Promise<Run>;
  /** The same while the bytes that the link gives are held against those that it took. */
  watched?(): Promise<Run>;
}

/** Nothing is said of a bus whose link is caught spoiling what it carries. */
export async function settled<Run extends AttemptedRun>(one: PlannedCase, attempts: Attempts<Run>): Promise<Run> {
  const run = await shown(one, attempts);
  if (run.judgement.verdict !== "violated") return run;
  // A finding is not lost to a second run that fails.
  const watched = await attempts.watched?.().catch(() => undefined);
  return watched !== undefined && wasSpoilt(watched) ? watched : run;
}

const wasSpoilt = ({ events }: CaseRun): boolean =>
  events.some(event => event.kind === "observed" && event.linkSpoilt === true);

/** A run that says more of the machine than of the bus is tried again, alone. What rests on a duration is said if it comes again. */
async function shown<Run extends AttemptedRun>(one: PlannedCase, { beside, alone }: Attempts<Run>): Promise<Run> {
  const first = await beside();
  if (wasCutShort(first)) return untilShown(alone);
  const late = brokenByTime(first, one.profile);
  if (late === undefined) return first;
  const again = await alone();
  return again.judgement.verdict === "violated" ? again : inDoubt(one, late, again);
}

const aloneMax = 3;

/** A harness that failed once may succeed the next time. Whatever else cuts a run short, the bus may do each time. */
async function untilShown<Run extends AttemptedRun>(alone: () => Promise<Run>): Promise<Run> {
  let run = await alone();
  for (let tries = 1; tries < aloneMax && wasByHarness(run); tries += 1) run = await alone();
  return run;
}

/** Witnesses that differ are the harness's own, or those of a client of an earlier case, which the next run may not meet. */
const wasByHarness = (run: CaseRun): boolean =>
  wasCutShort(run) &&
  run.events.some(
    event =>
      (event.kind === "not-awaited" && event.byHarness === true) ||
      (event.kind === "observed" && event.contradicted === true),
  );

/** True where a wait was not met or not everything was seen. */
export const wasCutShort = ({ events, judgement }: CaseRun): boolean =>
  judgement.verdict === "inconclusive" &&
  events.some(event => event.kind === "not-awaited" || (event.kind === "observed" && !event.complete));

/** A broken promise that rests on a duration, or conformance where there is no property; nothing else was broken. */
interface Late {
  readonly property: Property | undefined;
  readonly reason: string;
}

function brokenByTime({ judgement, events, parted }: AttemptedRun, profile: Profile): Late | undefined {
  const { verdict, properties, conformance, expectMet } = judgement;
  if (verdict !== "violated") return undefined;
  const broken = properties
    .filter(one => one.verdict === "violated")
    .map(({ property, reason }) => ({ property: catalogue.find(({ id }) => id === property), reason }));
  const [byDials] = broken.filter(({ property }) => property !== undefined && brokenByDials.includes(property.id));
  if (byDials !== undefined && broken.every(one => brokenByDials.includes(one.property?.id ?? ""))) return byDials;
  // Neither conformance nor the expectation is held against a client whose case was given up.
  const isGivenUp = events.some(({ kind }) => kind === "not-awaited");
  if (!isGivenUp && parted !== undefined && isOfABound(parted, profile)) {
    return broken.length > 0 ? undefined : { property: undefined, reason: conformance.reason };
  }
  const isElse = !isGivenUp && (conformance.answer === "not-permitted" || expectMet === false);
  if (isElse) return undefined;
  const [first] = broken;
  const waited = events.flatMap(({ kind }) => brokenByWaits[kind] ?? []);
  const isTimeAlone = broken.every(
    ({ property }) => property !== undefined && (property.restsOnTime === true || waited.includes(property.id)),
  );
  return isTimeAlone && first?.property !== undefined ? { property: first.property, reason: first.reason } : undefined;
}

/**
 * True where the bus gave an answer that the end of some bound gives, and the model another one. A call that timed out, a probe that asks the
 * server for a while, a stop that was cut short, or a handler that took longer, may each say that the machine stood still.
 */
function isOfABound(parted: Reason, { reconnect }: Profile): boolean {
  // A dial of a healed link that is greeted and not answered in time ends too (F-201): the client says once more that it is disconnected.
  if (parted.kind === "repeated")
    return parted.change === "disconnected" && reconnect.reports.greetedDials === "disconnected";
  if (parted.kind !== "disagreement") return false;
  const { lead } = parted;
  switch (lead?.kind) {
    case "publish":
      return lead.observed?.is === "unsettled" && lead.observed.kind === "timeout";
    case "publish-as":
      return lead.field === "tookMs";
    case "call":
      return lead.observed?.outcome.is === "failed" && lead.observed.outcome.kind === "timeout";
    case "service":
      return lead.observed?.kind === "probe" || isCutShortExit(lead.observed) || isAsSaid(lead.says, lead.observed);
    default:
      return false;
  }
}

/** The same except for its time: a handler or a stop that took longer than it was to. */
const isAsSaid = (says: ServiceTold, observed: ServiceTold | undefined): boolean =>
  observed !== undefined && serviceKey(observed) === serviceKey(says);

const isCutShortExit = (told: ServiceTold | undefined): boolean =>
  told?.kind === "process" && told.change === "exited" && (told.forced || told.because === "killed");

/**
 * The promises that a dial breaks which a busy machine did not answer in time. It fails though the link has healed, and uses up an attempt, so
 * that the client gives up too soon; whatever differs from then on follows from that.
 */
const brokenByDials: readonly string[] = [
  "connection/it-gives-up-after-its-attempts",
  "connection/every-healed-outage-ends-connected",
];

/** The promises that are broken by what did not happen within a bound, by the event that says so. A busy machine may outlast the bound. */
const brokenByWaits: Readonly<Partial<Record<Event["kind"], readonly string[]>>> = {
  "not-awaited": [
    "connection/a-silent-link-is-noticed",
    "connection/every-healed-outage-ends-connected",
    "connection/giving-up-is-visible",
  ],
  "healed-link-lost": ["connection/every-healed-outage-ends-connected"],
  "consumer-behind": ["durable-path/every-stored-message-is-handled", "durable-path/a-failed-message-is-kept"],
};

/** The second run, which says that the first was the machine's doing or that it cannot be told: both figures stand in the reason. */
function inDoubt<Run extends CaseRun>(one: PlannedCase, { property, reason }: Late, again: Run): Run {
  const figures = property?.measured?.(stateOf(property, one, again.events)) ?? again.judgement.reason;
  const doubt = `${reason}, in one run; in a second, with nothing beside it, that did not come again: ${figures}`;
  const about = property === undefined ? conformance : promise(property.id);
  return { ...again, judgement: { ...again.judgement, verdict: "inconclusive", reason: doubt, about } };
}

function stateOf(property: Property, { scenario, profile }: PlannedCase, events: readonly Event[]): unknown {
  const state = property.start(declaredBy(scenario, profile));
  for (const event of events) property.on(state, event);
  return state;
}

interface ModelCase extends Pick<AskedCase, "scenario" | "profile" | "seed"> {
  /** Absent: those of the live world, so that both do the same steps. */
  readonly limits?: InjectorLimits | undefined;
}

/** The model world is synchronous, and is not awaited, since it is run by the thousand. */
export function runModelCase(one: ModelCase, options: JudgeOptions = {}, behaves: Profile = one.profile): CaseRun {
  const planned = planCase(one.scenario, one.profile, one.limits);
  const events: Event[] = [];
  runModel(planned, one.seed, event => events.push(event), behaves);
  return { events, judgement: judge(planned, events, options) };
}

export interface AnsweredRun extends CaseRun {
  readonly asked: readonly Asked[];
  /** Places where it could not be answered as stored. */
  readonly departures: readonly Departure[];
}

/** Runs the case with the answers that it was given before; `otherwise` answers the questions that they leave open. */
export function runAnsweredCase(
  one: Pick<AskedCase, "scenario" | "profile"> & { readonly answers: readonly Answer[]; readonly otherwise: Answering },
  options: JudgeOptions = {},
  behaves: Profile = one.profile,
): AnsweredRun {
  const { scenario, profile, answers, otherwise } = one;
  const planned = planCase(scenario, profile);
  const answering = replaying(answers, otherwise);
  const events: Event[] = [];
  runAnswered(planned, { answering, emit: event => events.push(event), behaves });
  const { asked, departures } = answering;
  return { events, judgement: judge(planned, events, options), asked, departures: departures() };
}

/** The events with the place where each message ended, as the oracle explained them when the run was judged. */
export const explained = ({ events, judgement: { ended } }: CaseRun): readonly Event[] =>
  ended.length === 0 ? events : [...events, ...ended];
