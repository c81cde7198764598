/**
 * The oracle: does the model admit what was observed? It expands the model along the observation; each answer's range is
 * narrowed by the observation that decides it, and states that failed are remembered. Nothing admissible left is a
 * disagreement, explained by the furthest point reached. A plain search, without narrowing, is kept as its reference in tests.
 */
import { step } from "./bus.ts";
import { type Asked, type Candidates, type Choose, expand, type HandledBy, wholeRange } from "./choice.ts";
import { type PlannedCase, type PlannedStep, settleId } from "./plan/plan.ts";
import { bufferBytesMax } from "./reconnect-buffer.ts";
import { type BusState, copy, key, newState } from "./state.ts";
import type { CallOutcome, ConnectionChange, Event, Outcome, Place, Run } from "./vocabulary/event.ts";
import { frameBytes, pingBytes } from "./vocabulary/frame.ts";
import type { Profile } from "./vocabulary/profile.ts";
import type { Scenario, Step, StepId } from "./vocabulary/scenario.ts";

/** What a world can see, one ordered list per actor. Across actors no order is assumed but that of the steps that await. */
export interface Observation {
  readonly published: number;
  /** Outcome of each publish call, by message; -1 where the call never came back. */
  readonly outcomes: readonly string[];
  readonly calls: ReadonlyMap<StepId, readonly string[]>;
  readonly connection: readonly ConnectionChange[];
  readonly delivered: readonly number[];
  /** Messages that no bus of ours can have sent. */
  readonly foreign: number;
  /** Under a policy: outcomes of what was published again, by step and message; and one list each for streams, processes, probes and every handler. */
  readonly again: ReadonlyMap<string, string>;
  readonly service: ReadonlyMap<string, readonly string[]>;
}

const handlerOf = (replica: number, subject: string): string => `handler of replica ${replica} on ${subject}`;

/** What a service event says, and of whom. Not compared: times, which the real parts take as they like. */
function serviceText(event: Event): { actor: string; texts: readonly string[] } | undefined {
  switch (event.kind) {
    case "holds":
      return { actor: "streams", texts: numbers(event).map(m => `${event.stream} holds message ${m}`) };
    case "handled": {
      const { replica, subject, delivery, outcome } = event;
      const text = `replica ${replica} is given, for the ${delivery}. time, on ${subject}, and ${outcome}: message`;
      return { actor: handlerOf(replica, subject), texts: numbers(event).map(m => `${text} ${m}`) };
    }
    case "process": {
      const ending =
        event.change === "exited"
          ? ` ${event.because}${event.forced ? ", forced" : ""}, ${event.toldLost} told lost`
          : "";
      return { actor: "processes", texts: [`replica ${event.replica} ${event.change}${ending}`] };
    }
    case "probe": {
      const { ready, live, connected, durable } = event;
      return { actor: "probes", texts: [`ready ${ready}, live ${live}, connected ${connected}, durable ${durable}`] };
    }
    default:
      return undefined;
  }
}

const numbers = ({ first, count }: Run): readonly number[] => Array.from({ length: count }, (_, i) => first + i);

const outcomeText = (outcome: Outcome | CallOutcome): string =>
  "kind" in outcome
    ? `${outcome.is} ${outcome.kind}`
    : "duplicate" in outcome
      ? `${outcome.is} as a duplicate`
      : outcome.is;

/**
 * The lists that are compared. Not compared, with the reasons: the wording of errors (theirs to change); how often a client
 * says that it is disconnected before it says that it is back, and the reverse (nats.js says so once a failed dial, too); times.
 */
export function observe(events: readonly Event[]): Observation {
  const outcomes: string[] = [];
  const calls = new Map<StepId, string[]>();
  const connection: ConnectionChange[] = [];
  const delivered: number[] = [];
  const again = new Map<string, string>();
  const service = new Map<string, string[]>();
  let foreign = 0;
  let last: ConnectionChange | undefined;
  for (const event of events) {
    // Another process has another client, whose first word is never a repetition.
    if (event.kind === "process" && event.change === "started" && event.replica === 0) last = undefined;
    const said = serviceText(event);
    if (said !== undefined) service.set(said.actor, [...(service.get(said.actor) ?? []), ...said.texts]);
    else if (event.kind === "published" && event.again === true) {
      for (const m of numbers(event)) again.set(`${event.step}/${m}`, outcomeText(event.outcome));
    } else if (event.kind === "published") {
      const text = outcomeText(event.outcome);
      for (let m = event.first; m < event.first + event.count; m++) outcomes[m] = text;
    } else if (event.kind === "called") {
      const list = calls.get(event.step) ?? [];
      list.push(`${event.call} ${outcomeText(event.outcome)}`);
      calls.set(event.step, list);
    } else if (event.kind === "connection") {
      if (last !== event.change) connection.push(event.change);
      last = event.change;
    } else if (event.kind === "foreign") {
      foreign += event.count;
    } else if (event.kind === "delivered") {
      for (let m = event.first; m < event.first + event.count; m++) delivered.push(m);
    }
  }
  for (let m = 0; m < outcomes.length; m++) outcomes[m] ??= "never returned";
  return { published: outcomes.length, outcomes, calls, connection, delivered, foreign, again, service };
}

