/**
 * `npm run bench:subjects`: 100,000 subjects held against 1,000 patterns at once, beside a look at each pattern for a hundredth of the subjects.
 * Prints {milliseconds, perSubjectRatio}.
 */
import { covers } from "../../models/policy/pattern.ts";
import { SubjectIndex } from "../../models/policy/subject-index.ts";

const words = Array.from({ length: 60 }, (_, i) => `word${i}`);
const at = (i: number, salt: number): string => words[(i * 7919 + salt * 104_729) % words.length] ?? "";
const patterns = Array.from({ length: 1_000 }, (_, i) =>
  [at(i, 1), i % 3 === 0 ? "*" : at(i, 2), i % 5 === 0 ? ">" : at(i, 3)].join("."),
);
const subjects = Array.from({ length: 100_000 }, (_, i) =>
  [at(i, 4), at(i, 5), at(i, 6), `n${i}`].slice(0, 3 + (i % 2)).join("."),
);

function timed(work: () => number): { readonly ms: number; readonly found: number } {
  const began = performance.now();
  const found = work();
  return { ms: performance.now() - began, found };
}

const index = new SubjectIndex(patterns);
const indexed = (): number => subjects.reduce((sum, one) => sum + index.covering(one).length, 0);
const some = subjects.filter((_, i) => i % 100 === 0);
const each = (): number => some.reduce((sum, one) => sum + patterns.filter(pattern => covers(pattern, one)).length, 0);
indexed();
const [{ ms, found }, plain] = [timed(indexed), timed(each)];
const perSubjectRatio = plain.ms / some.length / (ms / subjects.length);
console.log(
  JSON.stringify({ milliseconds: Number(ms.toFixed(1)), found, perSubjectRatio: Number(perSubjectRatio.toFixed(1)) }),
);
