/**
 * Every schedule within the bounds, on the model, breadth first. A node is the state of the bus, the harness's view with what is spent, and
 * the states of the promises; equal nodes are followed once. Every answer to every question is taken, and every node where a schedule may
 * end is also settled and judged. Levels are steps, so the first violation is a shortest one. Reaching a bound makes the answer
 * inconclusive, never "holds".
 */
import { setImmediate } from "node:timers/promises";
import { type Answer, type Choose, expand, wholeRange } from "../../../models/choice.ts";
import { observe } from "../../../models/observation.ts";
import { admits } from "../../../models/oracle.ts";
import { planCase } from "../../../models/plan/plan.ts";
import { type BusState, copy, key, newState } from "../../../models/state.ts";
import type { Emit, Event } from "../../../models/vocabulary/event.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../../models/vocabulary/verdict.ts";
import { worded } from "../../../models/words.ts";
import { catalogue } from "../../../properties/catalogue.ts";
import { declaredBy, type Property, promisedIds } from "../../../properties/property.ts";
import { type Broke, brokeText, conformance, promise } from "../../findings/broke.ts";
import type { JudgeOptions } from "../../judge/judge.ts";
import { isSmaller } from "../certify.ts";
import { type Bounds, type Letter, type Setting, scenarioOf } from "./alphabet.ts";
import { Monitor } from "./monitor.ts";
import { Pairs } from "./pairs.ts";
import { type Edge, Schedules } from "./schedules.ts";
import { modelSteps, type StepWorld } from "./world.ts";

export interface Exhaust {
  readonly profile: Profile;
  readonly letters: readonly Letter[];
  readonly settings: readonly Setting[];
  readonly bounds: Bounds;
  /** The most steps of a schedule; absent: as many as the bounds on each kind of step allow. */
  readonly depthMax?: number;
  readonly statesMax: number;
  readonly budgetMs: number;
  readonly judging?: JudgeOptions;
  /** The number of nodes of each setting that are also held against the oracle; absent: 100. */
  readonly oracleSample?: number;
  /** The world explored instead of the model of the profile: a mutant. */
  readonly world?: StepWorld;
}

export interface Violation {
  /** The broken promise, or conformance. */
  readonly broken: Broke;
  readonly reason: string;
  readonly setting: string;
  readonly scenario: Scenario;
  readonly events: readonly Event[];
  readonly answers: readonly Answer[];
}

/** The figures of one setting. */
export interface Explored {
  readonly setting: string;
  readonly schedules: number;
  readonly states: number;
  readonly transitions: number;
  /** The number of nodes settled and judged, once for each way of settling. */
  readonly endings: number;
  /** The length of the longest schedule judged; all of that length were judged. */
  readonly depth: number;
  readonly oracle: { readonly asked: number; readonly admitted: number };
  /** The reason why some are missing, or undefined. */
  readonly stopped: string | undefined;
}

export interface Exhausted {
  readonly verdict: Verdict;
  readonly explored: readonly Explored[];
  readonly violations: readonly Violation[];
  /** Promises that truly applied on some path, and those that never did. */
  readonly exercised: readonly string[];
  readonly neverExercised: readonly string[];
  /** Distinct sets of class counts, over all settings. */
  readonly ledgers: readonly string[];
  readonly seconds: number;
}

/** Explores. Earlier violations bound the length at which a schedule is still worth looking at. */
export async function exhaust(
  asked: Exhaust,
  isInterrupted: () => boolean = () => false,
  onLevel: (said: string) => void = () => {},
): Promise<Exhausted> {
  const began = performance.now();
  const found: Found = { violations: new Map(), exercised: new Set(), ledgers: new Set() };
  const explored: Explored[] = [];
  const judged = new Set<string>();
  for (const setting of asked.settings) {
    const stop = (states: number): string | undefined => {
      if (isInterrupted()) return "interrupted";
      if (performance.now() - began >= asked.budgetMs) return `${asked.budgetMs / 1_000} seconds are spent`;
      const before = explored.reduce((sum, one) => sum + one.states, 0);
      return before + states >= asked.statesMax ? `${asked.statesMax} states are reached` : undefined;
    };
    const properties = judgedProperties(asked, setting);
    for (const { id } of properties) judged.add(id);
    explored.push(await new Exploration(asked, setting, properties, found).run(stop, onLevel));
  }
  const violations = [...found.violations.values()];
  const promised = [...judged];
  const isComplete = explored.every(one => one.stopped === undefined);
  const isVacuous = !promised.some(id => found.exercised.has(id));
  return {
    verdict: violations.length > 0 ? "violated" : isComplete && !isVacuous ? "holds" : "inconclusive",
    explored,
    violations,
    exercised: promised.filter(id => found.exercised.has(id)),
    neverExercised: promised.filter(id => !found.exercised.has(id)),
    ledgers: [...found.ledgers].sort(),
    seconds: (performance.now() - began) / 1_000,
  };
}

