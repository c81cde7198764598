/** The drill's report: what was not run, what was not shown, and why. */
import { expect, test } from "vitest";
import { type DrillReport, renderDrill } from "../../src/report/drill.ts";
import { plain } from "../../src/report/paint.ts";

const report: DrillReport = {
  seed: "1",
  selection: { rule: "a rule", leftOut: [] },
  verdict: "inconclusive",
  interrupted: false,
  worlds: {
    model: { verdict: "holds", randomRuns: 1, corpusRuns: 1, seconds: 1, profiles: [] },
    live: { verdict: "inconclusive", seconds: 1, servers: [] },
  },
  policy: null,
  notModelled: [],
  recordedBefore: 0,
  report: "report.txt",
  agreement: {
    ...{ cases: 2, agree: 1, disagree: 0, inconclusive: 1, notRun: 3 },
    ...{ expectations: 0, expectMet: 0, exact: 0, permittedOne: 0 },
  },
  selfTest: null,
  notShown: [],
  witnessed: [],
  unavailable: [],
  notRun: [],
  buses: [],
  ledger: [],
  violations: [],
};

test("what a bus lacks is named, whatever stands in its command line", () => {
  const notRun = ["x/one", "x/two", "x/three"].map((scenario, i) => ({
    scenario,
    bus: "/opt/team/bus --lacks hold/limit",
    missing: i === 2 ? ["subscribe", "replicas"] : ["exit"],
  }));
  const lines = renderDrill({ ...report, notRun }, plain).split("\n");
  expect(lines.filter(line => line.includes("/opt/team/bus"))).toEqual([
    "  2 scenarios  /opt/team/bus --lacks hold/limit  lacks exit",
    "  x/three      /opt/team/bus --lacks hold/limit  lacks subscribe, replicas",
  ]);
});

test("a claim of the self-test that failed is told in one sentence, with the cases that it kept from being run", () => {
  const failed = [{ name: "a cut drops what a hold keeps", neededFor: ["hold"], detail: "not settled within 3000 ms" }];
  const notShown = ["a", "b", "c", "d", "e"].map(name => ({
    ...{ scenario: `x/${name}`, bus: "go-nats-go", world: "live" as const },
    ...{ missing: ["hold"], reason: "the fault injector failed its self-test for hold, so this case was not run" },
  }));
  const text = renderDrill({ ...report, selfTest: { tried: 21, failed }, notShown }, plain);
  expect(text).toContain("not shown that a cut drops what a hold keeps: not settled within 3000 ms");
  expect(text).toContain("1 of 21 claims");
  expect(text).toMatch(/5 cases: the fault injector failed its self-test for hold.*\n {6}x\/a on go-nats-go\n/);
  expect(text).toContain("and 1 more");
});

test("the report on a bus that runs no policy names what was not tested", () => {
  const bus = (name: string, capabilities: readonly string[]) => ({
    ...{ name, profile: "nats-go", client: "c 1", capabilities, unclaimed: null },
  });
  const text = renderDrill(
    { ...report, buses: [bus("bare", ["publish"]), bus("whole", ["publish", "policy"])] },
    plain,
  );
  expect(text).toContain('bare does not claim the capability "policy": its durable path');
  expect(text).not.toContain("whole does not claim");
});
