/** A case that runs alone has the machine to itself, and nothing waits for ever. */
import { expect, test } from "vitest";
import { Turns } from "../../../src/worlds/live/turns.ts";

const gate = (): { readonly opened: Promise<void>; open(): void } => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
};
const soon = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** Work that counts how often it runs at once. */
function counted() {
  let running = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await soon();
    running--;
  };
  const reset = (): void => {
    most = 0;
  };
  return { work, most: () => most, running: () => running, reset };
}

test("work beside each other overlaps; work alone begins when it is over, and what comes later waits for that", async () => {
  const turns = new Turns(8);
  const seen: string[] = [];
  const gates = new Map(["a", "b", "alone", "later"].map(name => [name, gate()]));
  const work = (name: string) => async (): Promise<string> => {
    seen.push(`${name} begins`);
    await gates.get(name)?.opened;
    seen.push(`${name} ends`);
    return name;
  };
  const all = [
    turns.beside(work("a")),
    turns.beside(work("b")),
    turns.alone(work("alone")),
    turns.beside(work("later")),
  ];
  for (const name of ["a", "b", "alone", "later"]) {
    await soon();
    gates.get(name)?.open();
  }
  expect(await Promise.all(all)).toEqual(["a", "b", "alone", "later"]);
  expect(seen).toEqual([
    ...["a begins", "b begins", "a ends", "b ends", "alone begins"],
    ...["alone ends", "later begins", "later ends"],
  ]);
});

test("two that run alone follow each other, and work that fails gives its turn on", async () => {
  const turns = new Turns(8);
  const { work, most, running } = counted();
  const failing = async (): Promise<void> => {
    await work();
    throw new Error("it failed");
  };
  const all = await Promise.allSettled([turns.alone(failing), turns.alone(failing), turns.beside(failing)]);
  expect(all.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect([most(), await turns.alone(async () => running())]).toEqual([1, 0]);
});

test("each one that has to run alone halves how many run beside each other, and those that end well bring them back", async () => {
  const turns = new Turns(8);
  const { work, most, reset } = counted();
  const atOnce = async (count: number): Promise<number> => {
    reset();
    await Promise.all(Array.from({ length: count }, () => turns.beside(work)));
    return most();
  };
  expect(await atOnce(20)).toBe(8);
  await turns.alone(work);
  await turns.alone(work);
  expect(turns.besideNow).toBe(2);
  // As many as run at once make room for one more when they end, and so on up to eight.
  expect(await atOnce(2)).toBe(2);
  expect(turns.besideNow).toBe(2);
  expect(await atOnce(1)).toBe(1);
  expect(turns.besideNow).toBe(3);
  expect(await atOnce(60)).toBe(8);
  for (let i = 0; i < 5; i++) await turns.alone(work);
  expect(turns.besideNow).toBe(1);
  expect(await atOnce(1)).toBe(1);
});
