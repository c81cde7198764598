/** A scenario again: the ledger it shows, and what it says of runs that prove nothing. */
import { writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { type Answer, sampled } from "../../models/choice.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import { readCase } from "../../src/findings/counterexample.ts";
import { runAnsweredCase } from "../../src/judge/run.ts";
import { faultline, ownFolder, root } from "./faultline.ts";

const whileDown = "fixtures/scenarios/reconnect-buffer/published-while-down.json";
const racy = "fixtures/scenarios/core-path/a-burst-that-races-with-a-cut.json";
const none = { kept: 0, silentLoss: 0, reportedLoss: 0, ambiguous: 0, duplicated: 0, unknown: 0 };

test.for([
  ["nats-go", { ...none, kept: 50 }, { arrived: 50 }],
  ["nats-js-2", { ...none, silentLoss: 50 }, { "reset at dial": 50 }],
  ["nats-js-3", { ...none, silentLoss: 50 }, { "reset at dial": 50 }],
] as const)("the model of %s shows what becomes of 50 published while down", async ([profile, classes, places]) => {
  const { code, json } = await faultline(["replay", whileDown, "--world", "model", "--profile", profile, "--json"]);
  expect(code).toBe(0);
  expect(json.ledger).toEqual([
    expect.objectContaining({
      world: "model",
      bus: profile,
      published: 50,
      classes,
      places,
      verdict: "holds",
      times: 1,
    }),
  ]);
  expect(json.reproduced).toEqual({ k: 1, n: 1 });
  expect(json.verdicts).toHaveLength(1);
});

test("in the model world the same seed gives the same digest in two processes, as often as asked", async () => {
  const args = ["replay", racy, "--world", "model", "--seed", "7", "--times", "5", "--json"];
  const [one, other] = await Promise.all([faultline(args), faultline(args)]);
  expect(one.json.digests).toHaveLength(4);
  expect(one.json).toEqual(other.json);
});

/** A counterexample of a race, as the model of nats-js-3 ran it, with a seed that does not lead there. */
function racyCounterexample(): { readonly file: object; readonly answers: readonly Answer[]; readonly digest: string } {
  const { scenario } = readCase(join(root, racy), racy);
  const given = { scenario, profile: natsJs3, answers: [] };
  const runs = Array.from({ length: 20 }, (_, i) => runAnsweredCase({ ...given, otherwise: sampled(String(i)) }));
  const other = runs.find(one => one.judgement.digest !== runs[0]?.judgement.digest);
  if (other === undefined) throw new Error("all seeds went one way: it is no race");
  const { judgement } = other;
  const answers = other.asked.map(({ lo: _lo, hi: _hi, ...answer }) => answer);
  const { digest, ledger } = judgement;
  const file = {
    ...{
      version: 1,
      kind: "counterexample",
      scenario,
      bus: "nats-js-3",
      profile: "nats-js-3",
      world: "model",
      seed: "0",
    },
    ...{
      property: "conformance",
      reason: "made by a test",
      verdict: judgement.verdict,
      expected: ledger,
      observed: ledger,
    },
    ...{ answers, digest, versions: { faultline: "0", node: "0" }, overridden: false, reproduced: { k: 1, n: 1 } },
  };
  return { file, answers, digest };
}

test("a counterexample of a race replays from its answers, not from its seed", async () => {
  const { file, answers, digest } = racyCounterexample();
  const cwd = ownFolder();
  writeFileSync(join(cwd, "racy.json"), JSON.stringify(file));
  const [again, asked] = await Promise.all([
    faultline(["replay", "racy.json", "--json"], { cwd }),
    faultline(["replay", "racy.json", "--seed", "0", "--json"], { cwd }),
  ]);
  expect(again.json.digests).toEqual([{ world: "model", bus: "nats-js-3", digest }]);
  expect(again.json.answers).toEqual([
    { world: "model", profile: "nats-js-3", stored: answers.length, departures: [] },
  ]);
  expect(asked.json.digests).not.toEqual(again.json.digests);
  expect(asked.json.answers).toEqual([]);
});

test("answers that do not fit any more are clamped, sampled or left over, and that is told", async () => {
  const { file, answers } = racyCounterexample();
  const [first, ...rest] = answers;
  if (first === undefined) throw new Error("nothing was asked");
  const cwd = ownFolder();
  const stale = [{ ...first, answer: 1_000_000 }, ...rest, { ...first, label: "asked-no-more" }];
  writeFileSync(join(cwd, "stale.json"), JSON.stringify({ ...file, answers: stale }));
  writeFileSync(join(cwd, "sampled.json"), JSON.stringify({ ...file, answers: stale.slice(-1) }));
  const clamped = await faultline(["replay", "stale.json"], { cwd });
  expect(clamped.stdout).toContain("1000000 is outside 0 to ");
  expect(clamped.stdout).toContain("asked-no-more at ");
  expect(clamped.stdout).toContain("is stored and was never asked for");
  const sampledAgain = await faultline(["replay", "sampled.json"], { cwd });
  expect(sampledAgain.stdout).toContain("no answer is stored, so ");
});

test("live and model stand side by side, with places, steps and the expectation", async () => {
  const { code, stdout } = await faultline(["replay", whileDown, "--bus", "typescript-nats-js-3", "--seed", "1"]);
  expect(code).toBe(0);
  expect(stdout.startsWith("seed 1\n")).toBe(true);
  expect(stdout.match(/50 published, 50 silent loss: reset at dial 50/g)).toHaveLength(2);
  expect(stdout).toContain("expected 50 silent loss: met");
  expect(stdout).toContain("messages 0-49 accepted, did not arrive (reset at dial) → silent loss");
  expect(stdout).toContain("typescript-nats-js-3  the same ledger");
  expect(stdout.trimEnd().split("\n").at(-1)).toContain(`npx faultline replay ${whileDown}`);
});

test("a bus without a needed capability is not run, and that is inconclusive", async () => {
  const limited = "fixtures/scenarios/reconnect-buffer/a-limit-of-1-takes-one-message.json";
  const { code, json } = await faultline(["replay", limited, "--world", "model", "--profile", "nats-js-3", "--json"]);
  expect(code).toBe(2);
  expect(json.notRun).toEqual([{ world: "model", bus: "nats-js-3", missing: ["reconnect-buffer-limit"] }]);
});

test.for<readonly [string, readonly object[], string]>([
  [
    "an outage without publishes",
    [
      { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "noticed" } },
      { id: "heal", kind: "heal", awaits: "connected" },
      { id: "publish", kind: "publish", count: 1, bytes: 16 },
    ],
    "the fault of cut (cut) met no message",
  ],
  [
    "a byte anchor that is never reached",
    [
      { id: "limit", kind: "fault", fault: { kind: "limit", bytes: 1000 } },
      { id: "publish", kind: "publish", count: 1, bytes: 16 },
      { id: "heal", kind: "heal", awaits: "connected" },
    ],
    "the fault of limit (limit) never took effect",
  ],
])("%s proves nothing: exit 2 with the reason", async ([_, steps, says]) => {
  const cwd = ownFolder();
  const scenario = {
    version: 1,
    id: "made/here",
    why: "for a test",
    steps: [{ id: "start", kind: "start" }, ...steps],
  };
  writeFileSync(join(cwd, "idle.json"), JSON.stringify(scenario));
  const { code, json } = await faultline(["replay", "idle.json", "--bus", "go-nats-go", "--json"], { cwd });
  expect(code).toBe(2);
  expect(json.verdicts.map((one: { reason: string }) => one.reason)).toEqual([
    expect.stringContaining(says),
    expect.stringContaining(says),
  ]);
});

