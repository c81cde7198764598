/**
 * The transitions of the model that a search has met: the client's state, the fault in force, the step, the client's state after it. They
 * are counted while cases run, in arrays of small integers, so that a search pays 1 % for it. Unmet transitions are worked out once, at the
 * end, by walking the model over the alphabet of `exhaust`. So is the chance that one more run shows something new.
 */
import { step as doStep } from "../../../models/bus.ts";
import { type Choose, expand, wholeRange } from "../../../models/choice.ts";
import { faultKinds } from "../../../models/faults/index.ts";
import { notEnabled, overlaps } from "../../../models/plan/enabled.ts";
import {
  firstView,
  type PlannedStep,
  planSettle,
  planStep,
  type Setting,
  settingOf,
  type View,
} from "../../../models/plan/plan.ts";
import { type BusState, copy, countOf, newState } from "../../../models/state.ts";
import type { Run } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Fault, Options, Step } from "../../../models/vocabulary/scenario.ts";
import type { Watch } from "../../world.ts";
import { alphabetOf, scopeOf, settingsOf, sizesOf } from "./alphabet.ts";

type Client = BusState["client"];

/**
 * Words, each numbered by its place in its list. The numbers are written out in switches, the commonest words first, since that costs a
 * fraction of a lookup; a test checks them against the lists.
 */
export const clientWords = ["connected", "disconnected", "lost", "none", "closed", "dialled"] as const;
export function clientNumber(client: Client): number {
  switch (client) {
    case "connected":
      return 0;
    case "disconnected":
      return 1;
    case "lost":
      return 2;
    case "none":
      return 3;
    case "closed":
      return 4;
    case "dialled":
      return 5;
  }
}

export const faultWords = [
  "no fault",
  "link down",
  "hold",
  "limit",
  "blackhole",
  "pause",
  "lose-ack",
  "handshake held",
  "silent handshake",
  "credentials refused",
  "no JetStream",
] as const;
/** The part of a view that tells which fault is in force. */
export type FaultView = Readonly<Pick<View, "link" | "hindrance" | "door" | "jetStream">>;

/** The fault in force, as the harness sees it. */
export function faultNumber({ link, hindrance, door, jetStream }: FaultView): number {
  if (link === "down") return door === "shut" ? 1 : door === "silent" ? 8 : 9;
  if (link === "handshake") return 7;
  switch (hindrance) {
    case "none":
      return jetStream ? 0 : 10;
    case "hold":
      return 2;
    case "limit":
      return 3;
    case "blackhole":
      return 4;
    case "pause":
      return 5;
    case "lose-ack":
      return 6;
  }
}

const callWords = ["publish", "heal", "flush", "start", "close", "drain", "together", "await-noticed"] as const;
const policyWords = ["exit", "subscribe", "signal", "advance"] as const;
export const stepWords = [
  ...callWords,
  ...policyWords,
  ...faultKinds.map(({ kind }) => kind),
  "racing publish",
  "settle",
] as const;
const racing = stepWords.length - 2;
const settling = stepWords.length - 1;

/** The wait of a cut or a heal shows in the state after it. */
export function stepNumber(step: PlannedStep["step"], overlapping: boolean): number {
  switch (step.kind) {
    case "settle":
      return settling;
    case "publish":
      return overlapping ? racing : 0;
    case "fault":
      return faultStepNumber(step.fault.kind);
    case "heal":
      return 1;
    case "flush":
      return 2;
    case "start":
      return 3;
    case "close":
      return 4;
    case "drain":
      return 5;
    case "together":
      return 6;
    case "await-noticed":
      return 7;
    default:
      return stepWords.indexOf(step.kind);
  }
}

function faultStepNumber(kind: Fault["kind"]): number {
  switch (kind) {
    case "cut":
      return 12;
    case "stop-server":
      return 13;
    case "hold":
      return 14;
    case "limit":
      return 15;
    case "blackhole":
      return 16;
    case "pause-server":
      return 17;
    default:
      return stepWords.indexOf(kind, 18);
  }
}

