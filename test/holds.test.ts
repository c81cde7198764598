/** What `verdictOn` answers, as data. Its vitest skin is tried from outside, in test/package. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { profiles } from "../models/profiles/index.ts";
import { checkCounterexample } from "../src/findings/counterexample.ts";
import { type HoldsOptions, type HoldsVerdict, readHolds, renderHolds, titleOf, verdictOn } from "../src/holds.ts";
import { runModelCase } from "../src/judge/run.ts";

const dropped = "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence";
const model = (profile: string, more: Partial<HoldsOptions> = {}): HoldsOptions => ({
  world: "model",
  profile,
  ...more,
});

async function violation(claim: string, options: HoldsOptions): Promise<HoldsVerdict & { verdict: "violated" }> {
  const held = await verdictOn(claim, options);
  if (held.verdict !== "violated") throw new Error(renderHolds(held, ""));
  return held;
}

describe("a promise that is kept", () => {
  test("holds, with how often it was exercised", async () => {
    const held = await verdictOn("core-path/order-is-kept", model("nats-go", { runs: 100 }));
    expect(held).toMatchObject({ verdict: "holds", runs: 100, seed: "1" });
    expect(held.exercised).toBeGreaterThan(100);
    expect(held.disturbed).toBeGreaterThan(70);
  });

  test("holds on the same scenarios for the same seed, on others for another", async () => {
    const [one, same, other] = await Promise.all(
      ["a", "a", "b"].map(seed => verdictOn("core-path/order-is-kept", model("nats-go", { runs: 50, seed }))),
    );
    expect(same).toEqual(one);
    expect(other?.exercised).not.toBe(one?.exercised);
  });

  test("is exercised once a disturbed run where the claim is conformance", async () => {
    const held = await verdictOn("conformance", model("nats-js-2", { runs: 100 }));
    expect([held.verdict, held.exercised]).toEqual(["holds", held.disturbed]);
  });
});

describe("a promise that is broken", () => {
  test("is shrunk by fast-check to one publish while down", async () => {
    const { counterexample, reason } = await violation(dropped, model("nats-js-3"));
    expect(counterexample.scenario.steps.map(step => step.kind)).toEqual(["start", "fault", "publish"]);
    expect(counterexample.observed).toMatchObject({ published: 1, classes: { silentLoss: 1 } });
    expect(reason).toContain(`${dropped}: message 0`);
  });

  test("leaves a counterexample that stands for itself", async () => {
    const { counterexample } = await violation(dropped, model("nats-js-3"));
    const read = checkCounterexample(JSON.parse(JSON.stringify(counterexample)), "a file");
    expect(read).toMatchObject({ property: dropped, world: "model", bus: "nats-js-3", overridden: false });
    const profile = profiles[read.profile];
    if (profile === undefined) throw new Error(`there is no profile ${read.profile}`);
    const again = runModelCase({ scenario: read.scenario, profile, seed: read.seed }, { require: [dropped] });
    expect(again.judgement).toMatchObject({ verdict: "violated", digest: read.digest });
  });

  test("is told with fast-check's seed and path, and ends in the line that replays it", async () => {
    const held = await violation(dropped, model("nats-js-3"));
    const lines = renderHolds(held, ".faultline/counterexamples/x.json").split("\n");
    expect(lines[0]).toBe(`✗ ${dropped}`);
    expect(lines.join("\n")).toMatch(/found at run \d+ of 1000 with seed 1 \(fast-check: seed -?\d+, path "[\d:]+"\)/);
    expect(lines.at(-1)).toBe(`npx faultline replay .faultline/counterexamples/x.json --require ${dropped}`);
  });
});

describe("a kept case", () => {
  /** A folder with the counterexample of one profile, as that of another. */
  async function keptFor(profile: string): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), "holds-test-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { counterexample } = await violation(dropped, model("nats-js-3"));
    writeFileSync(join(folder, "kept.json"), JSON.stringify({ ...counterexample, profile }));
    return folder;
  }

  test("that still breaks is the violation of whatever is asked, before anything is run", async () => {
    const seeds = await keptFor("nats-js-3");
    const file = join(seeds, "kept.json");
    for (const claim of ["core-path/order-is-kept", "corpus"]) {
      const held = await violation(claim, model("nats-js-3", { seeds }));
      expect([held.runs, held.keptAs, held.kept.broken.map(one => one.file)]).toEqual([0, file, [file]]);
      expect(held.reason).toContain(`kept case ${file}: ${dropped}: message 0`);
      const lines = renderHolds(held, held.keptAs ?? "").split("\n");
      expect([lines[0], lines.at(-1)]).toEqual([`✗ ${dropped}`, `npx faultline replay ${file}`]);
      expect(lines.join("\n")).toContain(`kept case ${file}`);
    }
  });

  test("that breaks no longer is counted, and so is one of another profile", async () => {
    const seeds = await keptFor("nats-go");
    const [held, other] = await Promise.all(
      ["nats-go", "nats-js-3"].map(name => verdictOn("core-path/order-is-kept", model(name, { seeds, runs: 20 }))),
    );
    expect([held?.verdict, held?.runs, held?.kept.held, held?.kept.notFitting]).toEqual(["holds", 20, 1, 0]);
    expect([other?.verdict, other?.runs, other?.kept.held, other?.kept.notFitting]).toEqual(["holds", 20, 0, 1]);
  });

  test("that cannot be judged makes what holds inconclusive, and is named", async () => {
    const seeds = await keptFor("nats-go");
    writeFileSync(join(seeds, "torn.json"), "{");
    const held = await verdictOn("core-path/order-is-kept", model("nats-go", { seeds, runs: 20 }));
    expect(held).toMatchObject({ verdict: "inconclusive", runs: 20 });
    expect(renderHolds(held, "")).toContain(`kept case ${join(seeds, "torn.json")} cannot be judged: `);
  });
});

