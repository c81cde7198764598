/** A test that runs with the model cannot start a server by mistake: vitest.config.ts lets it find none. */
import { expect, test } from "vitest";
import { faultline } from "./faultline.ts";

test("a live command finds no server among the tests that run side by side", async () => {
  const { code, stderr } = await faultline([
    "replay",
    "fixtures/scenarios/core-path/held-then-cut-loses-all.json",
    "--world",
    "live",
  ]);
  expect(code).toBe(69);
  expect(stderr).toContain("FAULTLINE_NATS_SERVER names /dev/null");
});
