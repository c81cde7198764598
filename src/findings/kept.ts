/**
 * Kept cases: counterexamples that a user keeps beside the code, to be run before anything else ever after. Each lies in a folder of its
 * concern and is named by its claim and its shape, so the same bug is one file. What cannot be read is told, and never passed over.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { catalogue } from "../../properties/catalogue.ts";
import { BadInput } from "../errors.ts";
import { brokeOf, claimOf, concernOf } from "./broke.ts";
import { type Counterexample, hashOf, meetAt, readCase } from "./counterexample.ts";

export type KeptFile =
  | { readonly kind: "case"; readonly file: string; readonly counterexample: Counterexample }
  /** It was written by another version, or by hand. */
  | { readonly kind: "refused"; readonly file: string; readonly reason: string };

/** Every file of the folder, in sorted order; none where there is no such folder. @throws BadInput where it is not a folder */
export function loadKept(folder: string): readonly KeptFile[] {
  if (!existsSync(folder)) return [];
  if (!statSync(folder).isDirectory()) throw new BadInput(folder, "", "is not a folder of kept cases");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter(name => name.endsWith(".json"))
    .toSorted()
    .map(name => readKept(join(folder, name)));
}

function readKept(file: string): KeptFile {
  try {
    const { counterexample } = readCase(file, file);
    if (counterexample !== undefined) return { kind: "case", file, counterexample };
    return { kind: "refused", file, reason: "it is a scenario, and not a counterexample" };
  } catch (error) {
    // The folder may hold anything: each file is told with what is wrong with it, and the others are run.
    return { kind: "refused", file, reason: (error as Error).message };
  }
}

/** Writes it into the folder, unless the same bug stands there and no larger. Returns its path. @throws BadInput */
export function keepIn(folder: string, one: Counterexample, shown: string): string {
  const { property } = one;
  const broke = brokeOf(property);
  if (broke.kind === "promise" && !catalogue.some(({ id }) => id === property))
    throw new BadInput(shown, "property", `there is no property ${JSON.stringify(property)}, so it cannot be kept`);
  const path = join(folder, concernOf(broke), `${claimOf(broke)}--${hashOf(one)}.json`);
  // The case is on stderr then, and the command has not done what was asked of it.
  if (!meetAt(path, one).isKept) throw new BadInput(path, "", "cannot be written");
  return path;
}
