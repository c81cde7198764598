/** The words of an import about its policy: what it tells of the files, and what it assumes where they are silent. */
import type { FoundThing } from "./canonical.ts";
import type { Where } from "./spot.ts";

/** A field of the policy that no file answers. */
export interface ToFill {
  readonly place: string;
  readonly default: string | number | boolean | readonly number[] | null;
  readonly why: string;
}

/** Lists a key that is not carried over. */
export type Tell = (where: Where, means: string) => void;
/** A value of the policy that no file gives. */
export type Assumed = string | number | boolean | readonly number[];
/** Takes a default, and lists it with its reason. */
export type Assume = <V extends Assumed>(place: string, value: V, why: string) => V;

/** The nearest value that a policy holds. */
export const boundedIn =
  <T>({ places, where }: FoundThing<T>, tell: Tell) =>
  (field: keyof T, value: number, min: number, max: number): number => {
    const nearest = Math.min(max, Math.max(min, value));
    if (nearest !== value)
      tell(places[field] ?? where, `is ${value}, and a policy holds ${min} to ${max}: ${nearest} was taken`);
    return nearest;
  };
