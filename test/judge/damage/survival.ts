/** Runs of the model, each damaged in one place and judged: does it still hold, and is it then another run that the model permits? */
import { sampled } from "../../../models/choice.ts";
import { type PlannedCase, planCase } from "../../../models/plan/plan.ts";
import { profiles } from "../../../models/profiles/index.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { policyScenarioOf } from "../../../properties/arbitraries/policy-scenario.ts";
import { randomOf } from "../../../properties/arbitraries/random.ts";
import { scenarioOf } from "../../../properties/arbitraries/scenario.ts";
import { catalogue } from "../../../properties/catalogue.ts";
import { bundledPolicies, bundledPolicy } from "../../../src/files/policies.ts";
import { type Judgement, judge } from "../../../src/judge/judge.ts";
import { runAnsweredCase } from "../../../src/judge/run.ts";
import { modelCapabilities, runModel } from "../../../src/worlds/model.ts";
import { type Damage, damage, nameOf } from "./damage.ts";
import { rowOf, text } from "./rows.ts";

export interface Survival {
  readonly word: string;
  readonly damage: Damage;
  readonly name: string;
  readonly verdict: Judgement["verdict"];
  readonly reason: string;
  /** It holds, and is without the damage named by this row a run that the model makes: `exactly` where it is one as it stands. */
  readonly row: string | undefined;
  readonly events: readonly Event[];
}

export const settings: readonly (readonly [string, Policy | undefined])[] = [
  ["no policy", undefined],
  ...bundledPolicies().map((name): readonly [string, Policy | undefined] => [name, bundledPolicy(name)]),
];

const allProfiles = Object.values(profiles);
const everyId = catalogue.map(({ id }) => id);

/** The `index`th damaged run of a seed; undefined where the undamaged run does not hold by itself, or nothing could be damaged. */
export function survivalOf(seed: string, index: number): Survival | undefined {
  const [name, policy] = settings[index % settings.length] as (typeof settings)[number];
  const profile = allProfiles[Math.floor(index / settings.length) % allProfiles.length] as (typeof allProfiles)[number];
  const word = `damage-${seed}-${name}-${index}`;
  const space = { profile, capabilities: modelCapabilities(profile) };
  const scenario = policy === undefined ? scenarioOf(word, space) : policyScenarioOf(word, { ...space, policy });
  const planned = planCase(scenario, profile);
  const events: Event[] = [];
  runModel(planned, word, event => void events.push(event));
  // A world that sees from outside does not know where a message ended.
  const seen = events.filter(event => event.kind !== "ended");
  const undamaged = judge(planned, seen, { require: everyId });
  const require = undamaged.properties.filter(({ verdict }) => verdict !== "violated").map(({ property }) => property);
  const demands = new Set(require);
  const trimmed = withDemands(planned, demands);
  if (judge(trimmed, seen, { require }).verdict !== "holds") return undefined;
  const random = randomOf(word, "damage");
  const damaged = damage(seen, below => (below <= 1 ? 0 : random.int(0, below - 1)));
  if (damaged === undefined) return undefined;
  const judgement = judge(trimmed, damaged.events, { require });
  const row = judgement.verdict === "holds" ? rowFor(trimmed, damaged.events, judgement) : undefined;
  const { verdict, reason } = judgement;
  return {
    word,
    damage: damaged.damage,
    name: nameOf(damaged.damage),
    verdict,
    reason,
    row,
    events: damaged.events,
  };
}

/** A policy may demand what its own bus breaks; such a demand says nothing about the damage. */
function withDemands(planned: PlannedCase, held: ReadonlySet<string>): PlannedCase {
  const { policy } = planned.scenario;
  if (policy === undefined) return planned;
  const scenario: Scenario = {
    ...planned.scenario,
    policy: { ...policy, demands: policy.demands.filter(id => held.has(id)) },
  };
  return { ...planned, scenario };
}

export const exactly = "another run that the model permits, as it stands";

/** The row by which it is the run that the model makes of the answers by which it was admitted. */
function rowFor({ scenario, profile }: PlannedCase, events: readonly Event[], { answers }: Judgement) {
  const again = runAnsweredCase({ scenario, profile, answers, otherwise: sampled("damage") }).events;
  return text(again) === text(events) ? exactly : rowOf(again, events);
}
