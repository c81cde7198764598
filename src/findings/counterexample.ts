/**
 * A counterexample as a file that stands for itself: it replays after generators, labels or hashing have changed, for it holds the
 * answers that the model was given. The same bug found from many seeds is one file, named by what was broken and by the shape of the
 * shrunk scenario; the shortest stays.
 */
import { closeSync, lstatSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { z } from "zod";
import { type Answer, hashText, type Label, sampled } from "../../models/choice.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import type { Ledger } from "../../models/vocabulary/verdict.ts";
import { dials } from "../../properties/arbitraries/reductions.ts";
import { BadInput } from "../errors.ts";
import { makeFolder } from "../files/folder.ts";
import { readJsonFile } from "../files/json.ts";
import { createAnew } from "../files/no-links.ts";
import { packageRoot } from "../files/package-root.ts";
import { checkScenario, parseJson } from "../files/scenario-schema.ts";
import { counterexampleText } from "../files/scenario-text.ts";
import { type Rate, rateSchema } from "../judge/rate.ts";
import { type CaseRun, runAnsweredCase } from "../judge/run.ts";
import { answer, count, ledger, verdict } from "../judge/shapes.ts";
import { writtenOrSaid } from "../runs/unwritten.ts";
import type { Certificate } from "../search/certify.ts";
import { shapeOf } from "../search/shrink/normal-form.ts";
import { escapedJson } from "../text/clean.ts";
import { type WorldName, worldNames } from "../worlds/names.ts";
import { type Broke, brokeOf, brokeText, concernOf, reasonText, whyBroken } from "./broke.ts";

const text = z.string().max(4_000);
/** A place of an earlier version, which has another name now, is no fault of the file. */
const ledgerSchema = ledger.extend({ places: z.record(text, count) });
const versionsSchema = z
  .strictObject({
    faultline: text,
    node: text,
    client: text.optional(),
    natsServer: text.optional(),
    toxiproxy: text.optional(),
  })
  .readonly();
/** A label that the model knows no longer is reported when its answer is asked for, and is no fault of the file. */
const labelSchema = z.custom<Label>(one => text.safeParse(one).success, "must be a label");
const schema = z.strictObject({
  version: z.literal(1),
  kind: z.literal("counterexample"),
  scenario: z.custom<Scenario>(() => true),
  /** A bundled bus's name or a command; in the model world the profile's name. */
  bus: text.min(1),
  /** The one it was held against. */
  profile: text.min(1),
  world: z.enum(worldNames),
  seed: text,
  /** The word for what was broken: see broke.ts. */
  property: text.min(1),
  reason: text,
  verdict,
  /** The ledger of the profile's model, and the observed one. */
  expected: ledgerSchema.readonly(),
  observed: ledgerSchema.readonly(),
  /** The answers that lead the model to what was seen: those it was given, or in live those by which it admits that, if it does. */
  answers: z
    .array(answer.extend({ step: text, label: labelSchema }))
    .max(100_000)
    .readonly(),
  digest: text,
  versions: versionsSchema,
  /** Held against a profile that is not the bus's own: never kept in the corpus. */
  overridden: z.boolean(),
  /** The rate at which the verdict came again. */
  reproduced: rateSchema.readonly(),
  /**
   * The certificate that nothing smaller breaks the same: the number of schedules that prove it, or the obstacle to the proof. Absent: not
   * tried.
   */
  certified: z.union([z.strictObject({ steps: count, schedules: count }), z.strictObject({ bound: text })]).optional(),
});

export type Counterexample = Readonly<z.infer<typeof schema>>;
export type Versions = z.infer<typeof versionsSchema>;
/** The versions of what a live run is made of. */
export type LiveVersions = Omit<Versions, "faultline" | "node">;

/** A failing run, and what it was held against. */
export interface Finding extends CaseRun {
  readonly scenario: Scenario;
  readonly bus: string;
  readonly profile: Profile;
  readonly world: WorldName;
  readonly seed: string;
  readonly broken: Broke;
  /** The answers that the run was given, in the model world; else those by which the oracle admits it. */
  readonly answers?: readonly Answer[];
  readonly overridden?: boolean;
  readonly reproduced: Rate;
  readonly versions?: LiveVersions;
  readonly certified?: Certificate;
}

const always: Rate = { k: 1, n: 1 };

/** A finding, as a file keeps it. The model world has no chance: there a finding always comes again. */
export function counterexampleOf(
  finding: Omit<Finding, "reproduced"> & { readonly reproduced?: Rate },
): Counterexample {
  const { scenario, bus, profile, world, seed, broken, judgement, answers, certified } = finding;
  const why = whyBroken(judgement, broken, scenario.expect[profile.name]);
  return {
    version: 1,
    kind: "counterexample",
    scenario,
    bus,
    profile: profile.name,
    world,
    seed,
    property: brokeText(broken),
    reason: reasonText({ about: broken, reason: why }),
    verdict: "violated",
    expected: expectedOf(finding),
    observed: judgement.ledger,
    answers: answers ?? judgement.answers,
    digest: judgement.digest,
    versions: versionsHere(finding.versions),
    overridden: finding.overridden ?? false,
    reproduced: finding.reproduced ?? always,
    ...(certified && { certified }),
  };
}

/** The reason why it broke, without the word for what broke, which stands before it in a file. */
export function reasonOf({ property, reason }: Counterexample): string {
  const name = `${property}: `;
  return reason.startsWith(name) ? reason.slice(name.length) : reason;
}

/** The model answers as it was answered, where that is known; else as the seed draws. */
function expectedOf({
  scenario,
  profile,
  seed,
  answers = [],
}: Pick<Finding, "scenario" | "profile" | "seed" | "answers">): Ledger {
  return runAnsweredCase({ scenario, profile, answers, otherwise: sampled(seed) }).judgement.ledger;
}

/** A scenario or a counterexample, told apart by `kind`. @throws BadInput */
export function readCase(path: string, shown: string): { scenario: Scenario; counterexample?: Counterexample } {
  const data = parseJson(readJsonFile(path, shown), shown);
  const isCounterexample = typeof data === "object" && data !== null && "kind" in data;
  if (!isCounterexample) return { scenario: checkScenario(data, shown, [], dirname(path)) };
  const counterexample = checkCounterexample(data, shown);
  return { scenario: counterexample.scenario, counterexample };
}

export function checkCounterexample(data: unknown, shown: string): Counterexample {
  const parsed = schema.safeParse(data);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = (issue?.path ?? []).map(String).join(".");
    const unknown = issue?.code === "unrecognized_keys" ? `unknown field ${JSON.stringify(issue.keys[0])}` : undefined;
    const reason = issue?.message.replace(/^Invalid input: e/, "e");
    throw new BadInput(shown, at, unknown ?? reason ?? "is not a counterexample");
  }
  return { ...parsed.data, scenario: checkScenario(parsed.data.scenario, shown, ["scenario"]) };
}

