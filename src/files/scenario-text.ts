/**
 * The layout of scenarios and counterexamples in their files: one step, one expectation, one answer a line. A fact that several profiles
 * share is written once. Takes data as JSON has it, with defaults left out or filled in.
 */

const columnsMax = 160;

type Entries = Readonly<Record<string, unknown>>;

/** The file of a scenario, or of a policy beside the scenarios. */
export const scenarioText = (scenario: object): string => `${layOut(sayFactOnce(scenario), "", 0)}\n`;

/** The file of a counterexample: its scenario as in a scenario's file. */
export const counterexampleText = (one: { readonly scenario: object }): string =>
  `${layOut({ ...one, scenario: sayFactOnce(one.scenario) }, "", 0)}\n`;

/** Moves the fact that most expectations give to the scenario, if two or more give it; other facts stay where they are. */
function sayFactOnce(scenario: object): object {
  const { fact: shared, expect, ...rest } = scenario as Entries;
  if (!isObject(expect)) return scenario;
  const given = Object.entries(expect as Readonly<Record<string, Entries>>).map(
    ([profile, { fact = shared, ...one }]) => ({ profile, fact, one }),
  );
  const times = new Map<unknown, number>();
  for (const { fact } of given) times.set(fact, (times.get(fact) ?? 0) + 1);
  const [common, most] = [...times].reduce((best, one) => (one[1] > best[1] ? one : best), [undefined as unknown, 1]);
  const expectations = given.map(({ profile, fact, one }) => [profile, fact === common ? one : { fact, ...one }]);
  return { ...rest, ...(most > 1 && { fact: common }), expect: Object.fromEntries(expectations) };
}

/**
 * Puts a value on one line if it fits and is simple or a row. Simple: it holds only plain values and lists of them. A row: an element of a
 * list of objects, or a member of an object of objects. Any other value gets one member a line. `label` is the width of the text before it
 * on its line.
 */
function layOut(value: unknown, indent: string, label: number, isRow = false): string {
  const line = oneLine(value);
  const members = membersOf(value);
  const isFlat = members.every(([, member]) => isPlain(member) || (Array.isArray(member) && member.every(isPlain)));
  const fits = indent.length + label + line.length < columnsMax;
  if (members.length === 0 || (fits && (isFlat || isRow))) return line;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const inner = `${indent}  `;
  const areRows = members.every(([, member]) => isObject(member));
  const lines = members.map(([name, member]) => {
    const before = Array.isArray(value) ? "" : `${JSON.stringify(name)}: `;
    return `${inner}${before}${layOut(member, inner, before.length, areRows)}`;
  });
  return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = membersOf(value).map(([name, member]) => `${JSON.stringify(name)}: ${oneLine(member)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

/** Its members as JSON has them: a plain value has none, and undefined ones are left out. */
const membersOf = (value: unknown): (readonly [string, unknown])[] =>
  isPlain(value) ? [] : Object.entries(value as object).filter(([, member]) => member !== undefined);
const isPlain = (value: unknown): boolean => typeof value !== "object" || value === null;
const isObject = (value: unknown): value is Entries => !isPlain(value) && !Array.isArray(value);
