/** What the server's own counts of a consumer prove about a bus: each case was a wait that was not met, and is a finding. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, root } from "./faultline.ts";

const lies = join(root, "test/commands/lies-of-a-bus.mjs");
const handled = "durable-path/every-stored-message-is-handled";
const kept = "durable-path/a-failed-message-is-kept";

test.each([
  ["forgets-a-handling", "a-handled-message-stays-in-its-stream", handled, /of which the bus has reported \d+: /],
  [
    "fails-in-word",
    "a-failed-message-is-given-again",
    kept,
    /as acknowledged: before (its handler|their handlers) had ended, or although/,
  ],
])("a bus that %s is convicted by the server's count", { timeout: 180_000 }, async (lie, name, promise, reason) => {
  const scenario = join(root, `fixtures/scenarios/durable-path/${name}.json`);
  const bus = ["--bus", `node ${lies} ${lie}`];
  const requires = ["--require", promise];
  const { code, json } = await faultline([
    ...["replay", scenario, "--world", "live", ...bus, ...requires],
    ...["--times", "1", "--json"],
  ]);
  const [live] = json.verdicts;
  const broken = expect.objectContaining({
    property: promise,
    verdict: "violated",
    reason: expect.stringMatching(reason),
  });
  expect(live.properties, JSON.stringify(live)).toContainEqual(broken);
  expect([live.verdict, code]).toEqual(["violated", 1]);
});

test("a bus that only says that it has acknowledged is convicted by the delivery that comes again", async () => {
  const scenario = join(root, "fixtures/scenarios/durable-path/a-handled-message-stays-in-its-stream.json");
  const bus = ["--bus", `node ${lies} acks-in-word`];
  const { code, json } = await faultline(["replay", scenario, "--world", "live", ...bus, "--times", "1", "--json"]);
  expect(json.verdicts[0].reason).toMatch(
    /for the 2\. time, on job\.a, and acked: message 0; but the model says nothing more/,
  );
  expect([json.verdicts[0].verdict, code]).toEqual(["violated", 1]);
});