export interface Met {
  readonly path: string;
  /** It was met before: what stands there is the same bug, and no larger. */
  readonly isKnown: boolean;
  /** False where the machine refused the file: its text is then on stderr. */
  readonly isKept: boolean;
}

/** Writes it below the current folder, unless the same bug stands there and no larger. `stillFails` says whether that one does. */
export function meetCounterexample(
  one: Counterexample,
  stillFails: (known: Counterexample) => boolean = () => true,
): Met {
  return meetAt(join(".faultline", "counterexamples", `${nameOf(one)}.json`), one, stillFails);
}

/** The same with any path. */
export function meetAt(
  path: string,
  one: Counterexample,
  stillFails: (known: Counterexample) => boolean = () => true,
): Met {
  const known = readKnown(path);
  if (known !== undefined && !isSmaller(one, known) && stillFails(known)) return { path, isKnown: true, isKept: true };
  const text = counterexampleText(one);
  const isKept = writtenOrSaid(() => writeAt(path, text), path, text);
  return { path, isKnown: false, isKept };
}

function writeAt(path: string, text: string): void {
  makeFolder(dirname(path));
  const partial = `${path}.${process.pid}.partial`;
  try {
    const fd = createAnew(partial);
    writeFileSync(fd, escapedJson(text));
    closeSync(fd);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** The same as `meetCounterexample`, but returns the path. */
export const keepCounterexample = (one: Counterexample): string => meetCounterexample(one).path;

function readKnown(path: string): Counterexample | undefined {
  try {
    // A link that lies there is not followed: the file takes its place.
    if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
    return readCase(path, path).counterexample;
  } catch {
    // It was written by another version or by hand, and is written anew; or nothing can stand there, which the writing finds out.
    return undefined;
  }
}

type Named = Pick<Counterexample, "property" | "bus" | "profile" | "world" | "scenario">;

/** A name made of the broken thing, the bus, and the shape of the scenario. */
export const nameOf = (one: Named): string => `${concernOf(brokeOf(one.property))}--${hashOf(one)}`;

/** Tells apart the broken thing, the bus, and the shape of the scenario. */
export function hashOf({ property, bus, profile, world, scenario }: Named): string {
  const under = scenario.policy === undefined ? [] : [scenario.policy.name];
  const shape = [property, bus, profile, world, ...under, shapeOf(scenario)].join(" ");
  return hashText(shape).toString(16).padStart(8, "0");
}

/** Lower in sum of all its numbers: within one shape there are as many steps. */
const isSmaller = (one: Counterexample, other: Counterexample): boolean => sumOf(one.scenario) < sumOf(other.scenario);
const sumOf = (scenario: Scenario): number => dials(scenario).reduce((sum, dial) => sum + dial.value, 0);

export function versionsHere(more: LiveVersions = {}): Versions {
  const { version } = createRequire(import.meta.url)(join(packageRoot(), "package.json")) as { version: string };
  return { faultline: version, node: process.versions.node, ...more };
}
