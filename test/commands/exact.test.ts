/** An exact case of the corpus must permit one outcome: a drill of a loosened model is no drill that holds. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PlannedCase } from "../../models/plan/plan.ts";
import { drill } from "../../src/commands/drill.ts";
import type { DrillOptions } from "../../src/drills/corpus/found.ts";
import { type Permitted, permittedLedgers } from "../../src/judge/permitted.ts";
import { plain } from "../../src/report/paint.ts";
import type { Context } from "../../src/runs/context.ts";
import { ownFolder, withoutServers } from "./faultline.ts";

const exact = "reconnect-buffer/published-while-down";
const here = process.cwd();
const environment = { ...process.env };

beforeEach(() => {
  const folder = ownFolder();
  Object.assign(process.env, withoutServers(folder));
  process.chdir(folder);
});

afterEach(() => {
  process.chdir(here);
  Object.assign(process.env, environment);
});

const context: Context = {
  progress: { now() {}, note() {}, end() {} },
  paint: plain,
  signal: new AbortController().signal,
  say() {},
  note() {},
  onLeave() {},
};
const options: DrillOptions = {
  buses: ["go-nats-go"],
  ...{ profile: undefined, seed: "1", require: [], policy: undefined, lanes: 1, backend: "process", all: false },
};

/** The corpus on a model that permits what it permits, and of one scenario what is given. */
const drillOf = (other: (one: Permitted) => Permitted) =>
  drill(context, options, (planned: PlannedCase) =>
    planned.scenario.id === exact
      ? other(permittedLedgers(planned))
      : { ledgers: permittedLedgers(planned, 1).ledgers.slice(0, 1), complete: true },
  );

test("a drill is violated where the model permits a second outcome of an exact case, and names both", async () => {
  const { exitCode, document, text } = await drillOf(({ ledgers, complete }) => ({
    ledgers: ledgers.flatMap(one => [one, { ...one, classes: { ...one.classes, ambiguous: 1 } }]),
    complete,
  }));
  expect([exitCode, document.verdict]).toEqual([1, "violated"]);
  expect(document.violations).toMatchObject([{ scenario: exact, bus: "nats-go", world: "model", property: "expect" }]);
  expect(text).toMatch(/the model permits \d+ kept or \d+ kept and 1 ambiguous/);
});

test("a drill is inconclusive in the model, too, where what it permits was not followed to its end", async () => {
  const { exitCode, document, text } = await drillOf(({ ledgers }) => ({ ledgers, complete: false }));
  expect([exitCode, document.verdict]).toEqual([2, "inconclusive"]);
  expect(document.worlds).toMatchObject({ model: { verdict: "inconclusive" } });
  expect(document.notShown).toMatchObject([{ scenario: exact, bus: "nats-go", world: "model", missing: [] }]);
  expect(text).toContain("the model has more ways to go than were followed");
});

test("a drill whose exact cases permit one outcome each holds in the model", async () => {
  const { document } = await drillOf(one => one);
  expect(document).toMatchObject({ worlds: { model: { verdict: "holds" } }, violations: [], notShown: [] });
});
