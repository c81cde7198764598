/** Files and buses whose every text attacks the reader: each command shows them without a raw control character, and within bounds. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BadInput } from "../../src/errors.ts";
import { readPolicyFile } from "../../src/files/policies.ts";
import { readCase } from "../../src/findings/counterexample.ts";
import { renderHolds } from "../../src/report/holds.ts";
import { noneKept } from "../../src/report/kept.ts";
import { hostileText, hostileWord, rawIn } from "../text/hostile.ts";
import { faultline, ownFolder, root } from "./faultline.ts";

const charsMax = 60_000;
const kinds = [
  ["scenario", "fixtures/scenarios/reconnect-buffer/published-while-down.json"],
  ["counterexample", "test/snapshot/files/reconnect-buffer--0d3a2048.json"],
  ["policy", "fixtures/policies/cordum-as-found.json"],
] as const;
type Kind = (typeof kinds)[number][0];

/** The data with one string or one more key that is hostile, for each place in turn. */
function* spoiled(data: unknown, by: string): Generator<unknown> {
  if (typeof data === "string") yield by;
  if (typeof data !== "object" || data === null) return;
  yield Array.isArray(data) ? [...data, by] : { ...data, [by]: by };
  for (const [key, value] of Object.entries(data))
    for (const part of spoiled(value, by))
      yield Array.isArray(data) ? data.with(Number(key), part) : { ...data, [key]: part };
}

const parsed = (file: string): unknown => JSON.parse(readFileSync(join(root, file), "utf8"));

/** The reason why the file is refused. */
function refusal(kind: Kind, path: string): string | undefined {
  try {
    if (kind === "policy") readPolicyFile(path, path);
    else readCase(path, path);
    return undefined;
  } catch (error) {
    if (error instanceof BadInput) return error.message;
    throw error;
  }
}

/** The file with the hostile word in every place that takes any text. */
function acceptedEverywhere(kind: Kind, data: unknown, path: string): unknown {
  const isAccepted = (one: unknown): boolean => {
    writeFileSync(path, JSON.stringify(one));
    return refusal(kind, path) === undefined;
  };
  let whole = data;
  const places = [...spoiled(data, hostileWord)].length;
  for (let i = 0; i < places; i++) {
    const next = [...spoiled(whole, hostileWord)][i];
    if (isAccepted(next)) whole = next;
  }
  writeFileSync(path, JSON.stringify(whole));
  return whole;
}

async function shownBy(args: readonly string[], cwd = ownFolder()): Promise<string> {
  const { stdout, stderr, code } = await faultline(args, { cwd });
  expect([rawIn(stdout), rawIn(stderr)]).toEqual([[], []]);
  expect(stdout.length + stderr.length).toBeLessThan(charsMax);
  expect(code).not.toBe(70);
  return stdout + stderr;
}

describe.each(kinds)("a hostile %s", (kind, file) => {
  test("is refused without harm, whatever text of it cannot be", () => {
    const path = join(ownFolder(), "hostile.json");
    for (const by of [hostileWord, hostileText])
      for (const data of spoiled(parsed(file), by)) {
        writeFileSync(path, JSON.stringify(data));
        const reason = refusal(kind, path) ?? "";
        expect(rawIn(reason)).toEqual([]);
        expect(reason).not.toContain("\n");
        expect(reason.length).toBeLessThan(10_000);
      }
  });

  test("is shown without harm, where its text may be any", async () => {
    const cwd = ownFolder();
    const path = join(cwd, "hostile.json");
    const data = acceptedEverywhere(kind, parsed(file), path);
    const shown =
      kind === "policy"
        ? [["search", "--policy", path, "--profile", "nats-go", "--runs", "30"]]
        : [[], ["--json"]].map(more => ["replay", path, "--world", "model", "--profile", "nats-go", ...more]);
    for (const args of shown) {
      const text = await shownBy(args, cwd);
      // A policy has no text that may be any. Of the others something was shown that had to be escaped.
      if (JSON.stringify(data).includes("\\u202e")) expect(text).toContain("\\u001b[2J");
    }
  });
});

test("a hostile name on the command line is refused without harm", async () => {
  for (const option of ["--profile", "--require", "--seed", "--policy", "--bus", "--world", "--unknown"])
    await shownBy(["search", `${option}=${hostileText.slice(0, 20_000)}`]);
});

describe("a bus that attacks who looks at it", () => {
  const bus = (words: string): string => `node ${join(root, "test/commands/hostile-bus.mjs")} ${words}`;

  test.for(["greeting", "garbage", "refusal", "last-words"])("is described by doctor without harm: %s", async how => {
    for (const more of [[], ["--json"]]) {
      const text = await shownBy(["doctor", "--bus", bus(how), ...more]);
      expect(text).toMatch(/\\u001b|\\u009b|\\u202e/);
    }
  });
});

test("the message of a failing test is clean, whatever the reason", () => {
  const text = renderHolds(
    {
      ...{ claim: "conformance", seed: "1", interrupted: false, selfTest: null, verdict: "inconclusive" },
      ...{ runs: 1, disturbed: 0, inconclusive: 1, exercised: 0, reason: hostileText },
      kept: noneKept(hostileText),
    },
    "",
  );
  expect(rawIn(text)).toEqual([]);
  expect(text).toContain("more characters)");
});
