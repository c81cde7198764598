/**
 * A property is a promise as a pure fold over events. The same fold runs while a world emits, with nothing recorded, and over a stored
 * trace. It sees neither world nor model. State that most of them need is kept once, in `seen.ts`.
 */
import type { Event } from "../models/vocabulary/event.ts";
import type { Policy } from "../models/vocabulary/policy.ts";
import type { Profile } from "../models/vocabulary/profile.ts";
import { type Options, partsOf, type Scenario, type StepId } from "../models/vocabulary/scenario.ts";
import type { PropertyVerdict, Verdict } from "../models/vocabulary/verdict.ts";
import type { Seen } from "./seen.ts";

/** The declarations made before the run. */
export interface Declared {
  readonly options: Options;
  readonly profile: Profile;
  readonly policy?: Policy;
  /** The steps whose publishes are asynchronous; absent where no promise asks. */
  readonly asyncSteps?: ReadonlySet<StepId>;
}

export function declaredBy({ options, policy, steps }: Scenario, profile: Profile): Declared {
  if (policy === undefined) return { options, profile };
  if (policy.publish.outlastsMs === undefined) return { options, profile, policy };
  const asyncSteps = steps.flatMap(one => [one, ...partsOf(one)]).filter(one => one.kind === "publish" && one.async);
  return { options, profile, policy, asyncSteps: new Set(asyncSteps.map(({ id }) => id)) };
}

/** The ids that a bus must hold: the promises of its client, the demands of its policy, and those asked for besides. */
export const promisedIds = (
  { promises }: Profile,
  policy?: Policy,
  require: readonly string[] = [],
): ReadonlySet<string> => new Set([...promises, ...(policy?.demands ?? []), ...require]);

/** Handlers of events, by kind; an event of a kind that is not named is ignored. Each changes only the state. */
export type Hearing<State> = {
  readonly [Kind in Event["kind"]]?: (state: State, event: Extract<Event, { readonly kind: Kind }>) => void;
};

/**
 * Takes every event and changes only the state. `hears` is set where `onEach` or `onSeen` made it, and a search then sends it nothing else.
 */
export interface On<State> {
  (state: State, event: Event): void;
  readonly hears?: Hearing<State>;
}

export interface Fold<State> {
  /** `seen` is given where the folds of one run share it; it then receives every event before them. */
  start(declared: Declared, seen?: Seen): State;
  readonly on: On<State>;
}

export const onEach = <State>(hears: Hearing<State>): On<State> =>
  Object.assign((state: State, event: Event): void => hear(hears, state, event), { hears });

export function hear<State>(hears: Hearing<State>, state: State, event: Event): void {
  const heard = hears[event.kind] as ((state: State, event: Event) => void) | undefined;
  heard?.(state, event);
}

/** The conclusion of a property: how often it truly applied, and what broke it. */
export interface Ending {
  readonly exercised: number;
  readonly broken?: string;
}

export const ending = (exercised: number, broken: string | undefined): Ending =>
  broken === undefined ? { exercised } : { exercised, broken };

export interface Property<State = unknown> extends Fold<State> {
  /** `<concern>/<claim>`. */
  readonly id: string;
  /** The claim as one sentence that could be quoted in a bug report. */
  readonly promise: string;
  readonly expectation: "always" | "eventually";
  /** Promises that say more about a loss than this one: it heads no case that breaks one of them too. */
  readonly yieldsTo?: readonly string[];
  /** It is broken by the size of frames, too. Where a bus adds bytes to each, a client that keeps it may seem to break it. */
  readonly restsOnBytes?: true;
  /**
   * It is broken by how long something took. Real time is the machine's as well as the bus's, so a live violation is run again, alone, before
   * it counts.
   */
  readonly restsOnTime?: true;
  /** The figures that such a property rests on, whether or not they break it. */
  measured?(state: State): string;
  /** Only reads, since properties that share a fold share its state. */
  end(state: State): Ending;
}

/** Those who may have to act: they look after the client library, after the code around it, or after servers, streams and consumers. */
export const owners = ["client", "service", "operator"] as const;
export type PromiseOwner = (typeof owners)[number];

/** A promise as people speak of it. */
export interface Wording {
  readonly promise: Property["promise"];
  /** The one who must act when it breaks. */
  readonly owner: PromiseOwner;
  /** The usual causes when it breaks, in one or two sentences; with the facts of docs/facts.md that show them, where there are any. */
  readonly causes: string;
  /** False where nothing under this policy, with this client, can put it to the test. Absent: something can, or it cannot be told. */
  appliesUnder?(policy: Policy, profile: Profile | undefined): boolean;
}

/** A property of the catalogue. */
export type OwnedProperty<State = unknown> = Property<State> & Wording;

/** Lets a property keep its state type and still stand in one list; `ownedProperty` does the same for one of the catalogue. */
export const property = <State>(one: Property<State>): Property => one as unknown as Property;
export const ownedProperty = <State>(one: OwnedProperty<State>): OwnedProperty => one as unknown as OwnedProperty;

export function judgeProperty(one: Property, state: unknown): PropertyVerdict {
  const { exercised, broken } = one.end(state);
  const verdict: Verdict = broken !== undefined ? "violated" : exercised === 0 ? "inconclusive" : "holds";
  const reason =
    broken ?? (exercised === 0 ? "never exercised" : `exercised ${exercised === 1 ? "once" : `${exercised} times`}`);
  return { property: one.id, verdict, exercised, reason };
}
