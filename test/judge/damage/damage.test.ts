/** Whatever is damaged in one place of a run is noticed, or it is another run that the model permits; docs/compared.md names the rest. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Event } from "../../../models/vocabulary/event.ts";
import { times } from "../../models/cases.ts";
import { rowOf, rows } from "./rows.ts";
import { type Survival, settings, survivalOf } from "./survival.ts";

const page = readFileSync(new URL("../../../docs/compared.md", import.meta.url), "utf8");

test("docs/compared.md has the rows of the code, in their order", () => {
  const written = [...page.matchAll(/^\| (.+) \| (.+) \|$/gm)].map(([, name, reason]) => ({ name, reason }));
  expect(written.slice(1)).toEqual(rows.map(({ name, reason }) => ({ name, reason })));
});

describe("a run that was damaged in one place", () => {
  test("and still holds is one that the model permits, up to the rows", () => {
    const damaged = Array.from({ length: times(600) }, (_, i) => survivalOf("test", i)).filter(
      one => one !== undefined,
    );
    expect(damaged.length).toBeGreaterThan(times(500));
    const held = damaged.filter(({ verdict }) => verdict === "holds");
    const shown = ({ word, name, damage }: Survival): string => `${word}: ${name} of ${JSON.stringify(damage.before)}`;
    expect(held.filter(({ row }) => row === undefined).map(shown)).toEqual([]);
    // Nearly half of them held when each actor was compared for itself alone.
    expect(held.length).toBeLessThan(damaged.length / 5);
    expect(settings).toHaveLength(9);
  });
});

describe("no row covers", () => {
  const published = (first: number): Event => ({
    ...{ kind: "published", step: "publish-1", first, count: 1, frameBytes: 34 },
    outcome: { is: "accepted" },
  });
  const delivered = (first: number): Event => ({ kind: "delivered", first, count: 1 });
  const exited: Event = {
    ...{ kind: "process", change: "exited", replica: 0, because: "stopped", code: 0 },
    ...{ tookMs: 5, forced: false, toldLost: 0, atMs: 9 },
  };
  const run = [published(0), published(1), delivered(0), delivered(1), exited];
  const others: readonly (readonly [string, readonly Event[]])[] = [
    ["a loss", run.filter(event => event !== run[3])],
    ["a duplicate", run.toSpliced(3, 0, delivered(0))],
    ["an order within an actor", run.with(2, delivered(1)).with(3, delivered(0))],
    ["an outcome", run.with(0, { ...published(0), outcome: { is: "acked" } } as Event)],
    ["an exit code", run.with(4, { ...exited, code: 1 } as Event)],
  ];
  test.each(others)("%s", (_what, other) => {
    expect(rowOf(run, other)).toBeUndefined();
  });

  test("and each covers what it names", () => {
    const [order, repeats, refused, clock, took, gap, unsent] = rows.map(({ name }) => name);
    expect(rowOf(run, [...run.slice(2, 4), ...run.slice(0, 2), exited])).toBe(order);
    const down: Event = { kind: "connection", change: "disconnected" };
    expect(rowOf([...run, down], [...run, down, down])).toBe(repeats);
    const dialled = (count: number): Event => ({ kind: "dialled", step: "heal", count, end: "healed" });
    expect(rowOf([...run, dialled(2)], [...run, dialled(3)])).toBe(refused);
    expect(rowOf(run, run.with(4, { ...exited, atMs: 10 } as Event))).toBe(clock);
    expect(rowOf(run, run.with(4, { ...exited, tookMs: 6 } as Event))).toBe(took);
    const timedOut = (tookMs: number): Event => ({ ...published(2), tookMs }) as Event;
    expect(rowOf([...run, timedOut(700)], [...run, timedOut(701)])).toBe(took);
    const silent = (mostMs: number): Event => ({ kind: "gap", took: { leastMs: 0, mostMs } });
    expect(rowOf([...run, silent(700)], [...run, silent(701)])).toBe(gap);
    const drained = (bytes: number): Event => ({
      kind: "called",
      step: "drain",
      call: "drain",
      outcome: { is: "ok" },
      unsent: { bytes },
    });
    expect(rowOf([...run, drained(34)], [...run, drained(35)])).toBe(unsent);
  });
});
