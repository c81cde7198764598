/** What the oracle answers for a run is kept with its judgement: it is not asked a second time for the report. */
import { expect, test } from "vitest";
import { timesAsked, whileDown } from "./asked-once.ts";

test.each([1, 5])("a replay of %i runs in the model world asks the oracle once a run", async runs => {
  const args = ["replay", whileDown, "--world", "model", "--profile", "nats-js-3", "--times", String(runs), "--json"];
  expect(await timesAsked(args)).toBe(runs);
});
