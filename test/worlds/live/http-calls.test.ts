/** What a live case asks of the proxy: a reply that shows what was done is not asked for again, and a fault is looked at once more before its heal. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { profiles } from "../../../models/profiles/index.ts";
import type { Fault, Scenario, Step } from "../../../models/vocabulary/scenario.ts";
import { parseScenario } from "../../../src/files/scenario-schema.ts";
import { runCase } from "../../../src/judge/run.ts";
import { type LiveStage, openSite, type Site } from "../../../src/worlds/live/index.ts";
import { countCalls } from "../../http-calls.ts";

let site: Site;
let stage: LiveStage;

beforeAll(async () => {
  site = await openSite(line => console.error(line));
  stage = await site.openBus("typescript-nats-js-3");
}, 1_200_000);

afterAll(() => site?.close());

const scenarioOf = (fault: Fault, notice: readonly Step[] = [], options: object = {}): Scenario => {
  const steps: readonly Step[] = [
    { id: "start", kind: "start" },
    { id: "flush", kind: "flush", timeoutMs: 5_000 },
    { id: "fault", kind: "fault", fault },
    { id: "publish", kind: "publish", count: 5, bytes: 16 },
    ...notice,
    { id: "heal", kind: "heal", awaits: "connected" },
  ];
  return parseScenario(
    JSON.stringify({ version: 1, id: "http-calls/one", why: "A test.", options, steps }),
    "http-calls.test.ts",
  );
};

const opened = "POST proxies";
const laid = "POST proxies/*/toxics";
const enabled = "POST proxies/*";
const looked = "GET proxies/*";
const removed = "DELETE proxies/*";
const cut: Fault = { kind: "cut", awaits: "noticed" };
const stop: Fault = { kind: "stop-server", signal: "TERM", awaits: "noticed" };
const notice: Step = { id: "notice", kind: "await-noticed" };

test.each([
  ["a cut", scenarioOf(cut), [opened, removed, opened, removed]],
  [
    "a cut that resets",
    scenarioOf(cut, [], { cutsWith: "rst" }),
    [opened, laid, enabled, looked, removed, opened, laid, enabled, removed],
  ],
  ["a stop", scenarioOf(stop), [opened, removed, opened, removed]],
  ["a pause", scenarioOf({ kind: "pause-server" }), [opened, removed]],
  ["a hold", scenarioOf({ kind: "hold" }), [opened, laid, looked, `${removed}/toxics/hold`, removed]],
  ["a limit", scenarioOf({ kind: "limit", bytes: 100 }), [opened, laid, laid, removed, opened, removed]],
  [
    "a blackhole",
    scenarioOf({ kind: "blackhole" }, [notice], { pingIntervalMs: 100 }),
    [opened, laid, laid, looked, removed, opened, removed],
  ],
])("%s costs no call that would tell nothing new", { timeout: 60_000 }, async (_, scenario, asked) => {
  const profile = profiles["nats-js-3"];
  if (profile === undefined) throw new Error("There is no profile nats-js-3.");
  const calls = countCalls();
  const { judgement } = await runCase(stage, { scenario, bus: "typescript-nats-js-3", profile, seed: "1" });
  calls.stop();
  expect(judgement.verdict, judgement.reason).toBe("holds");
  // Each opening has a name of its own, so that its bytes are counted apart.
  const unnumbered = calls.all.map(call => call.replace(/\*-\d+/, "*"));
  expect(unnumbered.filter(call => call.includes("proxies"))).toEqual(asked);
});
