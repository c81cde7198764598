/** The answer to a question, as text: what was not observed is said, and is neither 0 nor a fact. */
import { describe, expect, test } from "vitest";
import type { FamilyFigures } from "../../src/drills/figures.ts";
import type { RedeliveredRow } from "../../src/drills/redelivered.ts";
import { plain } from "../../src/report/paint.ts";
import {
  type QuestionCase,
  type QuestionReport,
  type QuestionViolation,
  renderQuestion,
} from "../../src/report/question.ts";

const family = (more: Partial<FamilyFigures> = {}): FamilyFigures => ({
  ...{
    subjects: "job.>",
    declared: "durable",
    published: 15,
    arrived: 15,
    silentLoss: 0,
    discarded: 0,
    notObserved: 0,
  },
  ...{ inDoubt: 0, duplicated: 0, told: { acked: 15, accepted: 0, rejected: 0, unsettled: 0 } },
  ...more,
});

const oneCase = (more: Partial<QuestionCase> = {}): QuestionCase => ({
  ...{ id: "durability/x", about: "the server restarted twice", part: "restart", variant: null, judged: true },
  ...{ verdict: "holds", reason: "everything that was promised held", model: "holds", live: "holds", agrees: true },
  ...{ notRun: null, notShown: null, notObserved: null, file: "case.json", again: "npx faultline replay case.json" },
  ledger: {
    published: 15,
    classes: { kept: 15, silentLoss: 0, reportedLoss: 0, ambiguous: 0, duplicated: 0, unknown: 0 },
    places: {},
  },
  ...more,
});

const rendered = (more: Partial<QuestionReport> = {}): string =>
  renderQuestion(
    {
      ...{
        verdict: "holds",
        question: "durability",
        policy: "p",
        outlasts: { publishMs: 5_000, deliveriesMs: null, startMs: 0 },
        notModelled: [],
        bus: "b",
        profile: "nats-go",
        client: "c 1",
        servers: [],
      },
      ...{ seed: "1", interrupted: false, live: { reason: null, seconds: 1 }, violations: [], cases: [oneCase()] },
      ...{
        families: [family()],
        figures: {},
        redelivered: [],
        notes: [],
        unclaimed: null,
        selfTest: null,
        notDemanded: [],
      },
      ...more,
    },
    plain,
  );
const lineWith = (text: string, words: string): string => text.split("\n").find(line => line.includes(words)) ?? "";
/** The cells of a table's row, under the titles of its head. */
function cells(text: string, head: string, row: string): Readonly<Record<string, string>> {
  const split = (line: string): readonly string[] => line.trim().split(/ {2,}/);
  const values = split(lineWith(text, row));
  return Object.fromEntries(split(lineWith(text, head)).map((title, i) => [title, values[i] ?? ""]));
}

test("the map stands beside two others, and what was not measured is no figure", () => {
  const row = { published: 7, arrived: 6, silentLoss: 1, told: 0, notObserved: 0, stored: 4, storedBytes: 548 };
  const maps = [
    { ...row, map: "own", judged: true, world: "live" as const, waited: 4, calmPublishMs: 0.5 },
    { ...row, map: "all durable", judged: false, world: "model" as const, waited: 7, calmPublishMs: null },
  ];
  const text = rendered({ figures: { maps } });
  expect(cells(text, "map  ", "→ own")).toMatchObject({
    "told ok, and lost": "1",
    "bytes stored": "548",
    "a calm publish": "0.50 ms",
  });
  expect(cells(text, "map  ", "all durable")).toMatchObject({ "wait for an ack": "7", "a calm publish": "?" });
});

