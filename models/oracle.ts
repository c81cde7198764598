/**
 * The oracle: does the model admit the observation? It expands the model along the observation. Each answer's range is narrowed by the
 * observation that decides it, and states that failed are remembered. If nothing admissible is left, they disagree, and the furthest point
 * reached explains why. Tests keep a plain search, without narrowing, as the reference.
 */
import { step } from "./bus.ts";
import { type Asked, type Choose, type Expanded, Expansion, wholeRange } from "./choice.ts";
import { beginningOf, compare, compareStep, leftOver, type Position } from "./comparison.ts";
import { type Disagreement, Furthest, type Reason } from "./explanation.ts";
import { Narrowing } from "./narrowing.ts";
import { type Indexed, indexed, type Observation } from "./observation.ts";
import { type PlannedCase, type PlannedStep, settleId } from "./plan/plan.ts";
import { repeatedTooOften } from "./repeated.ts";
import { type BusState, copy, key, newState } from "./state.ts";
import { mayBeLostTwice } from "./turns.ts";
import type { Event, Place } from "./vocabulary/event.ts";
import type { Profile } from "./vocabulary/profile.ts";
import type { Scenario, StepId } from "./vocabulary/scenario.ts";

export type Admission =
  | {
      readonly answer: "permitted";
      readonly ended: readonly Event[];
      readonly answers: readonly Asked[];
      readonly evaluations: number;
    }
  | { readonly answer: "not-permitted"; readonly reason: Reason; readonly evaluations: number }
  | { readonly answer: "undecided"; readonly reason: Reason; readonly evaluations: number };

export interface OracleOptions {
  /** Step evaluations before the answer is "undecided". */
  readonly evaluationsMax?: number;
  /** `plain`: every answer to every question; the reference. */
  readonly search?: "narrowed" | "plain";
  /** The places where messages ended are known, so one explanation is enough. */
  readonly knowsPlaces?: boolean;
}

/** The oracle's answer: does the model of this profile admit the observation? */
export function admits(planned: PlannedCase, observed: Observation, options: OracleOptions = {}): Admission {
  return new Search(planned, observed, options).run();
}

/**
 * The answers by which an observation was admitted that every explanation of it gives; `isSame` says when two answers to one question are
 * the same. It tries every answer, since narrowing drops those that would do as well. Empty where it does not finish within
 * `evaluationsMax`, since the answer is then unknown.
 */
export function forcedAnswers(
  planned: PlannedCase,
  observed: Observation,
  answers: readonly Asked[],
  isSame: (one: Asked, other: Asked) => boolean,
  evaluationsMax: number,
): readonly Asked[] {
  let left = answers.filter(one => one.hi > one.lo);
  if (left.length === 0) return left;
  const search = new Search(planned, observed, { search: "plain", evaluationsMax });
  const isThrough = search.everyExplanation((given, isTold) => {
    left = left.filter(
      one => !isTold(one.step) || given.some(other => isSameQuestion(one, other) && isSame(one, other)),
    );
    return left.length > 0;
  });
  return isThrough ? left : [];
}

const isSameQuestion = (one: Asked, other: Asked): boolean =>
  one.step === other.step && one.label === other.label && one.occurrence === other.occurrence;

interface Attempt {
  readonly state: BusState;
  readonly position: Position;
  readonly mismatch: Disagreement | undefined;
  readonly ended: readonly Event[];
}

/** The progress of an explanation: the next step, where it begins, and the events and answers of the steps before it. */
interface PathSoFar {
  readonly index: number;
  readonly state: BusState;
  readonly position: Position;
  readonly ended: readonly Event[];
  readonly answers: readonly Asked[];
}

type PathEnd = "failed" | "admitted" | "enough";

/** A step of the path under way, and the ways in which it is still to be done. */
interface Level {
  readonly path: PathSoFar;
  readonly planned: PlannedStep;
  readonly memory: string;
  readonly expansion: Expansion<Attempt>;
  found: PathEnd;
}

/** Receives the answers of the steps before `until`; the end counts as one of them. Returns true to go on looking. */
type OnAdmit = (ended: readonly Event[], answers: readonly Asked[], until: number) => boolean;

/** The number of explanations to look for after the first, before a place of loss counts as known. */
const pathsMax = 8;
const evaluationsAfterFirst = 1_000;