test.for(["nobody-knows", "constructor"])(
  "a bus that names the unknown profile %s is told which are known",
  async profile => {
    const { code, stderr } = await faultline([
      "replay",
      whileDown,
      "--world",
      "live",
      "--bus",
      `node ${join(import.meta.dirname, "names-an-unknown-profile.mjs")} ${profile}`,
    ]);
    expect(code).toBe(65);
    expect(stderr).toContain(
      `names the profile "${profile}", which is unknown; the known profiles are nats-go, nats-js-2, nats-js-3`,
    );
    expect(stderr).toContain("--profile");
  },
);

const full = "fixtures/scenarios/durable-path/a-full-stream-discards-the-oldest.json";
const neverLost = "durable-path/acked-is-never-lost";
const lying = (lie: string): string => `node ${join(import.meta.dirname, "lies-of-a-bus.mjs")} ${lie}`;

test.for(["go-nats-go", "typescript-nats-js-3"])(
  "what a limit discards, as declared, is excused live on %s, too",
  async bus => {
    const { code, json } = await faultline([
      "replay",
      full,
      "--bus",
      bus,
      "--require",
      neverLost,
      "--world",
      "model,live",
      "--json",
    ]);
    expect([code, json.verdict]).toEqual([0, "holds"]);
    for (const { properties } of json.verdicts)
      expect(properties).toContainEqual(
        expect.objectContaining({ property: neverLost, verdict: "holds", exercised: 3 }),
      );
  },
);

