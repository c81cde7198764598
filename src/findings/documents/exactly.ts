/** Holds a schema and a type to each other: a field that one has and the other lacks does not compile. */
import type { z } from "zod";

/** A type as JSON has it: all of it readonly, and an absent field absent. */
type Plain<T> = T extends object ? { readonly [K in keyof T]: Plain<Exclude<T[K], undefined>> } : T;

type Same<A, B> = (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false;

/** `exactly<Report>()(schema)` is the schema; it compiles only where what the schema admits is the type, both ways. */
export const exactly =
  <Type>() =>
  <S extends z.ZodType>(schema: S & (Same<z.output<S>, Type> extends true ? unknown : never)): S =>
    schema;