interface Transition {
  readonly client: string;
  readonly fault: string;
  readonly step: string;
  readonly after: string;
}

/** Client state, fault in force and step: a pair of state and step, with the disturbance. */
const pairText = ({ client, fault, step }: Transition): string => `${client}, ${fault}: ${step}`;
const transitionText = (one: Transition): string => `${pairText(one)} → ${one.after}`;

/** A transition in 15 bits: 3 for each state, 4 for the fault, 5 for the step. */
const afterShift = 9;
const clientShift = 12;
const faultShift = 5;
const stepMask = (1 << faultShift) - 1;

/** All of the first runs are watched, then one of 16. Watching costs a fifth of a run, and a long search sees enough. */
const watchedFully = 2_000;
const watchedEvery = 16;

/** Counts the runs that met each transition. */
export class TransitionCounts implements Watch {
  /** The number of runs watched, of those begun. */
  runs = 0;
  private begun = 0;
  /** The number of runs that met each transition, and the last of them. */
  private readonly met = new Uint32Array(1 << (clientShift + 3));
  private readonly lastRun = new Uint32Array(this.met.length);

  /** True where the run that begins is to be watched. */
  beginRun(): boolean {
    this.begun++;
    const isWatched = this.begun <= watchedFully || this.begun % watchedEvery === 0;
    if (isWatched) this.runs++;
    return isWatched;
  }

  onStep({ step, overlapping, before: view }: PlannedStep, before: Client, after: Client): void {
    const at =
      (clientNumber(before) << clientShift) |
      (clientNumber(after) << afterShift) |
      (faultNumber(view) << faultShift) |
      stepNumber(step, overlapping);
    if (this.lastRun[at] === this.runs) return;
    this.lastRun[at] = this.runs;
    this.met[at] = (this.met[at] as number) + 1;
  }

  /** The transitions that were met, by their text. */
  all(): ReadonlyMap<string, Transition> {
    const all = new Map<string, Transition>();
    this.met.forEach((times, at) => {
      if (times === 0) return;
      const one = {
        client: clientWords[at >>> clientShift] ?? "",
        after: clientWords[(at >>> afterShift) & 7] ?? "",
        fault: faultWords[(at >>> faultShift) & 15] ?? "",
        step: stepWords[at & stepMask] ?? "",
      };
      all.set(transitionText(one), one);
    });
    return all;
  }

  /** The number of transitions that exactly two runs met. */
  metTwice(): number {
    return this.met.reduce((sum, times) => (times === 2 ? sum + 1 : sum), 0);
  }

  /** The number of runs that met something that no other run met. */
  runsAlone(): number {
    const alone = new Set<number>();
    this.met.forEach((times, at) => {
      if (times === 1) alone.add(this.lastRun[at] as number);
    });
    return alone.size;
  }
}

// ---- The rest ----

export interface Reached {
  readonly reached: number;
  /** The names of the possible ones that were not met. */
  readonly neverReached: readonly string[];
}

export interface TransitionCoverage {
  /** Client state, fault in force, step, client state after it. */
  readonly transitions: Reached & {
    /** States, faults and steps that no schedule brings together. */
    readonly notEnabled: number;
    /** True where the possible ones were worked out. Under a policy they are not, and none is named as missing. */
    readonly isKnown: boolean;
  };
  /** Client state, fault in force, step. */
  readonly pairs: Reached;
  readonly nextRun: NextRun;
}

