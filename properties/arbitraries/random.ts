/** Chance for generators: named streams of one seed word. Never used by a world. */
import seedrandom from "seedrandom";

export interface Random {
  /** An integer in [min, max]. */
  int(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
}

export function randomOf(seed: string, stream: string): Random {
  const next = seedrandom.alea(`${seed}/${stream}`);
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    int,
    chance: probability => next() < probability,
    pick<T>(list: readonly T[]): T {
      const one = list[int(0, list.length - 1)];
      if (one === undefined) throw new Error("pick from an empty list");
      return one;
    },
  };
}
