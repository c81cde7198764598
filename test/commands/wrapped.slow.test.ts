/** Buses given as command lines, on real servers: what wraps them changes nothing, and what cannot be known is not claimed. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { findBus } from "../../src/bus-protocol/registry.ts";
import { busesAtHand } from "../buses-at-hand.ts";
import { faultline, ownFolder } from "./faultline.ts";

await busesAtHand();
const program = findBus("go-nats-go").command[0];
/** A bus with a filter between it and the harness, which takes its pid out of the greeting. */
const unknown = `"${program}" | sed -u 's/"pid":[0-9]*,//'`;
const stop = "fixtures/scenarios/shutdown/sigterm-by-close-keeps-what-was-sent.json";

test.each([
  ["a command", `"${program}"`],
  ["a command after another", `cd / && "${program}"`],
])("drill shutdown on %s: every stop is the bus's own, as the model has it", async (_name, bus) => {
  const { code, json } = await faultline(["drill", "shutdown", "--bus", bus, "--seed", "1", "--json"]);
  expect(json).toMatchObject({ verdict: "holds", unclaimed: null, violations: [] });
  for (const one of json.cases) expect([one.id, one.live, one.agrees]).toEqual([one.id, "holds", true]);
  expect(code).toBe(0);
});

test("where its process cannot be known no case with a signal is run, memory is not told, and the reason is", async () => {
  const args = ["--bus", unknown, "--json"];
  const { code, json } = await faultline(["drill", "shutdown", ...args]);
  expect(json).toMatchObject({ verdict: "inconclusive", violations: [] });
  expect(json.unclaimed).toMatch(/cannot be known .* put exec before the command that starts it, or let its greeting/);
  for (const { notRun, live } of json.cases) expect([notRun, live]).toEqual([["signal"], null]);
  expect(code).toBe(2);

  const greeted = await faultline(["doctor", ...args]);
  expect(greeted.json.buses[0]).toMatchObject({ process: null, unclaimed: json.unclaimed });
  expect(greeted.json.advice).toContain(json.unclaimed);
});

test("doctor says of a bus that is wrapped that it is, and of another that it is not", async () => {
  const { json } = await faultline(["doctor", "--bus", `cd / && "${program}"`, "--bus", `"${program}"`, "--json"]);
  expect(json.buses.map((one: { process: unknown }) => one.process)).toEqual(["wrapped", "started"]);
  expect(json.advice).toEqual([]);
});

test("a replay that needs a signal says why it cannot be given", async () => {
  const { code, stdout } = await faultline(["replay", stop, "--world", "live", "--bus", unknown]);
  expect(stdout).toMatch(/put exec before the command that starts it/);
  expect(stdout).toMatch(/not run: lacks signal/);
  expect(code).toBe(2);
});

test("an exit code that what wraps the bus keeps to itself is unknown, and the case inconclusive", async () => {
  const { code, json } = await faultline([
    "replay",
    stop,
    "--world",
    "live",
    "--bus",
    `"${program}"; sleep 60`,
    "--json",
  ]);
  expect(json.verdicts[0].reason).toMatch(/what wraps replica 0 to tell how it ended/);
  expect(code).toBe(2);
});

test("a process that is wrapped otherwise than the first is not signalled by guess", async () => {
  const been = join(ownFolder(), "been");
  const bus = `if [ -e '${been}' ]; then ${unknown}; else touch '${been}'; exec "${program}"; fi`;
  const { code, json } = await faultline(["replay", stop, "--world", "live", "--bus", bus, "--json"]);
  expect(json.verdicts[0].reason).toMatch(/the process of replica 0 to be known/);
  expect(code).toBe(2);
});