class Search {
  private readonly steps: readonly PlannedStep[];
  private readonly failed = new Set<string>();
  /** Places from which every explanation has been reported; undefined: explanations are reported whole. */
  private explained: Set<string> | undefined;
  private evaluations = 0;
  private evaluationsMax: number;
  private readonly plain: boolean;
  private readonly knowsPlaces: boolean;
  private readonly pathsMax: number;
  private readonly furthest = new Furthest();
  private readonly narrowing: Narrowing;
  private readonly scenario: Scenario;
  private readonly profile: Profile;
  private readonly seen: Indexed;

  constructor({ scenario, profile, plan }: PlannedCase, observed: Observation, options: OracleOptions) {
    this.scenario = scenario;
    this.profile = profile;
    this.seen = indexed(observed);
    this.steps = plan.steps;
    this.evaluationsMax = options.evaluationsMax ?? 300_000;
    this.plain = options.search === "plain";
    this.knowsPlaces = options.knowsPlaces === true;
    this.pathsMax = this.plain || this.knowsPlaces ? 1 : pathsMax;
    this.narrowing = new Narrowing(scenario, profile, this.seen);
  }

  run(): Admission {
    const { foreign, altered, cameBack, missingLetter, contradiction } = this.seen.observed;
    if (foreign > 0) return { answer: "not-permitted", reason: { kind: "foreign", count: foreign }, evaluations: 0 };
    if (altered !== undefined)
      return { answer: "not-permitted", reason: { kind: "altered", ...altered }, evaluations: 0 };
    if (cameBack) return { answer: "not-permitted", reason: { kind: "closed-client-back" }, evaluations: 0 };
    if (missingLetter !== undefined)
      return { answer: "not-permitted", reason: { kind: "dead-letter-missing", ...missingLetter }, evaluations: 0 };
    if (contradiction !== undefined)
      return { answer: "not-permitted", reason: { kind: "contradiction", contradiction }, evaluations: 0 };
    const repeated = repeatedTooOften(this.seen.observed, this.profile, this.scenario);
    if (repeated !== undefined) return { answer: "not-permitted", reason: repeated, evaluations: 0 };
    const paths: { ended: readonly Event[]; answers: readonly Asked[] }[] = [];
    this.fromBeginning((ended, answers) => {
      paths.push({ ended, answers });
      if (paths.length === 1)
        this.evaluationsMax = Math.min(this.evaluationsMax, this.evaluations + evaluationsAfterFirst);
      return paths.length < this.pathsMax;
    });
    const [first] = paths;
    const evaluations = this.evaluations;
    if (first !== undefined) {
      const ended = this.knowsPlaces ? first.ended : agreed(paths.map(path => path.ended));
      return { answer: "permitted", ended, answers: first.answers, evaluations };
    }
    const { evaluationsMax } = this;
    if (evaluations >= evaluationsMax)
      return { answer: "undecided", reason: { kind: "out-of-evaluations", evaluationsMax }, evaluations };
    if (!this.plain && mayBeLostTwice(this.steps))
      return { answer: "undecided", reason: { kind: "turns-unknown" }, evaluations };
    return { answer: "not-permitted", reason: this.reason(), evaluations };
  }

  /**
   * Reports every explanation until `onAdmit` returns false. The part from some place on is not reported again from the same place. Returns
   * true where it came to the end.
   */
  everyExplanation(onAdmit: (answers: readonly Asked[], isTold: (step: StepId) => boolean) => boolean): boolean {
    this.explained = new Set();
    const indexOf = new Map(this.steps.map(({ step }, index) => [step.id, index]));
    this.fromBeginning((_ended, answers, until) =>
      onAdmit(answers, step => (indexOf.get(step) ?? this.steps.length) < until),
    );
    return this.evaluations < this.evaluationsMax;
  }

  private fromBeginning(onAdmit: OnAdmit): void {
    const { policy } = this.scenario;
    const position = beginningOf(this.seen.observed);
    this.from({ index: 0, state: newState(policy), position, ended: [], answers: [] }, onAdmit);
  }

