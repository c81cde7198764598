/**
 * A mutant of the live zoo: a bundled bus with one fault, as a change of its source text. `run.ts` builds each, runs it on real
 * servers, and holds what is found against what is listed here. The zoo of test/mutants changes the model's world; this one changes buses.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Scenario } from "../../models/vocabulary/scenario.ts";

export const zooBuses = ["go-nats-go", "typescript-nats-js-3"] as const;
export type ZooBus = (typeof zooBuses)[number];

/** Exact text of one file, which must be there exactly once, and the text in its place. */
export interface Patch {
  /** Below fixtures/buses. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** What the verdict must be about, and words of its reason. */
export interface Cause {
  /** A promise's id, `conformance`, `expect`, or `protocol` where the bus breaks the bus protocol. */
  readonly about: string;
  readonly says: string;
}

export interface LiveMutant {
  readonly name: string;
  readonly bus: ZooBus;
  /** The layer whose fault it imitates. */
  readonly layer: "client" | "wrapper" | "service";
  /** The complaint about the bus. */
  readonly does: string;
  readonly patches: readonly Patch[];
  /** The id of a scenario of the corpus, or a scenario written for this mutant. */
  readonly where: string | Scenario;
  /** Promises that it is held to beyond those of profile and policy, as by `replay --require`. */
  readonly require?: readonly string[];
  readonly cause: Cause;
  /** The reason why no verdict can tell it from the bus as it is. Such a mutant must hold. */
  readonly survives?: string;
}

/** @throws where a text is not found exactly once, so that no mutant can turn into the bus as it is. */
export function patched(text: string, { file, from, to }: Patch): string {
  const count = text.split(from).length - 1;
  if (count !== 1) throw new Error(`${file} has this text ${count} times instead of once: ${from}`);
  return text.replace(from, () => to);
}

/** The changed files of a mutant, by their path below `buses`. */
export function patchedFiles(buses: string, patches: readonly Patch[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const patch of patches) {
    const text = files.get(patch.file) ?? readFileSync(join(buses, patch.file), "utf8");
    files.set(patch.file, patched(text, patch));
  }
  return files;
}
