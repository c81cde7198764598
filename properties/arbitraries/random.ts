/**
 * Chance for generators, never used by a world. A seed is a word that a person can type: alea spreads it once over the base of a named
 * stream. Where a stream begins at `index` follows from base and index alone, so the millionth beginning costs what the first does,
 * and what is drawn from there on comes of sfc32, which is a handful of instructions a word.
 */
import seedrandom from "seedrandom";

export class DrawStream {
  private readonly low: number;
  private readonly high: number;

  constructor(seed: string, name: string) {
    const next = seedrandom.alea(`${seed}/${name}`);
    this.low = next.int32();
    this.high = next.int32();
  }

  /** The draws that belong to `index`, an integer: no two of one stream begin alike. */
  at(index: number): Random {
    const above = Math.floor(index / 0x1_0000_0000);
    return new Random(this.low ^ mix(index), this.high ^ mix(above), mix(index + 0x9e3779b9));
  }
}

/** The draws of one seed that needs no index. */
export const randomOf = (seed: string, stream: string): Random => new DrawStream(seed, stream).at(-1);

/** sfc32: Chris Doty-Humphrey's small fast counting generator, 128 bits of state. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(a: number, b: number, c: number) {
    this.a = a | 0;
    this.b = b | 0;
    this.c = c | 0;
    // As its author has it: that many rounds until every bit of the seed has reached every bit of the state.
    for (let i = 0; i < 12; i++) this.word();
  }

  /** An integer in [min, max]. */
  int(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new Error("pick from an empty list");
    return list[this.int(0, list.length - 1)] as T;
  }

  /** A number in [0, 1), from 32 bits. */
  private fraction(): number {
    return (this.word() >>> 0) / 0x1_0000_0000;
  }

  private word(): number {
    const { a, b, c } = this;
    const drawn = (((a + b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = b ^ (b >>> 9);
    this.b = (c + (c << 3)) | 0;
    this.c = (((c << 21) | (c >>> 11)) + drawn) | 0;
    return drawn;
  }
}

/** Spreads the bits of a word (the finalizer of MurmurHash3): no two words become one. */
function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
