/** A team's own policy in its suite, in the model: each demand is held, and a broken one is told by its name. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { bundledPolicy } from "../../src/files/policies.ts";
import { parsePolicy } from "../../src/files/policy-schema.ts";
import { type HoldsOptions, readHolds, renderHolds, testsOf, titleOf, verdictOn } from "../../src/holds.ts";
import { holds } from "../../src/vitest.ts";
import { faultline, ownFolder } from "../commands/faultline.ts";

const bundled = (name: string): Policy => {
  const policy = bundledPolicy(name);
  if (policy === undefined) throw new Error(`there is no policy ${name}`);
  return policy;
};
const changed = (name: string, change: object): Policy =>
  parsePolicy(JSON.stringify({ ...bundled(name), ...change }), "a test");
const under = (policy: string | Policy, more: Partial<HoldsOptions> = {}): HoldsOptions => ({
  ...{ world: "model", profile: "nats-go", policy },
  ...more,
});

describe("each demand is a test of its own", () => {
  // A demand that cannot come up would be a skipped test, which this suite takes for a failure.
  const canComeUp = testsOf("policy", under("cordum-hardened")).filter(one => one.skipped === undefined);
  holds("policy", under(changed("cordum-hardened", { demands: canComeUp.map(one => one.claim) }), { runs: 500 }));

  test("which names claim, policy and client", () => {
    const asked = readHolds("shutdown/a-stop-ends-within-its-budget", under("cordum-hardened"));
    expect(titleOf(asked)).toBe(
      "shutdown/a-stop-ends-within-its-budget holds under cordum-hardened in the model of nats-go",
    );
  });

  test("and is not skipped where a stream takes less than the classifier", () => {
    const streams = (subjects: readonly string[]) =>
      bundled("cordum-hardened").streams.map(one => (one.name === "CORDUM_JOBS" ? { ...one, subjects } : one));
    const isSkipped = (subjects: readonly string[]): boolean =>
      testsOf("policy", under(changed("cordum-hardened", { streams: streams(subjects) }))).some(
        ({ claim, skipped }) => claim === "durable-path/no-responders-is-told-as-such" && skipped !== undefined,
      );
    expect(isSkipped(["job.>", "worker.*.jobs"])).toBe(true);
    expect(isSkipped(["job.>", "worker.>"])).toBe(true);
    expect(isSkipped(["job.*", "worker.*.jobs"])).toBe(false);
    expect(isSkipped(["job.>", "worker.a.jobs"])).toBe(false);
    expect(isSkipped(["job.>"])).toBe(false);
  });

  test.for(["core-only", "cordum-as-found", "cordum-hardened", "cordum-with-drain"])(
    "and what is skipped under %s is never exercised",
    async name => {
      for (const profile of ["nats-go", "nats-js-3"]) {
        const options = under(changed(name, { demands: "all" }), { profile, runs: 100 });
        const skipped = testsOf("policy", options).filter(one => one.skipped !== undefined);
        expect(skipped.length).toBeGreaterThan(0);
        for (const { claim } of skipped)
          expect([claim, (await verdictOn(claim, options)).exercised]).toEqual([claim, 0]);
      }
    },
  );

  test("and is skipped where nothing can put it to the test", () => {
    const tests = testsOf("policy", under("cordum-hardened"));
    expect(tests.map(({ claim }) => claim)).toEqual(bundled("cordum-hardened").demands);
    const skippedWith = (options: HoldsOptions) =>
      testsOf("policy", options).flatMap(({ claim, skipped }) => (skipped === undefined ? [] : [claim]));
    const always = [
      "durable-path/no-responders-is-told-as-such",
      "durable-path/redelivery-is-bounded",
      "cold-start/fail-fast-ends-within-its-bound",
    ];
    expect(skippedWith(under("cordum-hardened"))).toEqual(always);
    // nats.js has nothing to publish on before it is connected.
    expect(skippedWith(under("cordum-hardened", { profile: "nats-js-3" }))).toEqual([
      ...always,
      "cold-start/nothing-is-lost-before-the-first-connection",
    ]);
    // A prefix leaves open which subjects there are, so the demand stays.
    expect(skippedWith(under("cordum-as-found"))).not.toContain("durable-path/no-responders-is-told-as-such");
  });
});

test.for(["nats-go", "nats-js-2", "nats-js-3"])(
  "cordum-hardened holds all its demands in one claim, with %s",
  async profile => {
    const held = await verdictOn("policy", under("cordum-hardened", { profile, runs: 1_000 }));
    expect([held.verdict, renderHolds(held, "")]).toEqual([
      "holds",
      expect.stringContaining("policy held in 1,000 runs"),
    ]);
  },
);

test("cordum-hardened on nats-py looks as if it waited where its credentials are refused, and holds its other demands", async () => {
  const policy = under("cordum-hardened", { profile: "nats-py", runs: 1_000 });
  const waits = "cold-start/wrong-credentials-never-look-like-waiting";
  expect((await verdictOn(waits, policy)).verdict).toBe("violated");
  const others = changed("cordum-hardened", { demands: bundled("cordum-hardened").demands.filter(id => id !== waits) });
  expect((await verdictOn("policy", under(others, { profile: "nats-py", runs: 1_000 }))).verdict).toBe("holds");
});

test("cordum-as-found, held to all, breaks these promises and no other", { timeout: 300_000 }, async () => {
  const policy = changed("cordum-as-found", { demands: "all" });
  const options = under(policy, { runs: 100 });
  const tests = testsOf("policy", options);
  expect(tests.map(({ claim }) => claim)).toEqual(catalogue.map(({ id }) => id));
  const broken: string[] = [];
  for (const { claim } of tests.filter(one => one.skipped === undefined)) {
    const held = await verdictOn(claim, options);
    if (held.verdict !== "violated") continue;
    expect(held.counterexample.property).toBe(claim);
    broken.push(claim);
  }
  expect(broken).toEqual([
    "durable-path/a-distinct-message-is-not-swallowed",
    "durable-path/declared-durable-is-acknowledged",
    "durable-path/every-declared-durable-subject-has-a-stream",
    "durable-path/best-effort-is-not-stored",
    "durable-path/a-failed-message-is-kept",
    "durable-path/a-message-given-up-is-a-dead-letter",
    "shutdown/nothing-accepted-is-lost-in-silence-by-a-stop",
    "shutdown/a-stop-waits-for-its-handlers",
    "cold-start/ready-means-usable",
    "cold-start/a-late-jetstream-is-used-once-it-is-there",
    "connection/a-closed-client-leaves-no-ready-process",
  ]);
});

test("a policy whose stream is kept in memory breaks its demand, shrunk, and the last line replays it", async () => {
  const streams = bundled("cordum-hardened").streams.map(one => ({ ...one, storage: "memory" }));
  const cwd = ownFolder();
  writeFileSync(join(cwd, "mine.json"), JSON.stringify({ ...bundled("cordum-hardened"), name: "mine", streams }));
  const held = await verdictOn("policy", under(join(cwd, "mine.json")));
  if (held.verdict !== "violated") throw new Error(renderHolds(held, ""));
  expect(held.counterexample.property).toBe("durable-path/acked-is-never-lost");
  expect(held.counterexample.scenario.steps.length).toBeLessThan(6);
  writeFileSync(join(cwd, "case.json"), JSON.stringify(held.counterexample));
  const lines = renderHolds(held, "case.json").split("\n");
  expect(lines[0]).toBe("✗ durable-path/acked-is-never-lost");
  const [npx, name, ...args] = (lines.at(-1) ?? "").split(" ");
  expect([npx, name, args[0]]).toEqual(["npx", "faultline", "replay"]);
  const { code, json } = await faultline([...args, "--json"], { cwd });
  expect([code, json.verdict, json.reproduced]).toEqual([1, "violated", { k: 1, n: 1 }]);
});

test("a promise that the policy does not demand can be asked for by its id", async () => {
  const policy = changed("cordum-as-found", { demands: [] });
  const held = await verdictOn("durable-path/best-effort-is-not-stored", under(policy, { runs: 50 }));
  expect([held.verdict, "replayWith" in held && held.replayWith]).toEqual([
    "violated",
    ["--require", "durable-path/best-effort-is-not-stored"],
  ]);
});

test("conformance under a policy holds to what the client promises and the policy demands", async () => {
  const held = await verdictOn("conformance", under("cordum-hardened", { runs: 100 }));
  expect([held.verdict, held.exercised]).toEqual(["holds", held.disturbed]);
  expect((await verdictOn("conformance", under("cordum-as-found", { runs: 100 }))).verdict).toBe("violated");
});

test("demands that were never exercised are inconclusive, and named", async () => {
  const policy = changed("cordum-hardened", { demands: ["reconnect-buffer/disabled-refuses-every-publish"] });
  const held = await verdictOn("policy", under(policy, { runs: 50 }));
  expect(held.verdict).toBe("inconclusive");
  expect(renderHolds(held, "")).toContain(
    "vacuous: reconnect-buffer/disabled-refuses-every-publish was never exercised in 50 runs",
  );
});

test.each<[string, string, HoldsOptions, RegExp]>([
  ["a claim with a slip", "core-path/order-is-keptt", under("core-only"), /Did you mean core-path\/order-is-kept\?/],
  [
    "an unknown policy",
    "policy",
    under("cordum-hardend"),
    /no policy "cordum-hardend".*Did you mean cordum-hardened\?/,
  ],
  ["a policy's file that is not there", "policy", under("./nowhere.json"), /nowhere\.json: there is no such file/],
  ["a value that is no policy", "policy", under({ name: "x" } as Policy), /^the policy of holds: /],
  ["no policy", "policy", { world: "model", profile: "nats-go" }, /it needs a policy/],
  ["the corpus under a policy", "corpus", under("core-only"), /name their own policies/],
  [
    "a policy that demands nothing",
    "policy",
    under(changed("core-only", { demands: [] })),
    /the policy core-only demands nothing that can be put to the test/,
  ],
  [
    "a policy all of whose demands say nothing about it",
    "policy",
    under(changed("cordum-hardened", { demands: ["cold-start/fail-fast-ends-within-its-bound"] })),
    /demands nothing that can be put to the test/,
  ],
])("%s is refused at once", (_what, claim, options, why) => {
  expect(() => testsOf(claim, options)).toThrow(why);
});