/** The coverage of one search or of several, each with its profile. A transition counts as met if any of them met it. */
export function coverageOf(
  searches: readonly { readonly counts: TransitionCounts; readonly profile: Profile; readonly policy?: Policy }[],
): TransitionCoverage {
  const met = new Map(searches.flatMap(({ counts }) => [...counts.all()]));
  const isKnown = searches.every(({ policy }) => policy === undefined);
  const walked = isKnown ? searches.flatMap(({ profile }) => [...possibleTransitions(profile)]) : [];
  const possible = new Map([...walked, ...met]);
  const texts = (all: ReadonlyMap<string, Transition>, text: (one: Transition) => string): ReadonlySet<string> =>
    new Set([...all.values()].map(text));
  const reachedOf = (text: (one: Transition) => string): Reached => {
    const reached = texts(met, text);
    return { reached: reached.size, neverReached: [...texts(possible, text)].filter(one => !reached.has(one)).sort() };
  };
  const kinds = (of: (one: Transition) => string): number => texts(possible, of).size;
  const together = kinds(one => one.client) * kinds(one => one.fault) * kinds(one => one.step);
  const sum = (of: (counts: TransitionCounts) => number): number =>
    searches.reduce((all, { counts }) => all + of(counts), 0);
  return {
    transitions: { ...reachedOf(transitionText), notEnabled: isKnown ? together - kinds(pairText) : 0, isKnown },
    pairs: reachedOf(pairText),
    nextRun: nextRunOf(
      sum(counts => counts.runsAlone()),
      sum(counts => counts.metTwice()),
      sum(counts => counts.runs),
    ),
  };
}

/** The chance that one more run meets a transition that none has met. */
export interface NextRun {
  readonly runs: number;
  /** The number of runs that met something that no other run met. */
  readonly alone: number;
  readonly chance: number;
  /** The 95 % interval. */
  readonly interval: readonly [low: number, high: number];
}

/**
 * Good and Turing's estimate, left-one-out: had run i come last, it would have shown something new exactly if it met something that no
 * other met. The interval is Esty's (Annals of Statistics 11, 1983), which knows that the missing part varies too. Its upper end is never
 * below z² of `runs`, which as many runs without a surprise leave open.
 */
export function nextRunOf(alone: number, metTwice: number, runs: number): NextRun {
  if (runs === 0) return { runs, alone, chance: 1, interval: [0, 1] };
  const z = 1.96;
  const half = z * Math.sqrt(alone + 2 * metTwice);
  const high = Math.max(alone + half, z * z) / runs;
  return { runs, alone, chance: alone / runs, interval: [Math.max(0, alone - half) / runs, Math.min(1, high)] };
}

// ---- The possible transitions ----

/** More messages than this change nothing about what a step can do. */
const messagesTold = 2;
const unheard = (): void => {};

/**
 * Every transition within reach, by its text. It goes breadth first over the model's states, which are told apart by all except the numbers
 * of their messages.
 */
export function possibleTransitions(profile: Profile): ReadonlyMap<string, Transition> {
  const counts = new TransitionCounts();
  counts.beginRun();
  const sizes = sizesOf(profile, messagesTold);
  const letters = alphabetOf(profile, scopeOf(messagesTold));
  // One message size and one limit tell states apart as well as any others, and the lowest limit gives the fewest states.
  const bufferBytesMax = sizes.bufferBytesMax.length > 1 ? [null, 1] : [null];
  for (const setting of settingsOf(profile, { ...sizes, bufferBytesMax })) {
    if (setting.size.payloadBytes !== sizes.payloadBytes) continue;
    walk(
      settingOf(setting, profile),
      letters.map(letter => letter.step(1, setting)),
      counts,
    );
  }
  const [plain] = settingsOf(profile, { ...sizes, bufferBytesMax: [null] });
  if (plain !== undefined)
    walk(settingOf({ ...plain, options: { ...plain.options, servers: 2 } }, profile), hops, counts);
  return counts.all();
}

/** The steps of a client with two servers of which one is lost, or both. No letter of an alphabet without a policy is among them. */
const hops: readonly Step[] = [
  { id: "start", kind: "start" },
  { id: "lost", kind: "fault", fault: { kind: "cut-server" } },
  { id: "heal", kind: "heal", awaits: "connected" },
];

/** The state of harness and bus. */
interface ModelPlace {
  readonly view: Readonly<View>;
  readonly state: BusState;
}