test("durability: of a case that was given up the messages are not observed, and not 0 lost and that is all", () => {
  const seen = rendered();
  expect(lineWith(seen, "declared durable:")).toMatch(
    /of 15 messages 0 were lost in silence; 0 ended in .* not there$/,
  );
  expect(cells(seen, "not observed", "  job.>")).toMatchObject({ "not observed": "·", "told ok, and lost": "·" });
  expect(seen).not.toContain("Not shown");

  const reason = "publish-3 gave up waiting for the server to let go of a connection";
  const givenUp = rendered({
    verdict: "violated",
    families: [family({ arrived: 0, notObserved: 15 })],
    cases: [oneCase({ verdict: "violated", model: "violated", live: "inconclusive", notObserved: reason })],
  });
  expect(lineWith(givenUp, "declared durable:")).toMatch(/ 0 were lost in silence; .*; 15 could not be observed$/);
  expect(cells(givenUp, "not observed", "  job.>")).toMatchObject({ arrived: "0", "not observed": "15" });
  expect(givenUp).toMatch(/Not shown\n {2}\? the server restarted twice\n {6}publish-3 gave up waiting for the server/);
});

test("durability: what a declared limit has discarded has a column of its own, and no restart is blamed for it", () => {
  const text = rendered({ families: [family({ arrived: 3, discarded: 12 })] });
  expect(lineWith(text, "declared durable:")).toMatch(
    / 0 were lost in silence; .*; 12 were discarded at the limit of their stream, as declared$/,
  );
  expect(cells(text, "not observed", "  job.>")).toMatchObject({ discarded: "12", "told ok, and lost": "·" });
  expect(rendered()).not.toContain("discarded");
});

test('buffer: a size that was not filled is not "none refused", and what was not observed is not lost', () => {
  const size = {
    ...{
      size: "own",
      judged: true,
      world: "live" as const,
      limitBytes: 100,
      frameBytes: 10,
      published: 12,
      arrived: 9,
    },
    ...{ notObserved: 3, errors: {}, firstRefusal: null, predictedFirstRefusal: 10, takenBytes: 100 },
    ...{ memoryAtStartBytes: null, peakMemoryBytes: null, recoveryMs: null },
  };
  const some = rendered({ question: "buffer", families: [], figures: { sizes: [size] } });
  expect(lineWith(some, "Answer")).toMatch(/; 3 could not be observed$/);
  expect(cells(some, "first refused", "→ own")).toMatchObject({ arrived: "9 (3 not observed)" });
  const none = rendered({
    question: "buffer",
    families: [],
    figures: { sizes: [{ ...size, published: 0, arrived: 0 }] },
  });
  expect(lineWith(none, "Answer")).toContain("the policy's own size could not be observed");
  expect(cells(none, "first refused", "→ own")).toMatchObject({ errors: "?", "first refused": "?", arrived: "?" });
  const noBuffer = { ...size, limitBytes: null, arrived: 2 };
  expect(lineWith(rendered({ question: "buffer", families: [], figures: { sizes: [noBuffer] } }), "Answer")).toMatch(
    /7 of 12 published while down never arrived; 3 could not be observed$/,
  );
});

test("shutdown: an end that was not seen, and replicas that were not observed to the end", () => {
  const shown = { situation: "stop", about: "SIGTERM", variant: "own", judged: true, world: "live" as const };
  const stop = {
    ...shown,
    ...{ accepted: 5, arrived: 2, lost: 0, notObserved: 3, toldLost: null, tookMs: null, budgetMs: 800, forced: false },
    ...{ ended: null, ownTookMs: 5, ownBudgetMs: 800 },
  };
  const nothing = { storedAfterStop: null, handledByOthers: null, handledAgain: null, handled: null, stored: null };
  const text = rendered({
    question: "shutdown",
    families: [],
    figures: { stops: [stop], replicas: [{ ...shown, ...nothing, durables: "bound" }] },
  });
  expect(lineWith(text, "Answer")).toMatch(
    /0 of 5 accepted messages lost, \? told; 3 could not be observed; its end was not seen$/,
  );
  expect(text).toContain("one of two replicas stops: the case could not be observed to its end");
  // accepted, arrived, lost, not observed, told
  expect(lineWith(text, "→ own  ")).toMatch(/→ own +5 +2 +· +3 +\? +\? of 800 ms/);
  expect(lineWith(text, "bound")).toMatch(/bound +\? +\? +\? +\? of \?$/);
});

