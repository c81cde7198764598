/** The score and the survivors, as figures and as text. Runs nothing. */
import type { Mutant } from "./draw.ts";
import type { Status, Tried } from "./stryker.ts";

/** One line of equivalent.json: a mutant that no test can tell from the code, and why. */
export interface Equivalent {
  readonly id: string;
  readonly original: string;
  readonly replacement: string;
  readonly reason: string;
}

export interface Outcome {
  readonly mutant: Mutant;
  readonly tried: Tried;
  /** The type checker, which `npm test` runs too, refuses it. Asked only of survivors. */
  readonly refusedByTypes: boolean;
  readonly equivalent: Equivalent | undefined;
}

export interface Score {
  readonly drawn: number;
  readonly killed: number;
  /** Of the killed: those that never ended. */
  readonly timedOut: number;
  readonly survived: number;
  readonly refusedByTypes: number;
  readonly equivalent: number;
  /** Percent killed by the tests, of all that were drawn: equivalent and ill-typed mutants count as survivors. */
  readonly score: number;
  /** The same without those that the type checker refuses or that are listed as equivalent. */
  readonly scoreOfReal: number;
}

export interface Figures extends Score {
  readonly seed: string;
  readonly share: string;
  readonly population: number;
  readonly slices: Readonly<Record<string, Score>>;
  readonly survivors: readonly Survivor[];
  /** Listed as equivalent and killed all the same. */
  readonly killedThoughListed: readonly string[];
}

export interface Survivor {
  readonly id: string;
  readonly at: string;
  readonly mutator: string;
  readonly original: string;
  readonly replacement: string;
  readonly status: Status;
  readonly refusedByTypes: boolean;
  readonly equivalent?: string;
}

const isKilled = ({ tried: { status } }: Outcome): boolean => status === "killed" || status === "timeout";
const percent = (part: number, whole: number): number => (whole === 0 ? 100 : Math.round((part / whole) * 1_000) / 10);

export function scoreOf(outcomes: readonly Outcome[]): Score {
  // What could not even be run tells nothing.
  const told = outcomes.filter(({ tried }) => tried.status !== "error");
  const killed = told.filter(isKilled).length;
  const survivors = told.filter(one => !isKilled(one));
  const refusedByTypes = survivors.filter(one => one.refusedByTypes).length;
  const equivalent = survivors.filter(one => !one.refusedByTypes && one.equivalent !== undefined).length;
  return {
    drawn: told.length,
    killed,
    timedOut: told.filter(({ tried }) => tried.status === "timeout").length,
    survived: survivors.length,
    refusedByTypes,
    equivalent,
    score: percent(killed, told.length),
    scoreOfReal: percent(killed, told.length - refusedByTypes - equivalent),
  };
}

export function figuresOf(
  outcomes: readonly Outcome[],
  drawnFrom: Pick<Figures, "seed" | "share" | "population">,
): Figures {
  const slices = [...new Set(outcomes.map(one => one.mutant.slice))].sort();
  return {
    ...drawnFrom,
    ...scoreOf(outcomes),
    slices: Object.fromEntries(
      slices.map(slice => [slice, scoreOf(outcomes.filter(({ mutant }) => mutant.slice === slice))]),
    ),
    survivors: outcomes
      .filter(one => !isKilled(one) && one.tried.status !== "error")
      .map(({ mutant, tried, refusedByTypes, equivalent }) => ({
        id: mutant.id,
        at: `${mutant.file}:${mutant.start.line}:${mutant.start.column}`,
        mutator: mutant.mutator,
        original: mutant.original,
        replacement: mutant.replacement,
        status: tried.status,
        refusedByTypes,
        ...(equivalent === undefined ? {} : { equivalent: equivalent.reason }),
      })),
    killedThoughListed: outcomes.filter(one => isKilled(one) && one.equivalent !== undefined).map(one => one.mutant.id),
  };
}

const oneLine = (text: string): string => {
  const flat = text.replace(/\s+/g, " ");
  return flat.length <= 90 ? flat : `${flat.slice(0, 60)} … ${flat.slice(-25)}`;
};

export function render(figures: Figures): string {
  const rows = Object.entries(figures.slices).map(([slice, one]) => row(slice, one));
  const survivors = figures.survivors.map(one => {
    const why = one.refusedByTypes
      ? " [does not compile]"
      : one.equivalent === undefined
        ? ""
        : ` [equivalent: ${one.equivalent}]`;
    return `${one.at} ${one.status}${why}\n  - ${oneLine(one.original)}\n  + ${oneLine(one.replacement)}\n  ${one.id}`;
  });
  return [
    "slice             drawn  killed  survived  ill-typed  equivalent  score  of the rest",
    ...rows,
    row("all", figures),
    "",
    ...survivors,
    ...figures.killedThoughListed.map(id => `listed as equivalent, and killed: ${id}`),
    "",
    `${figures.score} % of ${figures.drawn} mutants killed by the tests (${figures.timedOut} of them by never ending), drawn from ${figures.population} with seed ${figures.seed}; without those that do not compile or are equivalent ${figures.scoreOfReal} %`,
  ].join("\n");
}

const row = (name: string, one: Score): string =>
  `${name.padEnd(16)} ${[one.drawn, one.killed, one.survived, one.refusedByTypes, one.equivalent]
    .map((n, i) => String(n).padStart([6, 7, 9, 10, 11][i] ?? 6))
    .join(" ")} ${one.score.toFixed(1).padStart(6)} ${one.scoreOfReal.toFixed(1).padStart(12)}`;
