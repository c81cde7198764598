/** A client that says it has closed and is connected again is a finding about the client: the server's own list shows it. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, root } from "./faultline.ts";

const lies = join(root, "test/commands/lies-of-a-bus.mjs");
const promise = "connection/a-closed-client-stays-closed";

test.each([
  ["comes-back", "shutdown/a-publish-after-close-is-refused"],
  ["comes-back", "shutdown/drain-right-after-a-burst"],
  ["comes-back", "connection/giving-up-closes-and-refuses"],
  ["comes-back-at-once", "shutdown/drain-right-after-a-burst"],
])("a client that %s, after it has closed, is convicted in %s", async (lie, id) => {
  const scenario = join(root, `fixtures/scenarios/${id}.json`);
  const args = [
    "replay",
    scenario,
    "--world",
    "live",
    "--bus",
    `node ${lies} ${lie}`,
    "--times",
    "1",
    "--lanes",
    "1",
    "--json",
  ];
  const { code, json } = await faultline(args);
  const [live] = json.verdicts;
  expect(live.reason).toMatch(
    /a client that had closed is connected again: the server has connection \d+ under its name/,
  );
  expect(live.verdict).toBe("violated");
  const broken = live.properties.filter(({ verdict }: { readonly verdict: string }) => verdict === "violated");
  expect(broken.map(({ property }: { readonly property: string }) => property)).toEqual([promise]);
  expect(code).toBe(1);
});

test("the same bus without the lie stays closed, and is looked for", async () => {
  const scenario = join(root, "fixtures/scenarios/shutdown/a-publish-after-close-is-refused.json");
  const args = ["replay", scenario, "--world", "live", "--bus", "typescript-nats-js-3", "--times", "1", "--json"];
  const { code, json } = await faultline(args);
  expect(json.verdicts[0].properties).toContainEqual(
    expect.objectContaining({ property: promise, verdict: "holds", exercised: 1 }),
  );
  expect(code).toBe(0);
});

test("a client that loses a healed link again and again is convicted, whatever of the case is given up for it", async () => {
  const scenario = join(root, "fixtures/scenarios/reconnect-buffer/published-while-down.json");
  const bus = ["--bus", `node ${lies} flaps`];
  const { code, json } = await faultline(["replay", scenario, "--world", "live", ...bus, "--times", "1", "--json"]);
  const [live] = json.verdicts;
  const endsConnected = expect.objectContaining({
    property: "connection/every-healed-outage-ends-connected",
    verdict: "violated",
    // The last look may fall between two of its connections.
    reason: expect.stringMatching(
      /^(everything had healed, and the client came back and lost its connection \d+ times: |settled, and the client's last word is disconnected)/,
    ),
  });
  expect(live.properties, JSON.stringify(live)).toContainEqual(endsConnected);
  expect([live.verdict, code]).toEqual(["violated", 1]);
});