test("cold start: a live start and a live budget that were not observed, or not run, are not said to have ended", () => {
  const figures = {
    ...{
      observed: true,
      restarts: 0,
      exits: [],
      connectedAfterMs: 5,
      readyAfterMs: 5,
      acceptedEarly: 0,
      arrivedEarly: 0,
    },
    ...{ notObservedEarly: 0, toldLost: 0, probes: [] },
  };
  const start = {
    ...{ situation: "late", about: "the server is late", variant: "own", judged: true, world: "live" as const },
    ...{ ...figures, observed: false, connectedAfterMs: null, acceptedEarly: 2, notObservedEarly: 2, own: figures },
  };
  const budgetWith = (world: "observed" | "not-observed" | "not-run") => ({
    ...{ servers: 3, passes: 3, connectTimeoutMs: 10, marginMs: 15, deadlineMs: 105, gaveUpAfterMs: 105 },
    live: { world, deadlineMs: 50, gaveUpAfterMs: null },
  });
  const textWith = (world: "observed" | "not-observed" | "not-run"): string =>
    rendered({ question: "cold-start", families: [], figures: { starts: [start], budget: budgetWith(world) } });
  const text = textWith("not-observed");
  expect(lineWith(text, "Answer")).toMatch(/; the live case could not be observed to its end$/);
  expect(text).toContain("not observed to its end: it waits, 0 of 2 accepted early lost, 0 told, 2 not observed");
  expect(lineWith(text, "  live  ")).toMatch(/not observed to its end$/);
  expect(lineWith(textWith("not-run"), "  live  ")).toMatch(/not run$/);
  expect(lineWith(textWith("observed"), "  live  ")).toMatch(/did not give up$/);
});

test("the waits that change places in a live run stand below the answer", () => {
  const note = "in the times of a live run these waits change places: a and b";
  expect(rendered({ notes: [note] })).toMatch(new RegExp(`best-effort: .*\\n +${note}\\n`));
});

test("cold start: probes are listed where their answers change, and not where only what lies behind them does", () => {
  const probe = (atMs: number, ready: boolean, connected: boolean) => ({
    ...{ atMs, ready, live: true, connected, durable: connected },
  });
  const own = {
    ...{ connectedAtMs: 0, readyAtMs: 0, healedAtMs: null, restarts: 0, exits: [], early: 0, arrivedEarly: 0 },
    ...{ notObservedEarly: 0, toldLost: 0 },
    probes: [probe(0, true, false), probe(5, true, true), probe(3_000, false, false)],
  };
  const start = { about: "a", variant: "v", judged: true, world: "model", observed: true, ...own, own };
  const text = rendered({ question: "cold-start", figures: { starts: [start] } as never });
  expect(text).toContain("probes: 0 s ready, alive → 3 s not ready, alive");
});

test("what the policy breaks and does not demand is named above the verdict, and stands in its sentence", () => {
  const reason = "message 0 on job.a is in no stream";
  const seen = rendered({ notDemanded: [{ property: "durable-path/acked-is-never-lost", reason }] });
  expect(seen).toContain("The policy breaks 1 promise that it does not demand, which the verdict leaves out");
  expect(seen).toContain(`  ! durable-path/acked-is-never-lost: ${reason}`);
  expect(seen.trimEnd().split("\n").at(-1)).toMatch(
    /^Verdict +holds, and 1 promise broken that the policy does not demand$/,
  );
  expect(rendered()).not.toContain("demand");
});

const stopsOf = (judged: boolean, world: "model" | "live") => ({
  ...{ situation: "stop", about: "SIGTERM", variant: judged ? "own" : "drain", judged, world },
  ...{ accepted: 5, arrived: 5, lost: 0, notObserved: 0, toldLost: 0, tookMs: 1, budgetMs: 800, forced: false },
  ...{ ended: "stopped" as const, ownTookMs: 5, ownBudgetMs: 800 },
});

