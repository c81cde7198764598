/** The four questions, live: the hardened policy keeps its promises, Cordum's own breaks those that the model says it breaks. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { badBus, faultline, ownFolder, withoutServers } from "./faultline.ts";

const questions = ["durability", "buffer", "shutdown", "cold-start"] as const;

interface Told {
  readonly seen: string | null;
  readonly property: string;
  readonly worlds: readonly string[];
  readonly again: string;
  readonly file: string;
}

const brokenAsFound: Readonly<Record<(typeof questions)[number], readonly string[]>> = {
  durability: [
    "durable-path/a-distinct-message-is-not-swallowed",
    "durable-path/declared-durable-is-acknowledged",
    "durable-path/every-declared-durable-subject-has-a-stream",
  ],
  buffer: ["cold-start/ready-means-usable"],
  shutdown: ["shutdown/nothing-accepted-is-lost-in-silence-by-a-stop"],
  "cold-start": ["cold-start/a-late-jetstream-is-used-once-it-is-there", "cold-start/ready-means-usable"],
};

test.for(questions)(
  "drill %s: the hardened policy holds, and every live case agrees with the model",
  async question => {
    const cwd = ownFolder();
    const { code, json } = await faultline(["drill", question, "--seed", "1", "--json"], { cwd });
    expect([json.live.reason, json.cases.filter(isNotWhole)]).toEqual([null, []]);
    expect(json).toMatchObject({
      verdict: "holds",
      question,
      policy: "cordum-hardened",
      bus: "go-nats-go",
      violations: [],
    });
    expect(code).toBe(0);
    for (const one of json.cases)
      expect([one.id, one.live, one.agrees, one.notObserved]).toEqual([one.id, "holds", true, null]);
    expect(JSON.parse(readFileSync(join(cwd, json.report, "../drill.json"), "utf8"))).toEqual(json);
    figures[question](json);
  },
);

/** Says which case is at fault where the verdict is not "holds". */
// biome-ignore lint/suspicious/noExplicitAny: the document is what is looked at.
const isNotWhole = ({ live, notRun, notShown, notObserved }: any): boolean =>
  live !== "holds" || notRun !== null || notShown !== null || notObserved !== null;

/** What a person asks the question for. */
// biome-ignore lint/suspicious/noExplicitAny: the document is what is looked at.
const figures: Readonly<Record<(typeof questions)[number], (json: any) => void>> = {
  durability({ families, figures: { restarts } }) {
    expect(families).toHaveLength(12);
    for (const { declared, published, told, silentLoss } of families) {
      expect(published).toBeGreaterThan(40);
      expect(Object.values<number>(told).reduce((sum, n) => sum + n, 0)).toBe(published);
      if (declared === "durable") expect([told.accepted, silentLoss]).toEqual([0, 0]);
    }
    expect(restarts).toEqual({ perFamily: 2, signals: ["TERM", "KILL"] });
  },
  buffer({ figures: { sizes } }) {
    expect(sizes.map(({ size }: { size: string }) => size)).toEqual(["own", "default", "small", "off"]);
    for (const { firstRefusal, predictedFirstRefusal, errors, arrived, recoveryMs } of sizes) {
      expect(firstRefusal).toBe(predictedFirstRefusal);
      expect(errors).toEqual({ "buffer-full": 25 });
      expect(arrived).toBe(firstRefusal);
      expect(recoveryMs).toBeGreaterThan(0);
    }
    const [own, , small] = sizes;
    if (process.platform === "linux") expect(own.peakMemoryBytes - small.peakMemoryBytes).toBeGreaterThan(33_554_432);
  },
  shutdown({ figures: { stops, replicas } }) {
    for (const { judged, lost, toldLost, tookMs, budgetMs } of stops) {
      if (!judged) continue;
      expect(toldLost).toBe(lost);
      expect(tookMs).toBeLessThan(budgetMs + 1_000);
    }
    const [own] = replicas;
    expect(own).toMatchObject({ judged: true, storedAfterStop: 5, handledByOthers: 5, handledAgain: 0 });
    expect(replicas.at(-1)).toMatchObject({ durables: "created", handledByOthers: 0, handledAgain: 5 });
  },
  "cold-start"({ figures: { starts, budget } }) {
    expect(budget).toMatchObject({ deadlineMs: 105_000, gaveUpAfterMs: 105_000 });
    expect(budget.live.gaveUpAfterMs).toBeGreaterThanOrEqual(budget.live.deadlineMs);
    const never = starts.filter(({ situation }: { situation: string }) => situation === "server-never-comes");
    // 130 s without a server, 10 s between two starts, and the one that meets it.
    expect(never.map(({ variant, own }: Start) => [variant, own.restarts])).toEqual([
      ["retry-with-deadline", 1],
      ["fail-fast", 14],
      ["retry-forever", 0],
    ]);
  },
};

interface Start {
  readonly variant: string;
  readonly own: { readonly restarts: number };
}

