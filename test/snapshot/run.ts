/**
 * `npm run snapshot`: takes what the program says and does now and holds it against what is committed under `kept/`; each difference is
 * printed with its place, and one of structure ends with 1. `-- --write` keeps it instead. See CONTRIBUTING.md.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { nameOf, type Taken, type TakenDigests, takeCommands, takeDigests } from "./collect.ts";
import { commands } from "./commands.ts";
import { compareDigests, type Difference, differences, renderDifference } from "./differences.ts";
import { takeExports } from "./exports.ts";
import { type KeptName, keptFolder, read, write } from "./kept-files.ts";
import { takeLive } from "./live.ts";
import { modelRun, runsInAll } from "./model-runs.ts";
import type { Json } from "./split.ts";

const { values } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    live: { type: "boolean", default: false },
    texts: { type: "boolean", default: false },
    only: { type: "string" },
    run: { type: "string" },
    kept: { type: "string", default: keptFolder },
  },
});
const folder = resolve(values.kept);

const say = (line: string): void => console.error(line);

interface Found {
  readonly structure: Difference[];
  readonly texts: Difference[];
}

async function main(): Promise<number> {
  if (values.run !== undefined) return showRun(Number(values.run));
  if (values.write && values.only !== undefined) throw new Error("--write keeps all of it, and takes no --only");
  const found: Found = { structure: [], texts: [] };
  if (values.only === undefined) await takeAll(found);
  else await takeOnly(values.only, found);
  return values.write ? 0 : conclude(found);
}

async function takeAll(found: Found): Promise<void> {
  const { structure, texts } = await takeCommands(commands, say);
  settle(found, "commands", "texts", { structure: { ...structure, exports: await takeExports() }, texts });
  say("5,000 runs of the model");
  settleDigests(found, await takeDigests());
  if (values.live) settle(found, "live", "live-texts", await takeLive(say));
}

async function takeOnly(part: string, found: Found): Promise<void> {
  if (part === "live") return settle(found, "live", "live-texts", await takeLive(say));
  const chosen = commands.filter(one => nameOf(one).includes(part));
  if (chosen.length === 0) throw new Error(`--only ${part}: no command has that in its line`);
  const names = new Set(chosen.map(nameOf));
  settle(found, "commands", "texts", await takeCommands(chosen, say), name => names.has(name));
}

/** Keeps it or compares it; `isTaken` tells what was taken, where not all was. */
function settle(
  found: Found,
  name: KeptName,
  textsName: KeptName,
  taken: Taken,
  isTaken: (name: string) => boolean = () => true,
): void {
  if (values.write) {
    write(folder, name, taken.structure);
    write(folder, textsName, taken.texts);
    return;
  }
  const keptOf = (file: KeptName): Json =>
    Object.fromEntries(Object.entries(read(folder, file)).filter(([key]) => isTaken(key)));
  found.structure.push(...differences(keptOf(name), taken.structure));
  found.texts.push(...differences(keptOf(textsName), taken.texts));
}

function settleDigests(found: Found, taken: TakenDigests): void {
  if (values.write) {
    write(folder, "digests", { ...taken });
    return;
  }
  const kept = read(folder, "digests") as unknown as Partial<TakenDigests>;
  found.structure.push(...compareDigests(kept.structure ?? {}, taken.structure));
  found.texts.push(...differences(kept.texts ?? {}, taken.texts, ["sentences of the model runs"]));
}

function conclude({ structure, texts }: Found): number {
  for (const one of structure) console.log(renderDifference(one));
  if (texts.length > 0) console.log(`\nTexts${values.texts ? "" : ", which alone are no failure"}:`);
  for (const one of texts) console.log(renderDifference(one));
  const failed = structure.length + (values.texts ? texts.length : 0);
  console.log(`${structure.length} differences of structure, ${texts.length} of texts`);
  if (failed > 0) console.log("A difference is a mistake, or a decision that is written down: see CONTRIBUTING.md.");
  return failed > 0 ? 1 : 0;
}

function showRun(k: number): number {
  if (!Number.isInteger(k) || k < 0 || k >= runsInAll) throw new Error(`--run takes 0 to ${runsInAll - 1}`);
  console.log(JSON.stringify(modelRun(k), undefined, 1));
  return 0;
}

process.exitCode = await main();