test.for(["go-nats-go", "typescript-nats-js-3"])(
  "a handler on %s is given each message that is acknowledged before the next, though a limit discards most of them",
  async bus => {
    const policy = join(root, "fixtures/scenarios/policies/service.json");
    const steps = [
      { id: "start", kind: "start" },
      { id: "subscribe", kind: "subscribe", replica: 0, subject: "ring.a", handler: "acks" },
      { id: "publish", kind: "publish", count: 8, bytes: 16, subject: "ring.a" },
    ];
    const file = join(ownFolder(), "given-before-it-is-discarded.json");
    const scenario = { version: 1, id: "given/before", why: "A test.", policy: relative(dirname(file), policy), steps };
    writeFileSync(file, JSON.stringify(scenario));
    const { code, json } = await faultline([
      "replay",
      file,
      "--bus",
      bus,
      "--world",
      "model,live",
      "--events",
      "--json",
    ]);
    expect([code, json.verdict], JSON.stringify(json.verdicts)).toEqual([0, "holds"]);
  },
);

test.for(["go-nats-go", "typescript-nats-js-2", "typescript-nats-js-3", "python-nats-py"])(
  "a flush of %s after the reconnect says ok, though all 30 under way at the cut are lost in silence",
  async bus => {
    const steps = [
      { id: "start", kind: "start" },
      { id: "hold", kind: "fault", fault: { kind: "hold" } },
      { id: "publish", kind: "publish", count: 30, bytes: 16 },
      { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "noticed" } },
      { id: "heal", kind: "heal", awaits: "connected" },
      { id: "flush", kind: "flush", timeoutMs: 5_000 },
    ];
    const file = join(ownFolder(), "a-flush-after-an-outage.json");
    writeFileSync(file, JSON.stringify({ version: 1, id: "flush/after", why: "A test.", options: {}, steps }));
    const { code, json } = await faultline(["replay", file, "--bus", bus, "--world", "live", "--events", "--json"]);
    expect([code, json.verdict]).toEqual([0, "holds"]);
    expect(json.ledger[0].classes).toEqual({ ...none, silentLoss: 30 });
    expect(JSON.stringify(json)).toContain('{"kind":"called","step":"flush","call":"flush","outcome":{"is":"ok"}}');
  },
);

test.for([
  ["acks-unstored", 0, "the stream has numbered 3 messages, so the server never gave at least 2 of them"],
  ["acks-one-unstored", 1, "the stream has numbered 4 messages, so the server never gave at least 1 of them"],
] as const)("a bus that %s is not excused by the limit of its stream: message %i was lost", async lies => {
  const [lie, message, proof] = lies;
  const args = ["replay", full, "--bus", lying(lie), "--require", neverLost, "--world", "live", "--json"];
  const { code, json } = await faultline(args);
  expect(code).toBe(1);
  expect(json.verdicts[0].reason).toBe(
    `${neverLost}: message ${message} was acknowledged, and no stream holds it: the bus told 5 acknowledgements of RING, and ${proof}`,
  );
});

test("a bus that sends less than it was told to send is found by the length of what arrives", async () => {
  const args = ["replay", full, "--bus", lying("shortens")];
  const { code, json } = await faultline([...args, "--world", "live", "--json"]);
  expect([code, json.verdict]).toEqual([1, "violated"]);
  expect(json.verdicts[0].reason).toMatch(
    /message \d+ was published on (\S+) with 16 bytes and arrived on \1 with 8 bytes/,
  );
});

test("a replay names every promise that its run broke, and --events hands over what happened", async () => {
  const late = "fixtures/scenarios/cold-start/asked-once-a-late-jetstream-is-never-used.json";
  const broken = [
    "durable-path/declared-durable-is-acknowledged",
    "cold-start/ready-means-usable",
    "cold-start/a-late-jetstream-is-used-once-it-is-there",
  ];
  const args = ["replay", late, "--world", "model", "--profile", "nats-go", ...broken.flatMap(id => ["--require", id])];
  const { code, stdout } = await faultline(args);
  expect(code).toBe(1);
  for (const id of broken) expect(stdout).toMatch(new RegExp(`violated: ${id}: (message|replica) 0`));
  const { json } = await faultline([...args, "--json", "--events"]);
  expect(json.events).toEqual([expect.objectContaining({ world: "model", bus: "nats-go" })]);
  expect(json.events[0].events).toContainEqual(expect.objectContaining({ kind: "published", first: 0 }));
  expect((await faultline([...args, "--events"])).code).toBe(64);
});

test("the client's own words for an error are shown with the step", async () => {
  const limit = "fixtures/scenarios/reconnect-buffer/a-limit-of-1024-takes-31-frames-of-34-bytes.json";
  const { code, stdout } = await faultline(["replay", limit, "--bus", "go-nats-go", "--world", "live"]);
  expect([code, stdout]).toEqual([
    0,
    expect.stringContaining(`in the client's words: "nats: outbound buffer limit exceeded"`),
  ]);
});
