/** The mistakes of ten invented deployments on a real server: each witness breaks its promise there, and without the mistake it does not. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { inLiveTimeOf } from "../../models/policy/times.ts";
import { underPolicy } from "../../models/policy/under.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { type ImportText, importTexts } from "../../src/files/import/import.ts";
import { importedSource } from "../../src/files/policy-source.ts";
import { breaks, brokeOf } from "../../src/findings/broke.ts";
import { type CaseRun, runCase } from "../../src/judge/run.ts";
import { lintHits } from "../../src/lint/lint.ts";
import { knownProfile } from "../../src/runs/profiles.ts";
import { type LiveStage, openSite, type Site } from "../../src/worlds/live/index.ts";
import { deployments } from "./deployments.ts";

const bus = "go-nats-go";
const profile = knownProfile("nats-go");
let site: Site;
let stage: LiveStage;

beforeAll(async () => {
  site = await openSite(() => {});
  stage = await site.openBus(bus);
});

afterAll(async () => {
  await stage.close();
  await site.close();
});

const imported = (files: readonly ImportText[], name: string) => importTexts(files, name, { origin: "files" });
/** A readiness probe is in the files; what it looks at, none of them says. */
const answered = (policy: Policy): Policy => ({
  ...policy,
  startup: { ...policy.startup, jetStreamProbe: "until-usable", readiness: "connected-and-durable" },
});
const live = (scenario: Scenario): Promise<CaseRun> => runCase(stage, { scenario, bus, profile, seed: "deployed" });

test.each(deployments.filter(({ rule }) => rule !== undefined))(
  "$name: $rule",
  async ({ name, rule, files, mended }) => {
    const read = imported(files, name);
    const hits = lintHits({ policy: read.policy, profile, source: importedSource(read) });
    const witness = hits.find(one => one.rule.id === rule)?.witness;
    if (witness === undefined) throw new Error(`${rule} has no witness`);
    const broke = brokeOf(witness.property);
    const { judgement } = await live(witness.scenario);
    expect([breaks(judgement, broke), judgement.reason]).toEqual([true, judgement.reason]);
    const { demands = [] } = witness.scenario.policy ?? {};
    const policy = { ...inLiveTimeOf(answered(imported(mended, name).policy), profile), demands };
    const without = (await live(underPolicy(witness.scenario, policy))).judgement;
    expect([breaks(without, broke), without.reason]).toEqual([false, without.reason]);
  },
);