  /** Goes deep with a stack of its own: a scenario may have thousands of steps. */
  private from(begin: PathSoFar, onAdmit: OnAdmit): PathEnd {
    const stack: Level[] = [];
    let ended = this.enter(begin, stack, onAdmit);
    for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
      if (ended !== undefined && ended !== "failed") level.found = ended;
      const next = this.goesOn(level) ? level.expansion.next() : undefined;
      if (next === undefined) {
        stack.pop();
        ended = this.leave(level);
      } else ended = this.visit(level, next, stack, onAdmit);
    }
    return ended ?? "failed";
  }

  private goesOn({ found }: Level): boolean {
    return found !== "enough" && this.evaluations < this.evaluationsMax;
  }

  /** The end of a path that is known already; else it is begun, as the last of the stack. */
  private enter(path: PathSoFar, stack: Level[], onAdmit: OnAdmit): PathEnd | undefined {
    const { index, state, position, ended, answers } = path;
    const memory = `${index}/${Object.values(position).join("/")}/${key(state)}`;
    if (this.failed.has(memory)) return "failed";
    if (this.explained?.has(memory)) return onAdmit(ended, answers, index) ? "admitted" : "enough";
    const planned = this.steps[index] as PlannedStep;
    const here: Position = { ...position };
    const expansion = new Expansion(
      choose => this.attempt(planned, state, position, here, choose),
      this.plain ? wholeRange : (label, lo, hi, about) => this.narrowing.answers(label, lo, hi, about, here),
    );
    stack.push({ path, planned, memory, expansion, found: "failed" });
    return undefined;
  }

  /** Does the step of the level in one way. The end of what this leads to, where that is known already. */
  private visit(
    level: Level,
    { outcome: attempt, answers: given }: Expanded<Attempt>,
    stack: Level[],
    onAdmit: OnAdmit,
  ): PathEnd | undefined {
    const { planned, path } = level;
    this.evaluations++;
    if (attempt.mismatch !== undefined) {
      this.furthest.note(path.index, attempt.position.delivered, attempt.mismatch);
      return "failed";
    }
    const { id } = planned.step;
    const ended = attempt.ended.length > 0 ? path.ended.concat(attempt.ended) : path.ended;
    const answers = given.length > 0 ? path.answers.concat(given.map(one => ({ step: id, ...one }))) : path.answers;
    const index = path.index + 1;
    if (planned.kind === "settle") return onAdmit(ended, answers, index) ? "admitted" : "enough";
    return this.enter({ index, state: attempt.state, position: attempt.position, ended, answers }, stack, onAdmit);
  }

  /** Every way was tried, or enough of them. Sets `failed` only where nothing was admitted. */
  private leave({ memory, found }: Level): PathEnd {
    if (this.evaluations < this.evaluationsMax) {
      if (found === "failed") this.failed.add(memory);
      if (found === "admitted") this.explained?.add(memory);
    }
    return found;
  }

  /** Does one step from a copy of the state, comparing the model's events with the observation. */
  private attempt(planned: PlannedStep, state: BusState, from: Position, at: Position, choose: Choose): Attempt {
    const next = copy(state);
    Object.assign(at, from);
    let mismatch: Disagreement | undefined;
    const ended: Event[] = [];
    const callsSeen = new Map<StepId, number>();
    const emit = (event: Event): void => {
      if (mismatch !== undefined) return;
      if (event.kind === "ended") ended.push(event);
      mismatch = compare(this.seen, event, at, callsSeen, next.client === "connected");
    };
    step(planned, { state: next, profile: this.profile, options: this.scenario.options, choose, emit });
    mismatch ??= planned.kind === "settle" ? leftOver(this.seen, at) : compareStep(this.seen, planned, at, callsSeen);
    return { state: next, position: { ...at }, mismatch, ended };
  }

  private reason(): Reason {
    const { step, matched } = this.furthest;
    return {
      kind: "disagreement",
      lead: this.furthest.lead(),
      at: this.steps[step]?.step.id ?? settleId,
      matched: Math.max(0, matched),
      deliveries: this.seen.observed.delivered.length,
    };
  }
}

/** The places of the first explanation, weakened wherever another explanation names another place. */
function agreed(explanations: readonly (readonly Event[])[]): readonly Event[] {
  const places: Map<number, Place>[] = explanations.map(events => {
    const map = new Map<number, Place>();
    for (const event of events) {
      if (event.kind === "ended") for (let m = event.first; m < event.first + event.count; m++) map.set(m, event.place);
    }
    return map;
  });
  const [first, ...others] = places;
  if (first === undefined) return [];
  const out: Event[] = [];
  for (const [message, place] of [...first].sort(([a], [b]) => a - b)) {
    const known = others.every(other => other.get(message) === place) ? place : "outbound or socket";
    const last = out.at(-1);
    if (last?.kind === "ended" && last.place === known && last.first + last.count === message) {
      out[out.length - 1] = { ...last, count: last.count + 1 };
    } else out.push({ kind: "ended", place: known, first: message, count: 1 });
  }
  return out;
}
