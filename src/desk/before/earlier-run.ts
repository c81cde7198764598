/** The side of a run that was kept: its figures as they were measured then, and its cases for the model. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { partsOfFamilies } from "../../drills/answer.ts";
import type { Question } from "../../drills/drill.ts";
import { BadInput } from "../../errors.ts";
import { parseScenario } from "../../files/scenario-schema.ts";
import { questionDocument } from "../../findings/documents/question.ts";
import { costsOfFamilies, modelCosts, type Side } from "./side.ts";

const report = "drill.json";

/** True for the folder of a run that asked a question. */
export const isRunFolder = (path: string): boolean => existsSync(join(path, report));

/** @throws BadInput where it is another question's, or cannot be read */
export function earlierSide(folder: string, question: Question, profile: Profile): Side {
  const file = join(folder, report);
  const parsed = questionDocument.safeParse(jsonOf(file));
  if (!parsed.success) throw new BadInput(file, "", "is no report of a question of drill");
  const { families, policy, cases, live, question: asked } = parsed.data;
  if (asked !== question)
    throw new BadInput(file, "question", `is ${asked}, and ${question} is asked: both sides must answer the same`);
  if (live.reason !== null)
    throw new BadInput(file, "live.reason", `is not null: nothing was run live, and the figures are the model's alone`);
  const parts = partsOfFamilies[question];
  const scenarios = cases
    .filter(({ judged, part }) => judged && parts.includes(part))
    .map(one => scenarioIn(folder, one.file));
  const [first] = scenarios;
  if (first?.policy === undefined) throw new BadInput(file, "cases", "names no case under a policy");
  return {
    name: `${policy} of ${folder}`,
    live: [costsOfFamilies(families)],
    model: modelCosts(first.policy, scenarios, profile),
  };
}

function scenarioIn(folder: string, named: string): Scenario {
  // The folder may have been moved since.
  const file = join(folder, named.slice(named.lastIndexOf("/") + 1));
  if (!existsSync(file)) throw new BadInput(file, "", "is missing: the run's folder is not whole");
  return parseScenario(readFileSync(file, "utf8"), file);
}

function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new BadInput(file, "", "is not JSON");
  }
}
