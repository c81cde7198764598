/**
 * `npm run soak:policies`: `compare` on every bus under each bundled policy, and under one made of each folder of `manifests/` beside this
 * file. `--lanes 16`: with so many lanes; under a policy a case waits longer than without, so a quiet machine gains from more than usual.
 * `--random 40`: under so many random policies in their stead, each on one bus, in turn; every field meets every other there. A run that
 * disagrees or that nothing could be told about is told with its line to paste. Prints {policies[], seconds}, and ends with 1 where a run
 * disagrees, with 2 where more than one in a hundred is inconclusive.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { packageRoot } from "../../src/files/package-root.ts";
import { compareDocument } from "../../src/findings/documents/compare.ts";
import { failedDocument } from "../../src/findings/documents/index.ts";
import { bundledNames } from "../../src/runs/profiles.ts";
import { randomPolicy } from "./scaled/compared.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    policy: { type: "string", multiple: true },
    bus: { type: "string", multiple: true },
    random: { type: "string" },
    lanes: { type: "string" },
  },
});

const buses = values.bus ?? bundledNames();

/** A policy, by its name or its file, and a bus that is held against the model under it. */
type Arm = readonly [policy: string, bus: string];

function namedArms(): readonly Arm[] {
  const manifests = join(import.meta.dirname, "manifests");
  const bundled = readdirSync(join(packageRoot(), "fixtures", "policies")).map(name => name.replace(/\.json$/, ""));
  const policies = values.policy ?? [...bundled, ...readdirSync(manifests).map(name => join(manifests, name))];
  return policies.flatMap(policy => buses.map((bus): Arm => [policy, bus]));
}

/** The policies stay in their folder, so that a line to paste still finds them. */
function randomArms(count: number): readonly Arm[] {
  const folder = mkdtempSync(join(tmpdir(), "faultline-policies-"));
  return Array.from({ length: count }, (_, index): Arm => {
    const { demands: _all, ...policy } = randomPolicy(values.seed, index);
    const file = join(folder, `${policy.name}.json`);
    writeFileSync(file, JSON.stringify(policy, undefined, 2));
    return [file, buses[index % buses.length] as string];
  });
}

interface Compared {
  readonly policy: string;
  readonly bus: string;
  readonly agree: number;
  readonly disagree: number;
  readonly inconclusive: number;
  readonly seconds: number;
}

async function compare(policy: string, bus: string): Promise<Compared> {
  const began = performance.now();
  const words = ["compare", "--json", "--keep-going", "--policy", policy, "--bus", bus];
  const drawn = ["--runs", values.runs, "--seed", values.seed];
  const lanes = values.lanes === undefined ? [] : ["--lanes", values.lanes];
  const child = spawn(process.execPath, [join(packageRoot(), "bin", "faultline.js"), ...words, ...drawn, ...lanes], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const document: unknown = JSON.parse(await text(child.stdout));
  const failed = failedDocument.safeParse(document);
  if (failed.success) throw new Error(`compare under ${policy} on ${bus}: ${failed.data.error}`);
  const { agree, disagree, inconclusive, reasons, counterexample } = compareDocument.parse(document);
  for (const { word, reason } of reasons) console.error(`  inconclusive ${word}: ${reason}`);
  if (counterexample !== null) console.error(`  npx faultline replay ${counterexample}`);
  const seconds = Number(((performance.now() - began) / 1_000).toFixed(1));
  return { policy: policy.slice(policy.lastIndexOf("/") + 1), bus, agree, disagree, inconclusive, seconds };
}

const began = performance.now();
const all: Compared[] = [];
for (const [policy, bus] of values.random === undefined ? namedArms() : randomArms(Number(values.random))) {
  const one = await compare(policy, bus);
  all.push(one);
  console.error(
    `${one.policy} on ${bus}: ${one.agree} agree, ${one.disagree} disagree, ${one.inconclusive} inconclusive`,
  );
}
const sum = (field: "agree" | "disagree" | "inconclusive"): number => all.reduce((total, one) => total + one[field], 0);
const inAll = { agree: sum("agree"), disagree: sum("disagree"), inconclusive: sum("inconclusive") };
const runs = inAll.agree + inAll.disagree + inAll.inconclusive;
const seconds = Number(((performance.now() - began) / 1_000).toFixed(1));
console.log(JSON.stringify({ policies: all, ...inAll, seconds }, undefined, 2));
process.exitCode = inAll.disagree > 0 ? 1 : inAll.inconclusive > runs / 100 ? 2 : 0;
