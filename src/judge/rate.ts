/** The rate at which a live failure came again, with what a few runs can tell about its true rate. */
import { z } from "zod";

const count = z.int().min(0);
const percent = z.int().min(0).max(100);
export const rateSchema = z.strictObject({
  k: count,
  n: count,
  percent95: z.tuple([percent, percent]).readonly().optional(),
});
/** `percent95` is the 95 % Wilson score interval of k of n, in whole per cent; absent where nothing is left to chance. */
export type Rate = Readonly<z.output<typeof rateSchema>>;

/** The 97.5 % quantile of the normal distribution. */
const z95 = 1.959_964;

/** The rate of k live runs out of n. */
export const liveRate = (k: number, n: number): Rate => ({ k, n, percent95: wilson95(k, n) });

/** Wilson's score interval. Unlike the plain one it is useful where all or none came, and for few runs. */
export function wilson95(k: number, n: number): readonly [number, number] {
  if (n === 0) return [0, 100];
  const share = k / n;
  const squared = z95 ** 2 / n;
  const middle = share + squared / 2;
  const half = z95 * Math.sqrt((share * (1 - share)) / n + squared / (4 * n));
  const at = (bound: number): number => Math.round((100 * bound) / (1 + squared));
  return [at(middle - half), at(middle + half)];
}

/** "9 of 10 (60-98 %)". */
export const rateText = ({ k, n, percent95 }: Rate, noun = ""): string =>
  `${k} of ${n}${noun === "" ? "" : ` ${noun}`}${percent95 === undefined ? "" : ` (${percent95.join("-")} %)`}`;
