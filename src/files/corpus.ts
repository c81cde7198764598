/**
 * The corpus: the scenarios under fixtures/scenarios, one claim a file, and the policies that several of them name. It is loaded in sorted
 * order and strictly: a file whose id is not its place is refused, so that an id always leads to its file. `findInput` finds the file that
 * a user named.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { BadInput } from "../errors.ts";
import { readJsonFile } from "./json.ts";
import { packageRoot } from "./package-root.ts";
import { parseScenario } from "./scenario-schema.ts";

export interface CorpusEntry {
  /** The path relative to the package, which `replay` accepts from anywhere. */
  readonly file: string;
  readonly scenario: Scenario;
}

const corpusFolder = join("fixtures", "scenarios");
/** A folder beside the concerns: policies in the time of a live run, named by scenarios alone. */
const policyFolder = `policies${sep}`;

export function loadCorpus(root: string = packageRoot()): readonly CorpusEntry[] {
  const folder = join(root, corpusFolder);
  if (!existsSync(folder)) throw new BadInput(corpusFolder, "", "this folder is missing from the installation");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter(name => name.endsWith(".json") && !name.startsWith(policyFolder))
    .toSorted()
    .map(name => load(root, join(corpusFolder, name)));
}

function load(root: string, file: string): CorpusEntry {
  const scenario = parseScenario(readJsonFile(join(root, file), file), file, dirname(join(root, file)));
  const due = relative(corpusFolder, file)
    .split(sep)
    .join("/")
    .replace(/\.json$/, "");
  if (scenario.id !== due)
    throw new BadInput(file, "id", `is "${scenario.id}", and must be "${due}", as the file's place`);
  return { file, scenario };
}

/** A file as a user names it, with its ending or without: looked for in the current folder, then in the package. */
export function findInput(named: string, ending = ""): { readonly path: string; readonly shown: string } {
  const folders = isAbsolute(named) ? [""] : [process.cwd(), packageRoot()];
  for (const folder of folders) {
    for (const shown of new Set([named, named + ending])) {
      const path = folder === "" ? shown : resolve(folder, shown);
      if (statSync(path, { throwIfNoEntry: false })?.isFile()) return { path, shown };
    }
  }
  const advice = isAbsolute(named) ? "" : ", neither from the current folder nor from faultline's own";
  throw new BadInput(named, "", `there is no such file${advice}`);
}