export type Admission =
  | {
      readonly answer: "permitted";
      readonly ended: readonly Event[];
      readonly answers: readonly Asked[];
      readonly evaluations: number;
    }
  | { readonly answer: "not-permitted"; readonly reason: string; readonly evaluations: number }
  | { readonly answer: "undecided"; readonly reason: string; readonly evaluations: number };

export interface OracleOptions {
  /** Step evaluations before the answer is "undecided". */
  readonly evaluationsMax?: number;
  /** `plain`: every answer of every question; the reference. */
  readonly search?: "narrowed" | "plain";
  /** Where messages ended is known: one explanation will do, and others need not be looked for. */
  readonly knowsPlaces?: boolean;
}

/** Whether the model of this profile admits the observation. */
export function admits(planned: PlannedCase, observed: Observation, options: OracleOptions = {}): Admission {
  return new Search(planned, observed, options).run();
}

/**
 * Of the answers by which an observation was admitted, those that every explanation of it gives, where `isSame` says when two answers
 * to one question are the same. It tries every answer, since narrowing drops those that would do as well. None where it is not
 * through within `evaluationsMax`: then nobody knows.
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

/** How far the observation is matched, actor by actor. */
interface Position {
  delivered: number;
  connection: number;
  [actor: string]: number;
}

const beginningOf = ({ service }: Observation): Position => ({
  delivered: 0,
  connection: 0,
  ...Object.fromEntries([...service.keys()].map(actor => [actor, 0])),
});

interface Attempt {
  readonly state: BusState;
  readonly position: Position;
  readonly mismatch: string | undefined;
  readonly ended: readonly Event[];
}

type Progress = "failed" | "admitted" | "enough";

/** Told of the answers of the steps before `until`, the end being one of them. True: go on looking; false: enough. */
type OnAdmit = (ended: readonly Event[], answers: readonly Asked[], until: number) => boolean;

/** Explanations looked for, and what may be spent on them after the first, before a place of loss counts as known. */
const pathsMax = 8;
const evaluationsAfterFirst = 1_000;

class Search {
  private readonly steps: readonly PlannedStep[];
  private readonly failed = new Set<string>();
  /** Places from where every explanation has been told; undefined: explanations are told whole. */
  private explained: Set<string> | undefined;
  private evaluations = 0;
  private evaluationsMax: number;
  private readonly plain: boolean;
  private readonly knowsPlaces: boolean;
  private readonly pathsMax: number;
  private readonly limitIsReachable: boolean;
  /** Messages that the reconnect buffer can hold at the most. */
  private readonly keptMax: number;
  private furthest = { step: -1, delivered: -1, reasons: new Set<string>() };
  private readonly everDelivered: Int32Array;
  /** Messages that some stream holds at the end. */
  private readonly everHeld: ReadonlySet<number>;
  private readonly scenario: Scenario;
  private readonly profile: Profile;
  private readonly observed: Observation;

  constructor({ scenario, profile, plan }: PlannedCase, observed: Observation, options: OracleOptions) {
    this.scenario = scenario;
    this.profile = profile;
    this.observed = observed;
    this.steps = plan.steps;
    this.evaluationsMax = options.evaluationsMax ?? 300_000;
    this.plain = options.search === "plain";
    this.knowsPlaces = options.knowsPlaces === true;
    this.pathsMax = this.plain || this.knowsPlaces ? 1 : pathsMax;
    // Under a policy a stop tells how much was kept, too.
    this.limitIsReachable =
      scenario.policy !== undefined ||
      bytesOf(scenario.steps, scenario.options.subject, profile) >= bufferBytesMax(profile, scenario.options);
    this.keptMax = 1 + Math.ceil(bufferBytesMax(profile, scenario.options) / frameBytes("", 0, profile));
    this.everDelivered = prefixCounts(observed);
    const held = observed.service.get("streams") ?? [];
    this.everHeld = new Set(held.map(text => Number(text.slice(text.lastIndexOf(" ") + 1))));
  }

