/**
 * What a mutant is, and the world that runs one: the model's own steps, in which one thing goes otherwise. A mutant is only ever in
 * the world. Plan, oracle and properties hold it to the declared profile and to the options as they were given.
 */
import { step } from "../../models/bus.ts";
import { type Answering, type Choose, sampled } from "../../models/choice.ts";
import { type PlannedStep, plan, planAsDecided, type View } from "../../models/plan/plan.ts";
import { append, type BusState, countOf, type FrameRun, lose, newState } from "../../models/state.ts";
import type { ConnectionChange, Emit, Event, Place } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Options, Scenario, Step } from "../../models/vocabulary/scenario.ts";
import type { StepWorld } from "../../src/search/exhaust/world.ts";

export interface Mutant {
  /** What it does, as a complaint about the bus. */
  readonly name: string;
  /** The row of docs/facts.md that it breaks. */
  readonly row: string;
  readonly declared: Profile;
  /** The client it really is. */
  readonly behaves?: Profile;
  readonly misreads?: (options: Options) => Options;
  /** The policy it really follows. */
  readonly follows?: (policy: Policy) => Policy;
  /** Does one step otherwise; made anew for each run, so that it may remember. */
  readonly does?: () => Doing;
  /** Changes what the world says; the same list where there is nothing to change. */
  readonly says?: (events: readonly Event[]) => readonly Event[];
  /** A scenario in which it shows. */
  readonly where: Scenario;
  /** Ids of properties that must find it there; `conformance` is the oracle. */
  readonly killedBy: readonly string[];
  /** Why no search over random scenarios can find it. */
  readonly survives?: string;
  /** Why no schedule within `exhaustBound` shows it. */
  readonly beyond?: string;
}

/** Why no schedule of any length would show it. */
export const withoutLetter = (what: string): string => `the alphabet has no letter for ${what}`;

/** A step about to be done, and all that may be changed about it. */
export interface Moment {
  readonly state: BusState;
  readonly planned: PlannedStep;
  readonly profile: Profile;
  readonly options: Options;
  readonly choose: Choose;
  readonly emit: Emit;
}

/** Does the step as the model would, but for what is given. */
export type Go = (otherwise?: Partial<Omit<Moment, "state">>) => void;
export type Doing = (moment: Moment, go: Go) => void;

/** What the mutant's world says; its questions are answered from a seed, one by one, or as they were before. */
export function runMutant(
  mutant: Mutant,
  answers: string | Choose | Answering,
  scenario: Scenario = mutant.where,
): readonly Event[] {
  const { declared, behaves = declared, misreads = options => options } = mutant;
  const { choose, at } = answeringOf(answers);
  const world = worldOf(mutant, mutant.does?.());
  const events: Event[] = [];
  const emit: Emit = event => void events.push(event);
  const policy = scenario.policy && (mutant.follows?.(scenario.policy) ?? scenario.policy);
  // What is done is decided for what is declared; what comes of it follows what the bus really is.
  const followed = { ...scenario, ...(policy && { policy }), options: misreads(scenario.options) };
  const { steps } = planAsDecided(plan(scenario, declared), followed, behaves);
  const state = newState(policy);
  emit({ kind: "phase", phase: "disturbed" });
  for (const planned of steps) {
    at(planned.step.id);
    world(planned, state, scenario.options, choose, emit);
  }
  emit({ kind: "observed", complete: true });
  return mutant.says === undefined ? events : mutant.says(events);
}

function answeringOf(answers: string | Choose | Answering): Answering {
  if (typeof answers === "string") return sampled(answers);
  return typeof answers === "function" ? { choose: answers, at: () => {} } : answers;
}

/** The mutant made anew at each step: the same world for one that remembers nothing, and whose words are not changed afterwards. */
export const stepsOf =
  (mutant: Mutant): StepWorld =>
  (...step) =>
    worldOf(mutant, mutant.does?.())(...step);

const worldOf =
  ({ declared, behaves = declared, misreads = options => options }: Mutant, doing: Doing | undefined): StepWorld =>
  (planned, state, options, choose, emit) => {
    const moment: Moment = { state, planned, profile: behaves, options: misreads(options), choose, emit };
    if (doing === undefined || planned.skipped !== undefined) asModelled(moment);
    else doing(moment, otherwise => asModelled({ ...moment, ...otherwise }));
  };

const asModelled = ({ planned, ...given }: Moment): void => step(planned, given);

