/**
 * A property is a promise as a pure fold over events: the same fold runs while a world emits, nothing recorded, and over a stored
 * trace. It sees neither world nor model. What most of them would have to keep each for itself is kept once, in `seen.ts`.
 */
import type { Event } from "../models/vocabulary/event.ts";
import type { Policy } from "../models/vocabulary/policy.ts";
import type { Profile } from "../models/vocabulary/profile.ts";
import type { Options, Scenario } from "../models/vocabulary/scenario.ts";
import type { PropertyVerdict, Verdict } from "../models/vocabulary/verdict.ts";
import type { Seen } from "./seen.ts";

/** What was declared before the run. */
export interface Declared {
  readonly options: Options;
  readonly profile: Profile;
  readonly policy?: Policy;
}

export const declaredBy = ({ options, policy }: Scenario, profile: Profile): Declared =>
  policy === undefined ? { options, profile } : { options, profile, policy };

/** The ids a bus is held to: what its client promises, what its policy demands, and what is asked for besides. */
export const promisedIds = (
  { promises }: Profile,
  policy?: Policy,
  require: readonly string[] = [],
): ReadonlySet<string> => new Set([...promises, ...(policy?.demands ?? []), ...require]);

/** What is made of an event, by its kind; a kind that is not named is not heard. Each changes only the state. */
export type Hearing<State> = {
  readonly [Kind in Event["kind"]]?: (state: State, event: Extract<Event, { readonly kind: Kind }>) => void;
};

/** Takes every event and changes only the state. `hears` where it was made by `onEach` or `onSeen`: a search tells it nothing else. */
export interface On<State> {
  (state: State, event: Event): void;
  readonly hears?: Hearing<State>;
}

export interface Fold<State> {
  /** `seen` where it is shared by the folds of one run, and told every event before them. */
  start(declared: Declared, seen?: Seen): State;
  readonly on: On<State>;
}

export const onEach = <State>(hears: Hearing<State>): On<State> =>
  Object.assign((state: State, event: Event): void => hear(hears, state, event), { hears });

export function hear<State>(hears: Hearing<State>, state: State, event: Event): void {
  const heard = hears[event.kind] as ((state: State, event: Event) => void) | undefined;
  heard?.(state, event);
}

/** What a property concludes: how often it truly applied, and what broke it. */
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
  /** Only reads: properties that share a fold share its state. */
  end(state: State): Ending;
}

/** Lets a property keep its own state type and still stand in one list. */
export const property = <State>(one: Property<State>): Property => one as unknown as Property;

export function judgeProperty(one: Property, state: unknown): PropertyVerdict {
  const { exercised, broken } = one.end(state);
  const verdict: Verdict = broken !== undefined ? "violated" : exercised === 0 ? "inconclusive" : "holds";
  const reason =
    broken ?? (exercised === 0 ? "never exercised" : `exercised ${exercised === 1 ? "once" : `${exercised} times`}`);
  return { property: one.id, verdict, exercised, reason };
}
