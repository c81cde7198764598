/** A pool of links is one link with several ports. */
import { expect, test } from "vitest";
import { LinkPool } from "../../../src/worlds/live/link-pool.ts";
import type { CountsByTurn } from "../../../src/worlds/live/proxy-metrics.ts";
import type { LiveLink, ToxicName } from "../../../src/worlds/live/toxiproxy.ts";

/** A link that keeps what was asked of it. */
function fakeLink(port: number, counts: CountsByTurn = new Map(), all: string[] = []) {
  const asked: string[] = [];
  const note = (what: string) => async (): Promise<void> => void asked.push(what);
  const laid = new Set<ToxicName>();
  const link = {
    port,
    isOpen: false as boolean,
    async open() {
      asked.push("open");
      link.isOpen = true;
    },
    async cut() {
      all.push(`cut ${port}`);
      asked.push("cut");
      link.isOpen = false;
    },
    hold: async () => void laid.add("hold"),
    limit: note("limit"),
    blackhole: note("blackhole"),
    holdDownstream: note("hold-downstream"),
    loseNextDownstream: note("lose-downstream"),
    chokeDownstream: note("choke"),
    async release(name: ToxicName) {
      asked.push(`release ${name}`);
      laid.delete(name);
    },
    toxics: async () => [],
    shows: (name: ToxicName) => laid.has(name),
    stillShows: async (...names: readonly ToxicName[]) => names.every(name => laid.has(name)),
    counted: async () => counts,
    settled: undefined,
  } satisfies LiveLink;
  return { link, asked };
}

type Fake = ReturnType<typeof fakeLink>;

const opening = { closesWith: "fin" } as const;

async function opened(connectedTo = 2) {
  const all: string[] = [];
  const [first, second, third] = [1, 2, 3].map(port => fakeLink(port, new Map(), all)) as [Fake, Fake, Fake];
  const pool = new LinkPool(first.link, [second.link, third.link], port => port === connectedTo);
  await pool.open(opening);
  return { pool, first, second, third, all };
}

test("each of its ports is opened, and cut off alone or with all others", async () => {
  const { pool, first, second, third } = await opened();
  expect(pool.ports).toEqual([1, 2, 3]);
  await pool.cutAt(2);
  expect([pool.isOpen, ...pool.ports.map(port => pool.isOpenAt(port))]).toEqual([true, true, false, true]);
  await pool.cut();
  expect([pool.isOpen, first.asked, second.asked, third.asked]).toEqual([
    false,
    ["open", "cut"],
    ["open", "cut"],
    ["open", "cut"],
  ]);
});

test.each([1, 2, 3])("the link of the client comes last, or it would go on to another: port %s", async port => {
  const { pool, all } = await opened(port);
  await pool.cut();
  expect([all.length, all.at(-1)]).toEqual([3, `cut ${port}`]);
});

test("those that were cut off are opened again, and no others", async () => {
  const { pool, first, second } = await opened();
  await pool.cutAt(2);
  await pool.openRest();
  expect([pool.isOpenAt(2), first.asked, second.asked]).toEqual([true, ["open"], ["open", "cut", "open"]]);
});

test("the connections of one port end, and dials of it are taken", async () => {
  const { pool, first, second } = await opened();
  await pool.endAt(2);
  expect([pool.isOpenAt(2), first.asked, second.asked]).toEqual([
    true,
    ["open"],
    ["open", "blackhole", "release blackhole"],
  ]);
});

test("a hindrance is laid on all that are open, and shown by all of them", async () => {
  const { pool, second } = await opened();
  await pool.hold();
  expect([pool.shows("hold"), await pool.stillShows("hold"), pool.shows("limit")]).toEqual([true, true, false]);
  await second.link.release("hold");
  expect([pool.shows("hold"), await pool.stillShows("hold")]).toEqual([false, false]);
  await pool.cutAt(2);
  expect([pool.shows("hold"), await pool.stillShows("hold")]).toEqual([true, true]);
});

test("the bytes of its links are counted together, by turn", async () => {
  const one = fakeLink(1, new Map([[0, { received: 10, sent: 8 }]]));
  const other = fakeLink(
    2,
    new Map([
      [0, { received: 1, sent: 1 }],
      [1, { received: 5, sent: 5 }],
    ]),
  );
  expect([...(await new LinkPool(one.link, [other.link], () => false).counted())]).toEqual([
    [0, { received: 11, sent: 9 }],
    [1, { received: 5, sent: 5 }],
  ]);
});
