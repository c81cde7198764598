/**
 * The live part: the corpus on every bus, a few random cases and one question on each bus that can be asked, the journals of f60ed44, and
 * the shape of what the doctor says. Of a case whose outcome is exact its ledger and verdict are held; of one that races its verdict, and
 * whether its expectation was met. Needs what `npm run drill` needs.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Taken } from "./collect.ts";
import { documentOf, faultline, type Printed, partedDocument, root } from "./run-command.ts";
import { isObject, type Json, type Parted, part, shapeOf } from "./split.ts";

type Fields = Readonly<Record<string, Json>>;

interface Row {
  readonly scenario: string;
  readonly bus: string;
  readonly profile: string;
  readonly world: "model" | "live";
  readonly published: number;
  readonly classes: Readonly<Record<string, number>>;
  readonly verdict: string;
  readonly reason: string;
}

interface Drill {
  readonly verdict: string;
  readonly ledger: readonly Row[];
  readonly buses: readonly Json[];
  readonly notRun: readonly Json[];
  readonly unavailable: readonly Json[];
  readonly violations: readonly (Fields & { readonly world: string })[];
}

const seed = "1";
const lanes = "4";
/** A busy machine makes a case inconclusive now and then. */
const againMax = 3;

export async function takeLive(say: (line: string) => void): Promise<Taken> {
  const structure: Record<string, Json> = {};
  const texts: Record<string, Parted["texts"]> = {};
  const add = (name: string, parted: Parted): void => {
    structure[name] = parted.structure;
    texts[name] = parted.texts;
  };
  say("the corpus on every bus");
  add("corpus", await takeCorpus(say));
  for (const [name, words, fields] of others) {
    say(name);
    const printed = await faultline([...words.split(" "), "--json"], "live");
    add(name, chosen(partedDocument(printed, words), fields));
  }
  say("a question");
  add("a question", await takeQuestion());
  say("doctor");
  const doctor = await faultline(["doctor", "--json"], "live");
  add("doctor", { structure: shapeOf(documentOf(doctor, "doctor")), texts: {} });
  return { structure, texts };
}

/** Counts that chance has a part in are left out: what is named is held. */
const compared = ["verdict", "bus", "profile", "policy", "notRun", "runs", "agree", "disagree", "recordedBefore"];
const resumed = "search --world live --bus typescript-nats-js-3 --runs 4 --seed journal --resume .faultline/runs";

const others: readonly (readonly [name: string, words: string, fields: readonly string[]])[] = [
  ...["go-nats-go", "python-nats-py", "typescript-nats-js-2", "typescript-nats-js-3"].map(
    bus => [`compare on ${bus}`, `compare --bus ${bus} --runs 5 --seed ${seed} --lanes ${lanes}`, compared] as const,
  ),
  ["compare under a policy", `compare --bus go-nats-go --policy cordum-hardened --runs 3 --seed ${seed}`, compared],
  ["the journal of a run that was complete", `${resumed}/complete`, compared],
  ["the journal of a run that ended early", `${resumed}/ended-early`, compared],
];

/** Exit code and document of the fields that are named. */
function chosen({ structure, texts }: Parted, fields: readonly string[]): Parted {
  const { exitCode, document } = structure as { exitCode: Json; document: Fields };
  const held = Object.fromEntries(fields.map(name => [name, document[name] ?? null]));
  const isHeld = (path: string): boolean => fields.some(name => path === name || path.startsWith(`${name} > `));
  return {
    structure: { exitCode, document: held },
    texts: Object.fromEntries(Object.entries(texts).filter(([path]) => isHeld(path))),
  };
}

/** Whether each case agreed with the model; what it came to there is held by the model part. */
async function takeQuestion(): Promise<Parted> {
  const words = `drill shutdown --policy cordum-as-found --seed ${seed} --lanes ${lanes} --json`.split(" ");
  const printed = await faultline(words, "live");
  const { verdict = null, cases = [] } = documentOf(printed, words.join(" ")) as {
    readonly verdict?: Json;
    readonly cases?: readonly Fields[];
  };
  const told = cases.map(({ id, live, agrees }) => ({ id, live, agrees }));
  return part({ verdict, cases: told } as unknown as Json, { root, folder: printed.folder });
}

// ---- The corpus ----

async function takeCorpus(say: (line: string) => void): Promise<Parted> {
  const words = ["drill", "--all", "--seed", seed, "--lanes", lanes, "--json"];
  const printed: Printed = await faultline(words, "live");
  const document = documentOf(printed, words.join(" "));
  // It ended before there was anything to tell, and says why.
  if (!isObject(document) || !("ledger" in document)) return partedDocument(printed, words.join(" "));
  const drill = document as unknown as Drill;
  const cases: Record<string, Json> = {};
  for (const row of drill.ledger.filter(one => one.world === "live")) {
    const settled = row.verdict === "inconclusive" ? await again(row, say) : row;
    cases[`${row.scenario} on ${row.bus}`] = caseOf(settled);
  }
  const { buses, notRun, unavailable, violations } = drill;
  const live = violations
    .filter(one => one.world === "live")
    .map(({ scenario, bus, property }) => ({ scenario, bus, property }));
  return part({ buses, unavailable, violations: live, notRun, cases } as unknown as Json, {
    root,
    folder: printed.folder,
  });
}

async function again(row: Row, say: (line: string) => void): Promise<Row> {
  const file = `fixtures/scenarios/${row.scenario}.json`;
  const words = ["replay", file, "--world", "live", "--bus", row.bus, "--seed", seed, "--json"];
  for (let i = 0; i < againMax; i++) {
    const { ledger = [] } = documentOf(await faultline(words, "live"), words.join(" ")) as unknown as Partial<Drill>;
    const told = ledger.find(one => one.verdict !== "inconclusive");
    say(
      `${row.scenario} on ${row.bus} was inconclusive (${row.reason}); again it is ${told?.verdict ?? "inconclusive"}`,
    );
    if (told !== undefined) return told;
  }
  return row;
}

type Expected = Readonly<Record<string, number | readonly [number, number]>>;

/** `exact` where the scenario's author typed in exact counts for the profile. */
function caseOf({ scenario, profile, published, classes, verdict, reason }: Row): Json {
  const expected = expectedOf(scenario, profile);
  if (expected === undefined) return { expected: "nothing", verdict, reason };
  const isExact = Object.values(expected).every(count => typeof count === "number");
  if (isExact) return { expected: "exact", verdict, published, classes, reason };
  return { expected: "range", verdict, met: isMet(expected, classes), reason };
}

function expectedOf(scenario: string, profile: string): Expected | undefined {
  const { expect } = JSON.parse(readFileSync(join(root, "fixtures/scenarios", `${scenario}.json`), "utf8")) as {
    expect: Readonly<Record<string, { readonly classes: Expected }>>;
  };
  return expect[profile]?.classes;
}

const isMet = (expected: Expected, classes: Row["classes"]): boolean =>
  Object.entries(classes).every(([name, got]) => {
    const want = expected[name] ?? 0;
    const [least, most] = typeof want === "number" ? [want, want] : want;
    return got >= least && got <= most;
  });