function judgedProperties({ profile, judging = {} }: Exhaust, { policy }: Setting): readonly Property[] {
  const { require, only } = judging;
  const promised = promisedIds(profile, policy, require);
  return catalogue.filter(({ id }) => promised.has(id) && (only === undefined || only.includes(id)));
}

interface Found {
  /** The shortest violation of each, by the word for what broke. */
  readonly violations: Map<string, Violation>;
  readonly exercised: Set<string>;
  readonly ledgers: Set<string>;
}

/** A way from one place to another: one step, with one answer to each of its questions. */
interface Move {
  readonly edge: Edge;
  readonly run: number;
  readonly answers: readonly Answer[];
  readonly to: number;
}

/** A way of settling. */
interface Ending {
  readonly run: number;
  readonly answers: readonly Answer[];
}

/** The state of bus and schedule, apart from the states of the promises. */
interface Place {
  readonly schedule: number;
  readonly state: BusState;
  moves?: readonly Move[];
  endings?: readonly Ending[];
}

/** The number of nodes between two looks at the clock. */
const nodesPerLook = 1_024;
const oracleSampleDefault = 100;

class Exploration {
  private readonly asked: Exhaust;
  private readonly setting: Setting;
  private readonly found: Found;
  private readonly world: StepWorld;
  private readonly schedules: Schedules;
  private readonly monitor: Monitor;
  private readonly places: Place[] = [];
  private readonly placeByKey = new Map<string, number>();
  // A node is a place and a state of the monitor. It keeps the way by which it was first reached.
  private readonly placeOf: number[] = [];
  private readonly monitorOf: number[] = [];
  private readonly cameFrom: number[] = [];
  private readonly cameBy: (Move | undefined)[] = [];
  private readonly nodes = new Pairs();
  private transitions = 0;
  private endingsJudged = 0;
  private isBroken = false;

  constructor(asked: Exhaust, setting: Setting, properties: readonly Property[], found: Found) {
    const { profile, letters, bounds, world = modelSteps(profile) } = asked;
    this.asked = asked;
    this.setting = setting;
    this.found = found;
    this.world = world;
    this.schedules = new Schedules(letters, bounds, setting, profile);
    this.monitor = new Monitor(properties, declaredBy(scenarioOf(setting, []), profile));
  }

  async run(stop: (states: number) => string | undefined, onLevel: (said: string) => void): Promise<Explored> {
    const disturbed = this.monitor.intern([{ kind: "phase", phase: "disturbed" }]);
    const { policy } = this.setting;
    this.reach(
      this.place(this.schedules.root, newState(policy)),
      this.monitor.after(this.monitor.start, disturbed),
      -1,
      undefined,
    );
    const depthMax = Math.min(this.asked.depthMax ?? Number.POSITIVE_INFINITY, this.shortestBroken());
    let depth = 0;
    let stopped: string | undefined;
    for (let from = 0; ; depth++) {
      const to = this.placeOf.length;
      for (let node = from; node < to && stopped === undefined; node++) {
        if (depth > 0) this.judgeNode(node);
        if (depth < depthMax && !this.isBroken) this.follow(node, depth + 1 < depthMax);
        if (node % nodesPerLook !== 0) continue;
        await setImmediate();
        stopped = stop(this.placeOf.length);
      }
      onLevel(`${this.setting.name}: ${to.toLocaleString("en-US")} states at ${depth} steps`);
      if (stopped !== undefined || this.isBroken || this.placeOf.length === to) break;
      from = to;
    }
    const judged = stopped === undefined ? depth : Math.max(0, depth - 1);
    return {
      setting: this.setting.name,
      schedules: this.schedules.count(judged),
      states: this.placeOf.length - 1,
      transitions: this.transitions,
      endings: this.endingsJudged,
      depth: judged,
      oracle: this.askOracle(),
      stopped: stopped ?? this.whyNotAll(),
    };
  }

  /** A violation ends the search, so longer schedules were not looked at. */
  private whyNotAll(): string | undefined {
    if (this.isBroken) return "a violation was found: longer schedules were not tried";
    return Number.isFinite(this.shortestBroken()) ? "a shorter violation was found before" : undefined;
  }

  private shortestBroken(): number {
    const lengths = [...this.found.violations.values()].map(one => one.scenario.steps.length);
    return Math.min(Number.POSITIVE_INFINITY, ...lengths);
  }

  private place(schedule: number, state: BusState): number {
    const name = `${schedule}#${key(state)}`;
    const known = this.placeByKey.get(name);
    if (known !== undefined) return known;
    this.placeByKey.set(name, this.places.length);
    return this.places.push({ schedule, state }) - 1;
  }

  private reach(place: number, monitor: number, from: number, by: Move | undefined): void {
    if (this.nodes.get(place, monitor) >= 0) return;
    this.nodes.set(place, monitor, this.placeOf.length);
    this.placeOf.push(place);
    this.monitorOf.push(monitor);
    this.cameFrom.push(from);
    this.cameBy.push(by);
  }

