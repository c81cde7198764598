/** The figures of one round of a measurement, by name. */
export type Figures = Readonly<Record<string, number>>;

/** The least of each figure. Whatever disturbs a round only ever adds to it. */
export function leastOf(rounds: readonly Figures[]): Figures {
  const [first = {}] = rounds;
  return Object.fromEntries(
    Object.keys(first).map(name => [name, Math.min(...rounds.map(one => one[name] ?? Number.NaN))]),
  );
}
