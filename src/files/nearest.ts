/** The known word that an unknown one was probably meant to be. */

/** Longer words are no slips of a known one, and comparing them takes long. */
const slipCharsMax = 64;

/** The word that the fewest insertions, deletions and replacements lead to; of several the first. Of a long word the beginning counts. */
export function nearest(to: string, words: readonly string[]): string {
  const slip = to.slice(0, slipCharsMax);
  const distances = words.map(word => distance(slip, word));
  return words[distances.indexOf(Math.min(...distances))] ?? "";
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** A question to end an error with, where a known word differs in no more than a third of its letters; otherwise empty. */
export function didYouMean(name: string, words: readonly string[]): string {
  if (name.length > slipCharsMax) return "";
  const word = nearest(name, words);
  return distance(name, word) * 3 > word.length ? "" : ` Did you mean ${word}?`;
}
