/**
 * The one place where a seed makes the scenario of each of its runs. `search` in both worlds, `compare` and `holds` all ask here. So run i
 * of a seed is the same scenario in each of them, always and on every machine. Without a policy it is the bare client's.
 */
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { type PolicySpace, policyScenarioOf } from "./policy-scenario.ts";
import { scenarioOf, scenariosOf } from "./scenario.ts";

/** All that decides the scenarios of a seed, except seed and policy. */
export type RunSpace = Omit<PolicySpace, "policy">;

/** The word of one run, from 0. It makes the scenario, and the scenario's id ends in it. */
export const wordOf = (seed: string, index: number): string => `${seed}-${index}`;

/** The scenarios of one seed by their index, whichever order they are asked for in. */
export const scenariosUnder = (
  seed: string,
  space: RunSpace,
  policy: Policy | undefined,
): ((index: number) => Scenario) =>
  policy === undefined ? scenariosOf(seed, space) : index => scenarioUnder(wordOf(seed, index), space, policy);

/** The one of a word, where no more of its run is known. */
export const scenarioUnder = (word: string, space: RunSpace, policy: Policy | undefined): Scenario =>
  policy === undefined ? scenarioOf(word, space) : policyScenarioOf(word, { ...space, policy });
