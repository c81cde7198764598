/** A profile is what one version of a client does: a bus that runs another is told so, and a bundled bus runs that one. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { profiles } from "../../models/profiles/index.ts";
import { faultline, root } from "./faultline.ts";

const lies = join(root, "test/commands/lies-of-a-bus.mjs");
const scenario = join(root, "fixtures/scenarios/reconnect-buffer/published-while-down.json");
const remark =
  "The bus runs @nats-io/transport-node 3.0.0, and the profile nats-js-3 is what 3.4.0 does: a violation may be a difference between the two versions.";

test("a bus with another version of its client than the profile's is told of the difference", async () => {
  const replayed = await faultline([
    "replay",
    scenario,
    "--world",
    "live",
    "--bus",
    `node ${lies} is-older`,
    "--times",
    "1",
  ]);
  expect(replayed.stdout).toContain(remark);
  const compared = await faultline(["compare", "--bus", `node ${lies} is-older`, "--runs", "2", "--seed", "1"]);
  expect(compared.stdout).toContain(remark);
});

test("a bundled bus runs the version that its profile was measured with, and nothing is said", async () => {
  const { stdout, json } = await faultline(["doctor", "--json"]);
  for (const { profile, client } of json.buses) {
    const known = profiles[profile];
    expect(client, stdout).toBe(`${known?.client} ${known?.clientVersion}`);
  }
  const { stdout: said } = await faultline([
    "replay",
    scenario,
    "--world",
    "live",
    "--bus",
    "typescript-nats-js-3",
    "--times",
    "1",
  ]);
  expect(said).not.toContain("The bus runs");
});