  run(): Admission {
    const { foreign } = this.observed;
    if (foreign > 0) {
      return { answer: "not-permitted", reason: `${foreign} messages arrived that no one published`, evaluations: 0 };
    }
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
    if (evaluations >= this.evaluationsMax) {
      return { answer: "undecided", reason: `no answer within ${this.evaluationsMax} step evaluations`, evaluations };
    }
    return { answer: "not-permitted", reason: this.explanation(), evaluations };
  }

  /**
   * Tells every explanation, until told that it is enough; what was told of the steps from some place on is not told again from the same
   * place. Whether it came to the end.
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
    this.from(0, newState(this.scenario.policy), beginningOf(this.observed), [], [], onAdmit);
  }

  /** Sets `failed` only where nothing was admitted. */
  private from(
    index: number,
    state: BusState,
    position: Position,
    ended: readonly Event[],
    answers: readonly Asked[],
    onAdmit: OnAdmit,
  ): Progress {
    const memory = `${index}/${Object.values(position).join("/")}/${key(state)}`;
    if (this.failed.has(memory)) return "failed";
    if (this.explained?.has(memory)) return onAdmit(ended, answers, index) ? "admitted" : "enough";
    const planned = this.steps[index] as PlannedStep;
    let found = "failed" as Progress;
    const here: Position = { ...position };
    expand(
      choose => this.attempt(planned, state, position, here, choose),
      this.plain ? wholeRange : (label, lo, hi, about) => this.narrowed(label, lo, hi, about, here),
      (attempt, given) => {
        this.evaluations++;
        if (attempt.mismatch !== undefined) this.note(index, attempt.position.delivered, attempt.mismatch);
        else {
          const allEnded = attempt.ended.length > 0 ? ended.concat(attempt.ended) : ended;
          const allAnswers =
            given.length > 0 ? answers.concat(given.map(one => ({ step: planned.step.id, ...one }))) : answers;
          if (planned.kind === "settle") found = onAdmit(allEnded, allAnswers, index + 1) ? "admitted" : "enough";
          else {
            const below = this.from(index + 1, attempt.state, attempt.position, allEnded, allAnswers, onAdmit);
            if (below !== "failed") found = below;
          }
        }
        return found !== "enough" && this.evaluations < this.evaluationsMax;
      },
    );
    if (this.evaluations < this.evaluationsMax) {
      if (found === "failed") this.failed.add(memory);
      if (found === "admitted") this.explained?.add(memory);
    }
    return found;
  }

  /** Does one step from a copy of the state, comparing what the model says with what was observed. */
  private attempt(planned: PlannedStep, state: BusState, from: Position, at: Position, choose: Choose): Attempt {
    const next = copy(state);
    Object.assign(at, from);
    let mismatch: string | undefined;
    const ended: Event[] = [];
    const callsSeen = new Map<StepId, number>();
    const emit = (event: Event): void => {
      if (mismatch !== undefined) return;
      if (event.kind === "ended") ended.push(event);
      mismatch = this.compare(event, at, callsSeen);
    };
    step(planned, { state: next, profile: this.profile, options: this.scenario.options, choose, emit });
    if (planned.kind === "settle") mismatch ??= this.leftOver(at);
    return { state: next, position: { ...at }, mismatch, ended };
  }

  private compare(event: Event, at: Position, callsSeen: Map<StepId, number>): string | undefined {
    const said = serviceText(event);
    if (said !== undefined) return this.compareService(said.actor, said.texts, at);
    switch (event.kind) {
      case "delivered":
        return this.compareDelivery(event, at);
      case "ended":
        return event.place === "arrived" ? undefined : this.compareLoss(event);
      case "published": {
        const text = outcomeText(event.outcome);
        for (let m = event.first; m < event.first + event.count; m++) {
          const seen = event.again === true ? this.observed.again.get(`${event.step}/${m}`) : this.observed.outcomes[m];
          const got = seen ?? "no publish call";
          if (got !== text) return `publish of message ${m} at ${event.step}: the model says ${text}; observed ${got}`;
        }
        return undefined;
      }
      case "called": {
        const nth = callsSeen.get(event.step) ?? 0;
        callsSeen.set(event.step, nth + 1);
        const says = `${event.call} ${outcomeText(event.outcome)}`;
        const got = this.observed.calls.get(event.step)?.[nth] ?? "no such call";
        return got === says ? undefined : `${event.step}: the model says ${says}; observed ${got}`;
      }
      case "connection": {
        const got = this.observed.connection[at.connection];
        if (got !== event.change)
          return `the model says the client becomes ${event.change}; observed ${got ?? "nothing more"}`;
        at.connection++;
        return undefined;
      }
      default:
        return undefined;
    }
  }

