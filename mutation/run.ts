/**
 * `npm run mutation [-- --slice NAME] [--sample N|all] [--seed S] [--survivors] [--share F] [--at-least P] [--json]`: draws mutants of
 * models/ and properties/, runs the fast unit tests against each, prints score and survivors and keeps them under
 * .faultline/mutation/. What was tried is kept after every part, and not tried again while nothing has changed that could change
 * the answer. Ends with 1 where the score is lower than asked for, or a mutant listed as equivalent is killed.
 */
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { draw, type Mutant } from "./draw.ts";
import { type Equivalent, figuresOf, type Outcome, render } from "./figures.ts";
import { folder, install, population, root, type Tried, tryAll } from "./stryker.ts";
import { refusedByTypes } from "./typecheck.ts";

/** The mutants of one run of Stryker: about 3 minutes, lost where it is interrupted. */
const partMax = 80;
const kept = join(folder, "tried.json");

const { values } = parseArgs({
  options: {
    slice: { type: "string", multiple: true, default: [] },
    sample: { type: "string", default: "420" },
    seed: { type: "string", default: "1" },
    share: { type: "string", default: "0.05" },
    survivors: { type: "boolean", default: false },
    "at-least": { type: "string", default: "80" },
    json: { type: "boolean", default: false },
  },
});

async function main(): Promise<number> {
  setPriority(10);
  install();
  const all = await population();
  const slices = new Set(all.map(one => one.slice));
  const wrong = values.slice.find(one => !slices.has(one));
  if (wrong !== undefined) {
    console.error(`there is no slice ${wrong}; there are ${[...slices].sort().join(", ")}`);
    return 64;
  }
  const equivalents = readEquivalents(all);
  const count = values.sample === "all" ? all.length : Number(values.sample);
  const drawn = draw(all, count, values.seed).filter(
    ({ slice }) => values.slice.length === 0 || values.slice.includes(slice),
  );
  const tried = tryOrRemember(drawn);
  const survivors = drawn.filter(one => isSurvivor(tried.get(one.id)));
  const illTyped = refusedByTypes(survivors);
  const outcomes = drawn.flatMap<Outcome>(mutant => {
    const one = tried.get(mutant.id);
    if (one === undefined) return [];
    return [{ mutant, tried: one, refusedByTypes: illTyped.has(mutant), equivalent: equivalents.get(mutant.id) }];
  });
  const figures = figuresOf(outcomes, { seed: values.seed, share: values.share, population: all.length });
  const json = JSON.stringify(figures, null, 1);
  const file = join(folder, `${["report", ...values.slice, values.sample, values.seed].join("-")}.json`);
  writeFileSync(file, `${json}\n`);
  console.log(values.json ? json : `${render(figures)}\nkept in ${relative(process.cwd(), file)}`);
  return figures.score >= Number(values["at-least"]) && figures.killedThoughListed.length === 0 ? 0 : 1;
}

const isSurvivor = (tried: Tried | undefined): boolean => tried?.status === "survived" || tried?.status === "uncovered";

/** By the mutant's id: what was tried, and with what code, tests and share. */
type Kept = Record<string, Tried & { readonly code: string }>;

function tryOrRemember(drawn: readonly Mutant[]): ReadonlyMap<string, Tried> {
  const code = fingerprint();
  const known: Kept = existsSync(kept) ? (JSON.parse(readFileSync(kept, "utf8")) as Kept) : {};
  const isKnown = ({ id }: Mutant): boolean => {
    const one = known[id];
    if (one === undefined) return false;
    return values.survivors ? !isSurvivor(one) : one.code === code;
  };
  const left = drawn.filter(one => !isKnown(one));
  console.error(`${drawn.length} mutants drawn, ${left.length} to be tried`);
  for (const slice of new Set(left.map(one => one.slice))) {
    const ofSlice = left.filter(one => one.slice === slice);
    for (let from = 0; from < ofSlice.length; from += partMax) {
      const part = ofSlice.slice(from, from + partMax);
      console.error(`${slice}: mutants ${from + 1} to ${from + part.length} of ${ofSlice.length}`);
      for (const [{ id }, one] of tryAll(part, values.share)) known[id] = { ...one, code };
      writeFileSync(kept, JSON.stringify(known, null, 1));
    }
  }
  return new Map(Object.entries(known));
}

/** Of everything that can change what the tests say to a mutant. */
function fingerprint(): string {
  const hash = createHash("sha256").update(values.share);
  const files = globSync(["{models,properties,src}/**/*.ts", "test/{models,properties,mutants,search,judge}/**/*.ts"], {
    cwd: root,
  });
  for (const file of files.sort()) hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest("hex").slice(0, 16);
}

/** A line whose mutant is gone is an error, or the list would rot. */
function readEquivalents(all: readonly Mutant[]): ReadonlyMap<string, Equivalent> {
  const listed = JSON.parse(readFileSync(join(import.meta.dirname, "equivalent.json"), "utf8")) as Equivalent[];
  const ids = new Set(all.map(one => one.id));
  const gone = listed.filter(({ id }) => !ids.has(id)).map(({ id }) => id);
  if (gone.length > 0) throw new Error(`mutation/equivalent.json lists mutants that are no more: ${gone.join(", ")}`);
  return new Map(listed.map(one => [one.id, one]));
}

mkdirSync(folder, { recursive: true });
process.exitCode = await main();