test.for(questions)(
  "drill %s: Cordum's own policy breaks what the model says, and each line replays it",
  async question => {
    const cwd = ownFolder();
    const args = ["drill", question, "--policy", "fixtures/policies/cordum-as-found", "--seed", "1", "--json"];
    const { code, json } = await faultline(args, { cwd });
    expect([code, json.verdict, json.policy]).toEqual([1, "violated", "cordum-as-found"]);
    const told: readonly Told[] = json.violations;
    const live = new Set(told.filter(({ worlds }) => worlds.join() === "model,live").map(({ property }) => property));
    for (const property of brokenAsFound[question]) expect([...live]).toContain(property);
    expect(told.filter(({ property }) => property === "conformance")).toEqual([]);
    for (const { worlds, seen } of told)
      if (worlds.includes("live")) expect(readFileSync(join(cwd, seen ?? ""), "utf8")).toMatch(/^ {2}start-\d/m);
      else expect(seen).toBeNull();
    const [first] = told;
    const again = await faultline(["replay", first?.file ?? "", "--world", "model", "--profile", "nats-go", "--json"], {
      cwd,
    });
    expect([again.code, again.json.policy]).toEqual([1, "cordum-as-found"]);
  },
);

test("what a case that was given up would have shown is not observed, and the case is named whatever the model breaks", async () => {
  const cwd = ownFolder();
  const bus = `node ${join(import.meta.dirname, "lies-of-a-bus.mjs")} ends-in-the-midst`;
  const args = ["drill", "durability", "--policy", "cordum-as-found", "--seed", "1", "--bus", bus, "--json"];
  const { json } = await faultline(args, { cwd });
  const given: readonly { readonly about: string; readonly verdict: string; readonly notObserved: string | null }[] =
    json.cases.filter(({ live }: { live: string }) => live === "inconclusive");
  expect(new Set(given.map(({ verdict }) => verdict))).toContain("violated");
  const text = readFileSync(join(cwd, json.report), "utf8");
  const notShown = text.slice(text.indexOf("Not shown"), text.indexOf("Broken promises"));
  for (const { about, notObserved } of given) {
    expect(notObserved).toMatch(/gave up waiting for/);
    expect(notShown).toContain(`${about}\n      ${notObserved}`);
  }
  const families: readonly { readonly published: number; readonly notObserved: number }[] = json.families;
  const open = families.filter(({ notObserved }) => notObserved > 0);
  expect(open.length).toBeGreaterThan(0);
  for (const one of open) expect(one).toMatchObject({ silentLoss: 0, arrived: 0, notObserved: one.published });
  expect(text).toMatch(/declared durable: .*; \d+ could not be observed\n/);
  expect(json.notes).toEqual([expect.stringMatching(/^in the times of a live run these waits change places: /)]);
  for (const note of json.notes) expect(text).toContain(note);
});

/** It stops by four steps, as this policy does, and by nothing else. */
const stopOf = async (habit: string) => {
  const cwd = ownFolder();
  const bus = `node ${join(import.meta.dirname, "lies-of-a-bus.mjs")} ${habit}`;
  const { code, json } = await faultline(["drill", "shutdown", "--seed", "1", "--bus", bus, "--json"], { cwd });
  return { code, json, text: readFileSync(join(cwd, json.report), "utf8") };
};
// biome-ignore lint/suspicious/noExplicitAny: the document is what is looked at.
type Case = any;

test("a bus that greets as fixed is asked its policy's own rows: those beside are the model's alone, and no part of the verdict", async () => {
  const { code, json, text } = await stopOf("is-fixed");
  expect([code, json.verdict, json.violations]).toEqual([0, "holds", []]);
  const own = json.cases.filter(({ judged }: Case) => judged);
  const beside = json.cases.filter(({ judged }: Case) => !judged);
  expect([own.length > 0, beside.length > own.length]).toEqual([true, true]);
  for (const { live, agrees, modelAlone } of own)
    expect([live, agrees, modelAlone]).toEqual(["holds", true, undefined]);
  for (const { live, agrees, modelAlone } of beside) expect([live, agrees, modelAlone]).toEqual([null, null, true]);
  for (const { judged, world } of json.figures.stops) expect(world).toBe(judged ? "live" : "model");
  expect(text).toContain("the others are the model alone: the bus has one behaviour");
});

test("a question that there is not is refused: 64, and lists what there is", async () => {
  const { code, stderr } = await faultline(["drill", "speed"]);
  expect([code, stderr]).toEqual([
    64,
    'faultline: drill asks no question "speed"; there are durability, buffer, shutdown, cold-start.\n',
  ]);
});

test("a bus that knows no policy cannot be asked: 69, and says which can", async () => {
  const bare = `node ${join(import.meta.dirname, "lies-of-a-bus.mjs")} takes-no-policy`;
  const { code, stderr } = await faultline(["drill", "shutdown", "--bus", bare]);
  expect(code).toBe(69);
  expect(stderr).toContain("lacks the capability policy");
  expect((await faultline(["drill", "shutdown", "--bus", badBus("never-greets")])).code).toBe(69);
});

test("without servers the model alone answers: what it breaks is violated, else inconclusive with what to install", async () => {
  const cwd = ownFolder();
  const env = withoutServers(cwd);
  const held = await faultline(["drill", "shutdown"], { cwd, env });
  expect(held.code).toBe(2);
  expect(held.stdout).toMatch(/Verdict +inconclusive, because no live world is available: .*install Go/);
  expect((await faultline(["drill", "shutdown", "--policy", "cordum-as-found"], { cwd, env })).code).toBe(1);
});