  private compareService(actor: string, texts: readonly string[], at: Position): string | undefined {
    for (const text of texts) {
      const next = at[actor] ?? 0;
      const got = this.observed.service.get(actor)?.[next];
      if (got !== text) return `the model says: ${text}; observed ${got ?? "nothing more"}`;
      at[actor] = next + 1;
    }
    return undefined;
  }

  private compareDelivery(run: Run, at: Position): string | undefined {
    for (let i = 0; i < run.count; i++) {
      const got = this.observed.delivered[at.delivered];
      if (got !== run.first + i) {
        const there = got === undefined ? "nothing more arrived" : `message ${got} arrived there`;
        return `the model says message ${run.first + i} arrives as number ${at.delivered + 1}; ${there}`;
      }
      at.delivered++;
    }
    return undefined;
  }

  private compareLoss(run: Run): string | undefined {
    const before = this.everDelivered[Math.min(run.first, this.everDelivered.length - 1)] ?? 0;
    const after = this.everDelivered[Math.min(run.first + run.count, this.everDelivered.length - 1)] ?? 0;
    if (after === before) return undefined;
    return `message ${this.firstDelivered([run])} arrived, but in the model it no longer can`;
  }

  private leftOver(at: Position): string | undefined {
    const message = this.observed.delivered[at.delivered];
    if (message !== undefined)
      return `message ${message} arrived as number ${at.delivered + 1}, but the model delivers nothing more`;
    const change = this.observed.connection[at.connection];
    if (change !== undefined) return `the client became ${change}, but the model says nothing more`;
    const more = [...this.observed.service]
      .map(([actor, said]) => said[at[actor] ?? 0])
      .find(text => text !== undefined);
    return more === undefined ? undefined : `observed: ${more}; but the model says nothing more`;
  }

  private firstDelivered(runs: readonly Run[]): number | undefined {
    for (const run of runs) {
      for (let m = run.first; m < run.first + run.count; m++) {
        if ((this.everDelivered[m + 1] ?? 0) > (this.everDelivered[m] ?? 0)) return m;
      }
    }
    return undefined;
  }

  /**
   * The answers that the observation leaves open; all others contradict it. TCP keeps order, so a message that arrived came
   * with every one sent before it on its connection. Each rule is checked against the plain search by a test.
   */
  private readonly narrowed = (
    ...[label, lo, hi, about, at]: [...Parameters<Candidates>, Position]
  ): readonly number[] => {
    if (about?.handledBy !== undefined) return this.handlers(about.handledBy, at);
    const runs = about?.runs;
    if (runs === undefined) return wholeRange(label, lo, hi);
    if (about?.answered === true) {
      const unanswered = (m: number): boolean => this.observed.outcomes[m]?.startsWith("unsettled") !== false;
      const refused = (m: number): boolean => this.observed.outcomes[m]?.startsWith("rejected") === true;
      return [...new Set([this.offset(runs, lo, hi, unanswered), this.offset(runs, lo, hi, refused)])];
    }
    if (about?.toldAs !== undefined) {
      const { toldAs } = about;
      return [
        Math.max(
          lo,
          this.offset(runs, lo, hi, m => this.observed.outcomes[m] !== toldAs),
        ),
      ];
    }
    if (about?.unseen === true) {
      // Others may have the same message too, published again or captured: the likeliest first, and then all.
      const likeliest = this.offset(runs, lo, hi, m => this.everHeld.has(m) === (about.keepsRest === true));
      return [likeliest, ...wholeRange(label, lo, hi).filter(answer => answer !== likeliest)];
    }
    if (label === "arrived-before-cut") {
      const matched = this.matched(runs, at.delivered);
      const most = Math.min(hi, matched);
      // With a limit in reach, part of a burst may have been kept and sent later instead; without, nobody could tell.
      return this.limitIsReachable ? downwards(most, Math.max(lo, most - this.keptMax)) : [most];
    }
    if (label === "write-error-at")
      return [this.offset(runs, lo, hi, m => this.observed.outcomes[m] === "unsettled write-failed")];
    if (label === "noticed-at" && about?.keepsRest === true) {
      const { before } = about;
      if (before === undefined) return this.noticedAt(runs, lo, hi);
      const messages = new Set(this.noticedAt(runs, before(lo), before(hi)));
      return wholeRange(label, lo, hi).filter(answer => messages.has(before(answer)));
    }
    return wholeRange(label, lo, hi);
  };

