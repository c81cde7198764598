/**
 * `npm run soak:zoo [-- --bus B] [--only TEXT] [--json]`: the zoo of buses on real servers. First the copies without a change, which must hold
 * in every scenario that a mutant is run in; then each mutant, which must break what its row lists, for the reason that its row lists.
 * Ends with 1 where one does not, and with 2 where the copies without a change do not hold: nothing is shown by such a run.
 */
import { parseArgs } from "node:util";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import { BusEnded, BusProtocolError } from "../../src/bus-protocol/errors.ts";
import { loadCorpus } from "../../src/files/corpus.ts";
import { allBrokenBy, brokeText } from "../../src/findings/broke.ts";
import type { Judgement } from "../../src/judge/judge.ts";
import { runCase } from "../../src/judge/run.ts";
import { profileOf } from "../../src/runs/profiles.ts";
import { type LiveStage, openSite, type Site } from "../../src/worlds/live/index.ts";
import { copyBus, openCopies, removeCopies } from "./copies.ts";
import type { LiveMutant, ZooBus } from "./mutant.ts";
import { liveZoo } from "./mutants.ts";

const { values } = parseArgs({
  options: {
    bus: { type: "string" },
    only: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});

type Fate = "killed" | "survived" | "killed for the wrong cause" | "inconclusive";

/** What a run of one scenario came to. */
interface Ran {
  readonly verdict: Verdict;
  readonly about: string;
  readonly reason: string;
  /** All that it broke, the cause included. */
  readonly broken: readonly string[];
}

interface Row extends Ran {
  readonly name: string;
  readonly bus: ZooBus;
  readonly layer: LiveMutant["layer"];
  readonly fate: Fate;
  readonly asListed: boolean;
}

const corpus: ReadonlyMap<string, Scenario> = new Map(loadCorpus().map(({ scenario }) => [scenario.id, scenario]));

function scenarioOf({ name, where }: LiveMutant): Scenario {
  const scenario = typeof where === "string" ? corpus.get(where) : where;
  if (scenario === undefined) throw new Error(`${name}: the corpus has no scenario ${where}`);
  return scenario;
}

const say = (line: string): void => (values.json ? console.error(line) : console.log(line));

async function runOn(stage: LiveStage, bus: string, one: LiveMutant): Promise<Ran> {
  const { profile } = profileOf(stage.greeting.profile, bus, undefined);
  try {
    const asked = { scenario: scenarioOf(one), bus, profile, seed: one.name };
    return ranOf((await runCase(stage, asked, { require: one.require ?? [] })).judgement);
  } catch (error) {
    if (!(error instanceof BusProtocolError || error instanceof BusEnded)) throw error;
    return { verdict: "violated", about: "protocol", reason: error.message, broken: ["protocol"] };
  }
}

const ranOf = (judgement: Judgement): Ran => ({
  verdict: judgement.verdict,
  about: judgement.about === undefined ? "" : brokeText(judgement.about),
  reason: judgement.reason,
  broken: allBrokenBy(judgement).map(brokeText),
});

/** Runs the copy without a change in the scenarios of its mutants, and returns those that do not hold. */
async function control(
  site: Site,
  folder: string,
  bus: ZooBus,
  due: readonly LiveMutant[],
): Promise<readonly string[]> {
  const stage = await site.openBus(copyBus(folder, `${bus}-as-it-is`, bus, []));
  const failed: string[] = [];
  const done = new Set<string>();
  try {
    for (const one of due) {
      const key = JSON.stringify([one.where, one.require]);
      if (done.has(key)) continue;
      done.add(key);
      const { verdict, reason } = await runOn(stage, bus, one);
      if (verdict !== "holds") failed.push(`${scenarioOf(one).id} (for ${one.name}) is ${verdict}: ${reason}`);
    }
  } finally {
    await stage.close();
  }
  say(`${bus} as it is: ${done.size - failed.length} of ${done.size} cases hold`);
  return failed;
}

async function hunt(site: Site, folder: string, one: LiveMutant): Promise<Row> {
  const stage = await site.openBus(copyBus(folder, one.name, one.bus, one.patches));
  try {
    const ran = await runOn(stage, one.bus, one);
    const fate = fateOf(one, ran);
    const asListed = fate === (one.survives === undefined ? "killed" : "survived");
    return { name: one.name, bus: one.bus, layer: one.layer, fate, asListed, ...ran };
  } finally {
    // A bus that broke the protocol may not end as it is asked to.
    await stage.close().catch(() => {});
  }
}

function fateOf({ cause }: LiveMutant, { verdict, about, reason }: Ran): Fate {
  if (verdict === "holds") return "survived";
  if (verdict === "inconclusive") return "inconclusive";
  return about === cause.about && reason.includes(cause.says) ? "killed" : "killed for the wrong cause";
}

function lineOf({ name, layer, fate, asListed, about, reason, broken }: Row): string {
  const others = broken.filter(one => one !== about);
  const also = others.length === 0 ? "" : ` (also ${others.join(", ")})`;
  const what = fate === "survived" ? "" : ` ${fate === "killed" ? "by" : "as"} ${about || "nothing"}: ${reason}${also}`;
  return `${asListed ? "✓" : "✗"} ${name} (${layer}): ${fate}${what}`;
}

async function main(): Promise<number> {
  const due = liveZoo.filter(
    ({ name, bus, layer }) =>
      (values.bus === undefined || bus === values.bus) && `${layer}/${name}`.includes(values.only),
  );
  if (due.length === 0) throw new Error("no mutant of the zoo has that bus and name");
  const folder = openCopies();
  const site = await openSite(line => console.error(line));
  const rows: Row[] = [];
  try {
    const failed: string[] = [];
    for (const bus of new Set(due.map(one => one.bus)))
      failed.push(
        ...(await control(
          site,
          folder,
          bus,
          due.filter(one => one.bus === bus),
        )),
      );
    if (failed.length > 0) {
      for (const line of failed) say(line);
      say("The buses as they are do not hold, so nothing that a mutant breaks would show anything.");
      return 2;
    }
    for (const one of due) {
      const row = await hunt(site, folder, one);
      rows.push(row);
      say(lineOf(row));
    }
  } finally {
    await site.close();
    removeCopies(folder);
  }
  return conclude(due, rows);
}

function conclude(due: readonly LiveMutant[], rows: readonly Row[]): number {
  const killed = rows.filter(({ fate }) => fate === "killed").length;
  const spared = due.filter(({ survives }) => survives !== undefined);
  const killable = due.length - spared.length;
  for (const { name, survives } of spared) say(`${name} is expected to survive: ${survives}`);
  say(`${killed} of ${killable} killed by name and with the listed cause; ${spared.length} more listed as survivors`);
  if (values.json) console.log(JSON.stringify({ killed, of: killable, rows }, undefined, 2));
  return rows.every(({ asListed }) => asListed) ? 0 : 1;
}

process.exitCode = await main();
