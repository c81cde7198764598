/**
 * `npm run soak:replays`: the corpus again and again on real clients, each scenario on every bus that can do it, as evenly as the number
 * of replays lets it. A replay is as expected where it holds and meets what was typed in for its profile; a kept counterexample where it
 * comes to the verdict that it records. Prints {replays, changed[], inconclusive, seconds}; what is inconclusive is told with its reason.
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import { randomOf } from "../../properties/arbitraries/random.ts";
import { loadCorpus } from "../../src/files/corpus.ts";
import { packageRoot } from "../../src/files/package-root.ts";
import { readCase } from "../../src/findings/counterexample.ts";
import { missingCapabilities } from "../../src/judge/capability.ts";
import { type CaseRun, runCase } from "../../src/judge/run.ts";
import { bundledNames, profileOf } from "../../src/runs/profiles.ts";
import { type LiveStage, openSite, type Site } from "../../src/worlds/live/index.ts";
import { inLanes, lanesDefault } from "../../src/worlds/live/lanes.ts";

const { values } = parseArgs({
  options: {
    replays: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    lanes: { type: "string", default: String(lanesDefault) },
    bus: { type: "string", multiple: true },
  },
});
const whole = (option: "replays" | "lanes"): number => {
  const number = Number(values[option]);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${option} takes a whole number above 0`);
  return number;
};

interface Expected {
  readonly scenario: Scenario;
  readonly verdict: Verdict;
  /** The only one that it was found on; undefined: every one. */
  readonly bus?: string;
}

interface Replay extends Expected {
  readonly bus: string;
}

interface Changed {
  readonly bus: string;
  readonly scenario: string;
  readonly verdict: Verdict;
  readonly expected: Verdict;
  readonly reason: string;
}

interface Bus {
  readonly stage: LiveStage;
  readonly profile: Profile;
}

function expectedOfAll(): readonly Expected[] {
  const folder = join(packageRoot(), "fixtures", "seeds");
  const kept = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted() : [];
  const seeds = kept
    .filter(name => name.endsWith(".json"))
    .map((name): Expected => {
      const { scenario, counterexample } = readCase(join(folder, name), join("fixtures", "seeds", name));
      return counterexample === undefined
        ? { scenario, verdict: "holds" }
        : { scenario, verdict: counterexample.verdict, bus: counterexample.bus };
    });
  return [...loadCorpus().map(({ scenario }): Expected => ({ scenario, verdict: "holds" })), ...seeds];
}

/** One that cannot be built here is said and passed over, unless it was asked for. */
async function openAll(site: Site, names: readonly string[]): Promise<ReadonlyMap<string, Bus>> {
  const buses = new Map<string, Bus>();
  for (const name of names) {
    try {
      const stage = await site.openBus(name);
      buses.set(name, { stage, profile: profileOf(stage.greeting.profile, name, undefined).profile });
    } catch (error) {
      if (values.bus !== undefined) throw error;
      console.error((error as Error).message);
    }
  }
  return buses;
}

/** Every one as often as any other, but for the last round. */
function drawn(all: readonly Replay[], replays: number): readonly Replay[] {
  if (all.length === 0) throw new Error("no bus here can do any of the scenarios");
  const random = randomOf(values.seed, "replays");
  const out: Replay[] = [];
  while (out.length < replays) {
    const left = [...all];
    while (left.length > 0 && out.length < replays) out.push(...left.splice(random.int(0, left.length - 1), 1));
  }
  return out;
}

async function main(): Promise<number> {
  const replays = whole("replays");
  console.error(`seed ${values.seed}`);
  const site = await openSite(line => console.error(line), { lanes: whole("lanes"), backend: "process" });
  const began = performance.now();
  const changed: Changed[] = [];
  let inconclusive = 0;
  try {
    const buses = await openAll(site, values.bus ?? bundledNames());
    const able = [...buses].flatMap(([bus, { stage }]) =>
      expectedOfAll()
        .filter(one => one.bus === undefined || one.bus === bus)
        .filter(one => missingCapabilities(one.scenario, stage.capabilities).length === 0)
        .map((one): Replay => ({ ...one, bus })),
    );
    const due = drawn(able, replays);
    for (const [bus, { stage, profile }] of buses) {
      const own = due.filter(one => one.bus === bus);
      console.error(`${bus}: ${own.length} replays, of ${able.filter(one => one.bus === bus).length} scenarios`);
      const run = ({ scenario }: Replay): Promise<CaseRun> =>
        runCase(stage, { scenario, bus, profile, seed: values.seed });
      for await (const { job, result } of inLanes(stage.lanes, own, run)) {
        const { verdict, reason } = result.judgement;
        if (verdict === job.verdict) continue;
        const one = { bus, scenario: job.scenario.id, verdict, expected: job.verdict, reason };
        if (verdict === "inconclusive") inconclusive++;
        else changed.push(one);
        console.error(`${verdict}: ${one.scenario} on ${bus}: ${reason}`);
      }
      await stage.close();
    }
  } finally {
    await site.close();
  }
  const seconds = Number(((performance.now() - began) / 1_000).toFixed(1));
  console.log(JSON.stringify({ replays, changed, inconclusive, seconds }, undefined, 2));
  return changed.length > 0 ? 1 : inconclusive > 0 ? 2 : 0;
}

process.exitCode = await main();