  /** The members whose next message this is; the others were not given it. */
  private handlers({ subject, message, replicas }: HandledBy, at: Position): readonly number[] {
    const isNext = (replica: number): boolean => {
      const actor = handlerOf(replica, subject);
      return this.observed.service.get(actor)?.[at[actor] ?? 0]?.endsWith(` message ${message}`) === true;
    };
    const given = [...replicas.keys()].filter(i => isNext(replicas[i] as number));
    return given.length > 0 ? given : [0];
  }

  /** What comes after the notice and before the first refusal is kept, and arrives before anything later does. */
  private noticedAt(runs: readonly Run[], lo: number, hi: number): readonly number[] {
    const refused = this.offset(runs, lo, hi, m => this.observed.outcomes[m] === "rejected buffer-full");
    const arrived = this.firstDelivered(runs);
    if (arrived !== undefined)
      return [
        Math.min(
          refused,
          this.offset(runs, lo, hi, m => m === arrived),
        ),
      ];
    return this.limitIsReachable ? downwards(refused, Math.max(lo, refused - this.keptMax)) : [hi, lo];
  }

  /** How many of the runs' messages, in order, are the next ones observed. */
  private matched(runs: readonly Run[], from: number): number {
    let at = from;
    for (const run of runs) {
      for (let i = 0; i < run.count; i++, at++) if (this.observed.delivered[at] !== run.first + i) return at - from;
    }
    return at - from;
  }

  private offset(runs: readonly Run[], lo: number, hi: number, is: (message: number) => boolean): number {
    let offset = 0;
    for (const run of runs) {
      for (let i = 0; i < run.count; i++, offset++) if (offset >= lo && is(run.first + i)) return Math.min(offset, hi);
    }
    return hi;
  }

  private note(stepIndex: number, delivered: number, reason: string): void {
    const { furthest } = this;
    if (stepIndex < furthest.step || (stepIndex === furthest.step && delivered < furthest.delivered)) return;
    if (stepIndex > furthest.step || delivered > furthest.delivered)
      this.furthest = { step: stepIndex, delivered, reasons: new Set() };
    if (this.furthest.reasons.size < 12) this.furthest.reasons.add(reason);
  }

  private explanation(): string {
    const reasons = [...this.furthest.reasons];
    const messages = reasons.filter(reason => reason.startsWith("message") || reason.startsWith("publish"));
    const lead = messages[0] ?? reasons[0] ?? "nothing that the model can do fits";
    const where = this.steps[this.furthest.step]?.step.id ?? settleId;
    return `${lead} (at ${where}, after ${Math.max(0, this.furthest.delivered)} of ${this.observed.delivered.length} deliveries matched)`;
  }
}

const downwards = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.max(0, from - to + 1) }, (_, i) => from - i);

function prefixCounts(observed: Observation): Int32Array {
  let most = observed.published;
  for (const m of observed.delivered) if (m >= most) most = m + 1;
  const counts = new Int32Array(most + 1);
  for (const m of observed.delivered) if (m >= 0) counts[m + 1] = (counts[m + 1] ?? 0) + 1;
  for (let m = 1; m <= most; m++) counts[m] = (counts[m] ?? 0) + (counts[m - 1] ?? 0);
  return counts;
}

/** The most that the scenario could ever put into a buffer. */
function bytesOf(steps: readonly Step[], subject: string, profile: Profile): number {
  return steps.reduce((sum, one) => {
    if (one.kind === "publish") return sum + one.count * frameBytes(subject, one.bytes, profile);
    if (one.kind === "flush") return sum + pingBytes;
    return one.kind === "together" ? sum + bytesOf(one.steps, subject, profile) : sum;
  }, 0);
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