/** The step as it is done under a view that differs from the plan's. */
export const seeing = ({ planned }: Moment, otherwise: Partial<View>): Pick<Moment, "planned"> => ({
  planned: { ...planned, before: { ...planned.before, ...otherwise } },
});

/** The kind of the step; what ends every case is a heal, too. */
export const isHeal = ({ planned }: Moment): boolean => planned.kind === "settle" || planned.step.kind === "heal";

export const isFault = ({ planned }: Moment, ...kinds: readonly string[]): boolean =>
  planned.step.kind === "fault" && kinds.includes(planned.step.fault.kind);

/** Whether the step makes this call, alone or within a `together`. */
export function makesCall({ planned }: Moment, call: Step["kind"]): boolean {
  const { step: asked } = planned;
  return asked.kind === call || (asked.kind === "together" && asked.steps.some(one => one.kind === call));
}

export const isConnection = (event: Event, ...changes: readonly ConnectionChange[]): boolean =>
  event.kind === "connection" && changes.includes(event.change);

type Rewrite = (event: Event, moment: Moment) => Event | readonly Event[];

/** Says something else wherever it would say this. */
export const rewriting =
  (rewrite: Rewrite, applies: (moment: Moment) => boolean = () => true): (() => Doing) =>
  () =>
  (moment, go) => {
    if (!applies(moment)) return go();
    // The state changes while the step is done, so what applies is asked before it.
    go({ emit: event => [rewrite(event, moment)].flat().forEach(moment.emit) });
  };

/** Silent about these changes of its connection. */
export const silentAbout =
  (...changes: readonly ConnectionChange[]): Rewrite =>
  event =>
    isConnection(event, ...changes) ? [] : event;

/** What would have arrived is lost. */
export const losesArrivals: Rewrite = event => {
  if (event.kind === "delivered") return [];
  return event.kind === "ended" && event.place === "arrived" ? { ...event, place: "outbound or socket" } : event;
};

/** Changes what it kept, after it has said that it is connected again and before it replays. */
export const atReplay =
  (change: (moment: Moment) => void): (() => Doing) =>
  () =>
  (moment, go) =>
    go({
      emit: event => {
        moment.emit(event);
        if (isConnection(event, "reconnected")) change(moment);
      },
    });

export const messagesOf = (runs: readonly FrameRun[]): readonly FrameRun[] =>
  runs.flatMap(run => Array.from({ length: run.count }, (_, i) => ({ ...run, first: run.first + i, count: 1 })));

/** The runs without the messages for which `is` holds; `nth` counts from 0 over all of them. */
export function without(runs: readonly FrameRun[], is: (message: number, nth: number) => boolean): FrameRun[] {
  const rest: FrameRun[] = [];
  messagesOf(runs).forEach((one, nth) => {
    if (!is(one.first, nth)) append(rest, one);
  });
  return rest;
}

/** Takes messages off the wire; they are lost. */
export function loseOnWire({ state, emit }: Moment, is: (message: number) => boolean, place: Place): void {
  const lost = without(state.wire, message => !is(message));
  state.wire = without(state.wire, is);
  state.wireFree = Math.min(state.wireFree, countOf(state.wire));
  state.unwrittenMessages = Math.min(state.unwrittenMessages, countOf(state.wire));
  lose(lost, place, emit);
}

type Delivered = Extract<Event, { kind: "delivered" }>;
export const single = (first: number): Delivered => ({ kind: "delivered", first, count: 1 });

/** Every delivery alone, so that single ones can be changed. Each stays among the other events where it was, or goes where it must follow. */
export const onDeliveries =
  (change: (delivered: readonly Delivered[]) => readonly Delivered[]) =>
  (events: readonly Event[]): readonly Event[] => {
    const placeOf = new Map<number, number>();
    const ones = events.flatMap((event, at) => {
      if (event.kind !== "delivered") return [];
      const all = Array.from({ length: event.count }, (_, i) => single(event.first + i));
      for (const { first } of all) if (!placeOf.has(first)) placeOf.set(first, at);
      return all;
    });
    let place = events.findIndex(event => event.kind === "delivered");
    const changed = change(ones).map(one => {
      place = Math.max(place, placeOf.get(one.first) ?? place);
      return { one, place };
    });
    return events.flatMap<Event>((event, at) =>
      event.kind === "delivered" ? changed.filter(one => one.place === at).map(({ one }) => one) : [event],
    );
  };
