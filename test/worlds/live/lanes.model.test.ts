/** Cases are spread over lanes, and what they came to is read in their order. */
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { inLanes, Pool } from "../../../src/worlds/live/lanes.ts";

/** Work that ends when told to. */
function byHand() {
  const ends = new Map<number, { resolve: (result: string) => void; reject: (error: Error) => void }>();
  const begun: number[] = [];
  const work = (job: number): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    begun.push(job);
    ends.set(job, { resolve, reject });
    return promise;
  };
  const end = async (job: number): Promise<void> => {
    ends.get(job)?.resolve(`done ${job}`);
    await setImmediate();
  };
  const fail = async (job: number): Promise<void> => {
    ends.get(job)?.reject(new Error(`failed ${job}`));
    await setImmediate();
  };
  return { begun, work, end, fail };
}

test("as many jobs as lanes are under way, and results come in the order of the jobs", async () => {
  const { begun, work, end } = byHand();
  const got: string[] = [];
  const reading = (async () => {
    for await (const { job, result } of inLanes(2, [0, 1, 2, 3], work)) got.push(`${job}: ${result}`);
  })();
  await setImmediate();
  expect(begun).toEqual([0, 1]);
  await end(1);
  expect(begun).toEqual([0, 1, 2]);
  await end(2);
  expect(begun).toEqual([0, 1, 2, 3]);
  expect(got).toEqual([]);
  await end(0);
  expect(got).toEqual(["0: done 0", "1: done 1", "2: done 2"]);
  await end(3);
  await reading;
  expect(got).toEqual(["0: done 0", "1: done 1", "2: done 2", "3: done 3"]);
});

test("nothing is begun while the consumer does other work, and what was begun has ended when it leaves", async () => {
  const { begun, work, end } = byHand();
  const results = inLanes(2, [0, 1, 2, 3, 4], work);
  const first = results.next();
  await setImmediate();
  await end(0);
  await first;
  const before = [...begun];
  await end(1);
  expect(begun).toEqual(before);
  let hasLeft = false;
  const leaving = results.return().then(() => {
    hasLeft = true;
  });
  await setImmediate();
  const open = before.filter(job => job > 1);
  expect(hasLeft).toBe(open.length === 0);
  for (const job of open) await end(job);
  await leaving;
  expect(begun).toEqual(before);
});

test("a job that fails ends it in its turn: those before it are read, and no other is begun", async () => {
  const { begun, work, end, fail } = byHand();
  const got: number[] = [];
  const reading = (async () => {
    for await (const { job } of inLanes(2, [0, 1, 2, 3], work)) got.push(job);
  })();
  const failure = expect(reading).rejects.toThrow("failed 1");
  await setImmediate();
  await fail(1);
  await end(0);
  await failure;
  expect(got).toEqual([0]);
  expect(begun).toEqual([0, 1]);
});

test("a pool opens a member only for who would wait, one at a time, and lends each to one at a time", async () => {
  const opening = byHand();
  const pool = new Pool(2, index => opening.work(index));
  const using = byHand();
  const users = [10, 11, 12].map(job => pool.use(member => using.work(job).then(() => member)));
  await setImmediate();
  expect(opening.begun).toEqual([0]);
  await opening.end(0);
  expect(using.begun).toEqual([10]);
  expect(opening.begun).toEqual([0, 1]);
  await using.end(10);
  expect(using.begun).toEqual([10, 11]);
  await opening.end(1);
  expect(using.begun).toEqual([10, 11, 12]);
  await using.end(11);
  await using.end(12);
  expect(await Promise.all(users)).toEqual(["done 0", "done 0", "done 1"]);
  const closed: string[] = [];
  await pool.close(async member => closed.push(member));
  expect(closed).toEqual(["done 0", "done 1"]);
});

test("who waits for a member that cannot be opened is told; the others wait on", async () => {
  const opening = byHand();
  const pool = new Pool(2, index => opening.work(index));
  const first = pool.use(async member => member);
  const refused = expect(first).rejects.toThrow("failed 0");
  await setImmediate();
  const second = pool.use(async member => member);
  await opening.fail(0);
  await refused;
  await opening.end(0);
  expect(await second).toBe("done 0");
});

test("a closed pool refuses who waits, and closes the member that was on its way", async () => {
  const opening = byHand();
  const pool = new Pool(1, index => opening.work(index));
  const refused = expect(pool.use(async member => member)).rejects.toThrow("closed");
  const closed: string[] = [];
  const closing = pool.close(async member => closed.push(member));
  await refused;
  await opening.end(0);
  await closing;
  expect(closed).toEqual(["done 0"]);
});
