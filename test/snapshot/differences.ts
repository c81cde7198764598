/** Where two snapshots differ: one entry for each place, with what stood there before and what stands there now. */
import { type Json, namesOf, pathText } from "./split.ts";

export interface Difference {
  /** Names joined by ` > `; the first one is that of the command or case. */
  readonly path: string;
  /** Undefined: it was not there. */
  readonly before: Json | undefined;
  /** Undefined: it is no longer there. */
  readonly after: Json | undefined;
}

type Fields = Readonly<Record<string, Json>>;

/** The order of fields means nothing; that of an array's elements does. */
export function differences(
  before: Json | undefined,
  after: Json | undefined,
  path: readonly string[] = [],
): Difference[] {
  if (before === after) return [];
  if (Array.isArray(before) && Array.isArray(after)) return ofArrays(before, after, path);
  if (isFields(before) && isFields(after)) return ofFields(before, after, path);
  return [{ path: pathText(path), before, after }];
}

const isFields = (json: Json | undefined): json is Fields =>
  typeof json === "object" && json !== null && !Array.isArray(json);

function ofFields(before: Fields, after: Fields, path: readonly string[]): Difference[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap(name => differences(before[name], after[name], [...path, name]));
}

/** Words are told apart by themselves, objects by what names them: one more at the front is one difference. */
function ofArrays(before: readonly Json[], after: readonly Json[], path: readonly string[]): Difference[] {
  const areWords = [...before, ...after].every(one => typeof one === "string");
  const namesBefore = areWords ? (before as readonly string[]) : namesOf(before);
  const namesAfter = areWords ? (after as readonly string[]) : namesOf(after);
  const found = ofFields(byName(namesBefore, before), byName(namesAfter, after), path);
  const isOrderAlone = found.length === 0 && JSON.stringify(namesBefore) !== JSON.stringify(namesAfter);
  return isOrderAlone ? [{ path: pathText([...path, "(order)"]), before: namesBefore, after: namesAfter }] : found;
}

const byName = (names: readonly string[], values: readonly Json[]): Fields =>
  Object.fromEntries(names.map((name, i) => [name, values[i] as Json]));

/** Of chunks of model runs: each is one word a run, so that the first run that differs can be named. */
export function compareDigests(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly Difference[] {
  return differences(before, after).map(one => {
    if (typeof one.before !== "string" || typeof one.after !== "string") return one;
    const now = one.after.split(" ");
    const then = one.before.split(" ");
    const at = then.findIndex((word, i) => word !== now[i]);
    const run = Number.parseInt(one.path, 10) + at;
    const path = `model runs ${one.path} > run ${run} (npm run snapshot -- --run ${run} shows it)`;
    return { path, before: then[at], after: now[at] };
  });
}

const shownCharsMax = 160;

const shown = (json: Json | undefined): string => {
  if (json === undefined) return "(nothing)";
  const text = JSON.stringify(json);
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text;
};

export const renderDifference = ({ path, before, after }: Difference): string =>
  `  ${path}: ${shown(before)} → ${shown(after)}`;