test("a bus with one behaviour: the rows beside its policy are marked as the model's alone, in the table and below it", () => {
  const figures = { stops: [stopsOf(true, "live"), stopsOf(false, "model")] };
  const beside = oneCase({ id: "shutdown/y", variant: "drain", judged: false, live: null, agrees: null });
  const textWith = (one: QuestionCase): string =>
    rendered({ question: "shutdown", families: [], figures, cases: [oneCase(), one] });
  const marked = textWith({ ...beside, modelAlone: true });
  expect(lineWith(marked, "Before and after a stop")).toContain(
    "the others are the model alone: the bus has one behaviour;",
  );
  expect(lineWith(marked, "Agreed")).toMatch(
    /1 of them live in 1 s: 1 agree with the model; 1 row beside the policy: the model alone: the bus has one behaviour$/,
  );
  expect(textWith(beside)).not.toContain("the bus has one behaviour");
  expect(lineWith(textWith(beside), "Before and after a stop")).toContain("the others are for comparison;");
});

test("what a bus alone breaks beside its policy comes with the likelier cause, once, and nothing else does", () => {
  const reason = "the stop was forced";
  const broken = (id: string, worlds: QuestionViolation["worlds"], property = "conformance"): QuestionViolation => ({
    ...{ property, case: id, about: "SIGTERM", worlds, reason, reproduced: { k: 5, n: 5 }, file: "f", again: "a" },
    seen: worlds.includes("live") ? "seen-it.txt" : null,
  });
  const cases = [oneCase(), oneCase({ id: "shutdown/y", variant: "drain", judged: false })];
  const adviceIn = (...violations: readonly QuestionViolation[]): number =>
    rendered({ verdict: "violated", cases, violations }).split("a bus with one fixed behaviour says so").length - 1;
  expect(adviceIn(broken("shutdown/y", ["live"]), broken("shutdown/y", ["live"], "shutdown/other"))).toBe(1);
  expect(adviceIn(broken("durability/x", ["live"]))).toBe(0);
  expect(adviceIn(broken("shutdown/y", ["model", "live"]))).toBe(0);
  expect(adviceIn()).toBe(0);
  expect(rendered({ verdict: "violated", cases, violations: [broken("shutdown/y", ["live"])] })).toContain(
    "as it was seen: seen-it.txt",
  );
});

describe("messages that were delivered again", () => {
  const row = (more: Partial<RedeliveredRow> = {}): RedeliveredRow => ({
    ...{ case: "durability/x", about: "a handler fails", judged: true, subjects: "job.>", subject: "job.a" },
    ...{ message: 0, world: "model", afterMs: [0, 30_000] },
    ...more,
  });
  const again = (redelivered: readonly RedeliveredRow[]): readonly string[] => {
    const text = rendered({ redelivered });
    const at = text.indexOf("Delivered again");
    return at < 0 ? [] : (text.slice(at).split("\n\n")[0] ?? "").split("\n").slice(2);
  };

  test("are shown by the worst of each family, each clock in a row of its own", () => {
    const lines = again([
      row(),
      row({ message: 1, afterMs: [0, 30_000, 90_000] }),
      row({ message: 2, afterMs: [0, 30_000, 60_000] }),
      row({ message: 1, world: "live", afterMs: [3, 2_604, 5_300] }),
      row({ subjects: "news.>", subject: "news.a", afterMs: [0, 1_500] }),
      row({ judged: false, afterMs: [0, 1, 2, 3, 4] }),
    ]);
    expect(lines.map(line => line.trim().replaceAll(/ {2,}/g, " | "))).toEqual([
      "job.> | own time, modelled | 3 deliveries: at once, 30 s, 1 min 30 s | a handler fails",
      "live, shortened times | 3 deliveries: 0.003 s, 2.604 s, 5.3 s",
      "news.> | own time, modelled | 2 deliveries: at once, 1.5 s | a handler fails",
    ]);
  });

  test("are shown live alone where the model gives none again, and not at all where there are none", () => {
    expect(again([row({ world: "live" })])).toHaveLength(1);
    expect(again([])).toEqual([]);
  });

  test("are cut short after six deliveries", () => {
    const afterMs = Array.from({ length: 9 }, (_, i) => 1_000 * i);
    expect(again([row({ afterMs })])[0]).toMatch(/9 deliveries: at once, 1 s, 2 s, 3 s, 4 s, 5 s, …/);
  });
});
