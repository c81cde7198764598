/** The oracle is asked once a run on real servers, too, where the places in the report are its explanation. */
import { expect, test } from "vitest";
import { timesAsked, whileDown } from "./asked-once.ts";

test("a replay of two runs in the live world asks the oracle once a run", async () => {
  const args = ["replay", whileDown, "--world", "live", "--bus", "typescript-nats-js-3", "--times", "2", "--json"];
  expect(await timesAsked(args)).toBe(2);
});