  private follow(node: number, mayRace: boolean): void {
    const place = this.places[this.placeOf[node] as number] as Place;
    const monitor = this.monitorOf[node] as number;
    place.moves ??= this.movesFrom(place);
    for (const move of place.moves) {
      if (!mayRace && this.schedules.isOpen(move.edge.to)) continue;
      this.transitions++;
      this.reach(move.to, this.monitor.after(monitor, move.run), node, move);
    }
  }

  private movesFrom({ schedule, state }: Place): readonly Move[] {
    const moves: Move[] = [];
    for (const edge of this.schedules.edges(schedule)) {
      const { planned } = edge;
      this.everyWay(
        planned.step.id,
        state,
        (next, choose, emit) => this.world(planned, next, this.setting.options, choose, emit),
        (next, run, answers) => moves.push({ edge, run, answers, to: this.place(edge.to, next) }),
      );
    }
    return moves;
  }

  private endingsOf(place: Place): readonly Ending[] {
    if (place.endings !== undefined) return place.endings;
    const endings: Ending[] = [];
    const settle = this.schedules.settleAt(place.schedule);
    this.everyWay(
      settle.step.id,
      place.state,
      (next, choose, emit) => {
        this.world(settle, next, this.setting.options, choose, emit);
        emit({ kind: "observed", complete: true });
      },
      (_, run, answers) => endings.push({ run, answers }),
    );
    place.endings = endings;
    return endings;
  }

  /** Does the step from a copy for every way of answering its questions. */
  private everyWay(
    stepId: string,
    state: BusState,
    once: (next: BusState, choose: Choose, emit: Emit) => void,
    visit: (next: BusState, run: number, answers: readonly Answer[]) => void,
  ): void {
    expand(
      choose => {
        const next = copy(state);
        const events: Event[] = [];
        once(next, choose, event => events.push(event));
        return { next, events };
      },
      wholeRange,
      ({ next, events }, given) => {
        const answers = given.map(one => ({ step: stepId, ...one }));
        visit(next, this.monitor.intern(events), answers);
        return true;
      },
    );
  }

  // ---- Judging ----

  private judgeNode(node: number): void {
    const place = this.places[this.placeOf[node] as number] as Place;
    if (!this.schedules.mayEnd(place.schedule)) return;
    for (const ending of this.endingsOf(place)) {
      this.endingsJudged++;
      // Breadth first: anything reported for the first time belongs to a shortest schedule.
      for (const { broken, exercised, ledgers } of this.monitor.end(this.monitorOf[node] as number, ending.run)) {
        for (const id of exercised) this.found.exercised.add(id);
        for (const ledger of ledgers) this.found.ledgers.add(ledger);
        for (const { property, reason } of broken) this.violated(node, ending, promise(property), reason);
      }
    }
  }

  private violated(node: number, ending: Ending, broken: Broke, reason: string): void {
    this.isBroken = true;
    const known = this.found.violations.get(brokeText(broken));
    const scenario = this.scenarioTo(node);
    if (known !== undefined && !isSmaller(scenario, known.scenario)) return;
    const events = this.eventsTo(node, ending);
    const answers = [...this.movesTo(node).flatMap(move => move.answers), ...ending.answers];
    this.found.violations.set(brokeText(broken), {
      broken,
      reason,
      setting: this.setting.name,
      scenario,
      events,
      answers,
    });
  }

  /** Samples nodes evenly over all depths. The way to each is a run that the oracle must admit. */
  private askOracle(): { asked: number; admitted: number } {
    const { oracleSample = oracleSampleDefault } = this.asked;
    const stride = Math.max(1, Math.floor(this.placeOf.length / oracleSample));
    let asked = 0;
    let admitted = 0;
    for (let node = stride; node < this.placeOf.length; node += stride) {
      const place = this.places[this.placeOf[node] as number] as Place;
      if (!this.schedules.mayEnd(place.schedule)) continue;
      const endings = this.endingsOf(place);
      const ending = endings[node % endings.length] as Ending;
      const scenario = this.scenarioTo(node);
      const admission = admits(planCase(scenario, this.asked.profile), observe(this.eventsTo(node, ending)));
      asked++;
      if (admission.answer === "permitted") admitted++;
      if (admission.answer === "not-permitted") this.violated(node, ending, conformance, worded(admission.reason));
    }
    return { asked, admitted };
  }

  // ---- The way to a node ----

  private movesTo(node: number): readonly Move[] {
    const moves: Move[] = [];
    for (let at = node; at >= 0; at = this.cameFrom[at] as number) {
      const move = this.cameBy[at];
      if (move !== undefined) moves.push(move);
    }
    return moves.reverse();
  }

  private scenarioTo(node: number): Scenario {
    return scenarioOf(
      this.setting,
      this.movesTo(node).map(move => move.edge.planned.step),
    );
  }

  private eventsTo(node: number, ending: Ending): readonly Event[] {
    const events: Event[] = [{ kind: "phase", phase: "disturbed" }];
    for (const { run } of this.movesTo(node)) events.push(...this.monitor.events(run));
    events.push(...this.monitor.events(ending.run));
    return events;
  }
}