describe("a promise that was never exercised", () => {
  test("is inconclusive, and says why", async () => {
    const held = await verdictOn("reconnect-buffer/disabled-refuses-every-publish", model("nats-js-3", { runs: 100 }));
    expect(held).toMatchObject({ verdict: "inconclusive", runs: 100, exercised: 0 });
    expect(renderHolds(held, "")).toContain("vacuous: it was never exercised in 100 runs");
  });
});

describe("what is asked", () => {
  test.each<[string, string, HoldsOptions, RegExp]>([
    [
      "an unknown claim",
      "core-path/nothing",
      model("nats-go"),
      /no such claim[\s\S]*core-path\/order-is-kept[\s\S]*corpus/,
    ],
    ["an unknown profile", "corpus", model("nats-cobol"), /no profile "nats-cobol"; the known profiles are nats-go/],
    ["an unknown world", "corpus", { world: "moon" as "model" }, /worlds are model and live; it names "moon"/],
    ["no runs", "corpus", model("nats-go", { runs: 0 }), /runs must be a whole number from 1; it is 0/],
    ["the model of nobody", "corpus", { world: "model" }, /the model world needs a profile/],
    ["live without a bus", "corpus", { world: "live", profile: "nats-go" }, /the live world needs a bus/],
  ])("%s is refused before anything runs", (_what, claim, options, why) => {
    expect(() => readHolds(claim, options)).toThrow(why);
  });

  test("reads as a sentence that does not change with the seed", () => {
    const titles = [
      model("nats-go", { seed: "7" }),
      { world: "model", bus: "typescript-nats-js-3" } as const,
      { world: "live", bus: "go-nats-go" } as const,
      { world: "live", bus: "go-nats-go", profile: "nats-js-2" } as const,
    ].map(options => titleOf(readHolds("corpus", options)));
    expect(titles).toEqual([
      "corpus holds in the model of nats-go",
      "corpus holds in the model of nats-js-3",
      "corpus holds live on go-nats-go",
      "corpus holds live on go-nats-go, as nats-js-2",
    ]);
  });
});

describe("a signal", () => {
  test("before the first run ends in inconclusive, and says that it was interrupted", async () => {
    const options = model("nats-go", { signal: AbortSignal.abort() });
    const held = await verdictOn("core-path/order-is-kept", options);
    expect(held).toMatchObject({ verdict: "inconclusive", interrupted: true, runs: 0 });
    expect(renderHolds(held, "")).toContain("interrupted after 0 of 1000 runs");
  });

  test("in the midst of random scenarios or of the corpus ends in inconclusive", async () => {
    for (const claim of ["conformance", "corpus"]) {
      const held = await verdictOn(claim, model("nats-go", { runs: 5_000, signal: heardAfter(40) }));
      expect(held).toMatchObject({ verdict: "inconclusive", interrupted: true });
      expect(held.runs).toBeGreaterThan(0);
      expect(held.runs).toBeLessThanOrEqual(60);
    }
  });

  test("after a violation was found leaves it one", async () => {
    const undisturbed = await violation(dropped, model("nats-js-3"));
    const held = await violation(dropped, model("nats-js-3", { signal: heardAfter(undisturbed.runs + 2) }));
    expect([undisturbed.interrupted, held.interrupted]).toEqual([false, true]);
    expect(held.runs).toBe(undisturbed.runs);
  });
});

/** A signal that comes once it was looked at that often. */
function heardAfter(looks: number): AbortSignal {
  let left = looks;
  return Object.defineProperty(new AbortController().signal, "aborted", { get: () => left-- <= 0 });
}
