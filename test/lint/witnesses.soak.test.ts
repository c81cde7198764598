/** Each error of `lint` is true: its witness breaks the same promise on a real server, and without the mistake it breaks nothing there. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { inLiveTimeOf } from "../../models/policy/times.ts";
import { underPolicy } from "../../models/policy/under.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { ownSource } from "../../src/files/policy-source.ts";
import { breaks, brokeOf } from "../../src/findings/broke.ts";
import type { Counterexample } from "../../src/findings/counterexample.ts";
import { type CaseRun, runCase } from "../../src/judge/run.ts";
import { lintHits } from "../../src/lint/lint.ts";
import { knownProfile } from "../../src/runs/profiles.ts";
import { type LiveStage, openSite, type Site } from "../../src/worlds/live/index.ts";
import { inLanes } from "../../src/worlds/live/lanes.ts";
import { clean, mistakes } from "./mistakes.ts";

const bus = "go-nats-go";
const profile = knownProfile("nats-go");
/** The end of a burst and of a process race, so one run may be the other way. */
const triesMax = 5;

let site: Site;
let stage: LiveStage;

beforeAll(async () => {
  site = await openSite(line => console.error(line));
  stage = await site.openBus(bus);
}, 1_200_000);

afterAll(async () => {
  await stage?.close();
  await site?.close();
});

interface Shown {
  readonly id: string;
  readonly what: string;
  readonly witness: Counterexample;
}

const shown: readonly Shown[] = mistakes.flatMap(({ id, what, policy }) =>
  lintHits({ policy, profile, source: ownSource(policy, "x.json", undefined) }).flatMap(({ rule, witness }) =>
    rule.id === id && witness !== undefined ? [{ id, what, witness }] : [],
  ),
);

const live = (scenario: Scenario): Promise<CaseRun> => runCase(stage, { scenario, bus, profile, seed: "witness" });

async function isBroken({ witness }: Shown): Promise<string> {
  const broke = brokeOf(witness.property);
  let said = "";
  for (let i = 0; i < triesMax; i++) {
    const { judgement } = await live(witness.scenario);
    if (breaks(judgement, broke)) return "broken";
    said = `${judgement.verdict}: ${judgement.reason}`;
  }
  return said;
}

/** The same case without the mistake. */
async function isMended({ witness }: Shown): Promise<string> {
  const { demands = [] } = witness.scenario.policy ?? {};
  const policy: Policy = { ...inLiveTimeOf(clean, profile), demands };
  const { judgement } = await live(underPolicy(witness.scenario, policy));
  return breaks(judgement, brokeOf(witness.property)) ? judgement.reason : "mended";
}

test("every witness is broken on a real server, and no more once the mistake is gone", async () => {
  expect(shown.length).toBeGreaterThan(35);
  const said: string[] = [];
  const work = async (one: Shown): Promise<readonly [string, string]> => [await isBroken(one), await isMended(one)];
  for await (const { job, result } of inLanes(stage.lanes, shown, work))
    if (result[0] !== "broken" || result[1] !== "mended") said.push(`${job.id} ${job.what}: ${result.join("; ")}`);
  expect(said).toEqual([]);
}, 900_000);