function walk(setting: Setting, letters: readonly Step[], watch: Watch): void {
  const seen = new Set<string>();
  const queue: ModelPlace[] = [];
  const reach = (place: ModelPlace): void => {
    const known = abstractKey(place, setting.options);
    if (seen.has(known)) return;
    seen.add(known);
    queue.push(place);
  };
  reach({ view: firstView(setting), state: newState() });
  for (const place of queue) {
    for (const steps of wordsFrom(place.view, letters, setting))
      expand(
        choose => doAll(place, steps, setting, choose, watch),
        wholeRange,
        next => {
          reach(next);
          return true;
        },
      );
    if (place.view.started) {
      const settle = [planSettle(place.view, setting)];
      expand(
        choose => doAll(place, settle, setting, choose, watch),
        wholeRange,
        () => true,
      );
    }
  }
}

/** One step that is enabled, or a call with the step that it overlaps. */
function* wordsFrom(
  view: Readonly<View>,
  letters: readonly Step[],
  setting: Setting,
): Generator<readonly PlannedStep[]> {
  for (const step of letters) {
    const isRacing = step.kind === "publish" && step.overlap === true;
    if (isRacing) yield* overlappingFrom(view, step, letters, setting);
    else if (notEnabled(view, step, undefined, setting) === undefined) yield [planStep(view, step, false, setting)];
    if (step.kind === "flush")
      yield* overlappingFrom(view, { ...step, timeoutMs: pendingMs, overlap: true }, letters, setting);
    if (step.kind === "drain") yield* overlappingFrom(view, { ...step, overlap: true }, letters, setting);
  }
}

/** Longer than any wait that a flush may meet. */
const pendingMs = 60_000;

/** The step with each that it may overlap. */
function* overlappingFrom(
  view: Readonly<View>,
  step: Step,
  letters: readonly Step[],
  setting: Setting,
): Generator<readonly PlannedStep[]> {
  if (letters.every(next => !overlaps(view, step, next))) return;
  const begun = planStep(view, step, true, setting);
  for (const next of letters)
    if (
      overlaps(view, step, next) &&
      notEnabled(view, step, next, setting) === undefined &&
      notEnabled(begun.after, next, undefined, setting) === undefined
    )
      yield [begun, planStep(begun.after, next, false, setting)];
}

function doAll(
  from: ModelPlace,
  steps: readonly PlannedStep[],
  { profile, options }: Setting,
  choose: Choose,
  watch: Watch,
): ModelPlace {
  const state = copy(from.state);
  for (const planned of steps) {
    const { client } = state;
    doStep(planned, { state, profile, options, choose, emit: unheard });
    watch.onStep(planned, client, state.client);
  }
  return { view: steps.at(-1)?.after ?? from.view, state };
}

/** Parts of a view that grow with each message or step, and tell no two places apart. */
const uncounted: ReadonlySet<string> = new Set(["keptBytes", "published"] satisfies (keyof View)[]);

/** Kept bytes count only up to a limit within reach. */
function abstractKey({ view, state }: ModelPlace, { reconnectBufferBytesMax = 0 }: Options): string {
  let text = "";
  for (const name in view) if (!uncounted.has(name)) text += `${wordOf(view[name as keyof View])},`;
  const kept = view.keptBytes > 0;
  const wire = some(state.wire);
  const wireFree = Math.min(messagesTold, state.wireFree);
  const pending = some(state.pending);
  const pendingBytes = Math.min(state.pendingBytes, Math.max(0, reconnectBufferBytesMax));
  const { client, stuck, fresh, reset } = state;
  return `${text}${kept},${client},${stuck},${fresh},${reset},${wire},${wireFree},${pending},${pendingBytes}`;
}

const wordOf = (value: View[keyof View]): unknown => (typeof value === "object" ? JSON.stringify(value) : value);
const some = (runs: readonly Run[]): number => Math.min(messagesTold, countOf(runs));
