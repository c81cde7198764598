/**
 * `npm run soak:scaled -- --policies 1000 --seed s`: every case of the four questions under random policies with every demand, in the model.
 * It prints how many are marked `retimed`, by promise and by cause. A case that breaks other promises in the time of a live run and is not
 * marked is printed and ends in 1. `--only n` is the policy of that number alone.
 */
import { parseArgs } from "node:util";
import { type Compared, comparedUnder, profileAt, randomPolicy } from "./scaled/compared.ts";

const { values } = parseArgs({
  options: {
    policies: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});

function main(): number {
  const { seed, only } = values;
  const indexes = only === undefined ? Array.from({ length: Number(values.policies) }, (_, i) => i) : [Number(only)];
  const promises = new Map<string, number>();
  const causes = new Map<string, number>();
  let cases = 0;
  let retimed = 0;
  let policies = 0;
  let unmarked = 0;
  for (const index of indexes) {
    const profile = profileAt(index);
    const all = comparedUnder(randomPolicy(seed, index), profile);
    const marked = all.filter(one => one.retimed);
    cases += all.length;
    retimed += marked.length;
    if (marked.length > 0) policies++;
    for (const one of marked) {
      count(causes, one.cause ?? "none");
      for (const { promise, only: where } of one.differing) count(promises, `${promise}, in ${where} alone`);
    }
    for (const one of all.filter(({ retimed: isMarked, differing }) => !isMarked && differing.length > 0)) {
      unmarked++;
      console.log(`NOT MARKED: policy ${index}, ${profile.name}, ${one.id}: ${differingText(one)}`);
    }
    if (only !== undefined) for (const one of marked) console.log(`${one.id}: ${differingText(one)}`);
  }
  const share = (one: number, of: number): string => `${one} of ${of} (${((100 * one) / of).toFixed(2)} %)`;
  console.log(`${share(retimed, cases)} cases are retimed, under ${share(policies, indexes.length)} policies`);
  show("by promise", promises);
  show("by cause", causes);
  console.log(`${unmarked} differ and are not marked`);
  return unmarked > 0 ? 1 : 0;
}

const differingText = ({ differing, cause }: Compared): string =>
  `${differing.map(({ promise, only }) => `${promise} in ${only} alone`).join(", ")} (${cause})`;

const count = (counts: Map<string, number>, word: string): void => void counts.set(word, (counts.get(word) ?? 0) + 1);

function show(title: string, counts: ReadonlyMap<string, number>): void {
  console.log(`${title}:`);
  for (const [word, times] of [...counts].sort(([, a], [, b]) => b - a)) console.log(`  ${times} ${word}`);
}

process.exitCode = main();
