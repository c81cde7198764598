/** The sanitiser: what others wrote neither steers a terminal, nor passes for a line of ours, nor is a command to a CI runner. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plain } from "../../src/report/paint.ts";
import { renderReplay } from "../../src/report/replay.ts";
import { cleaned, cleanedData, cleanedText, jsonText, rendered, valueCharsMax } from "../../src/text/clean.ts";
import { hostileText, rawIn } from "./hostile.ts";

/** Texts in which what is dangerous is frequent. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom("\u001b[2J", "\u009b", "\r", "\n::error::x", "\n", "\u202e", "##[error]", "##vso[x]", "::", " "),
      fc.string({ unit: "binary" }),
    ),
  )
  .map(parts => parts.join(""));

test("a value is one line without a raw control character, and bounded", () => {
  fc.assert(
    fc.property(text, value => {
      const clean = cleaned(value);
      expect(rawIn(clean)).toEqual([]);
      expect(clean).not.toContain("\n");
      expect(cleaned(clean)).toBe(clean);
    }),
  );
  expect(cleaned("x".repeat(100_000))).toBe(`${"x".repeat(valueCharsMax)}… (98000 more characters)`);
});

test("a text keeps its lines, and none of them is a command to a runner", () => {
  fc.assert(
    fc.property(text, value => {
      const clean = cleanedText(value);
      expect(rawIn(clean)).toEqual([]);
      expect(clean.split("\n").length).toBe(value.split("\n").length);
      expect(cleanedText(clean)).toBe(clean);
    }),
  );
});

test("our own colours stay, and no other escape does", () => {
  const [red, off] = ["\u001b[31m", "\u001b[39m"];
  expect(cleanedText(`${red}✗${off} lost\u001b[8m\u001b[2J`)).toBe(`${red}✗${off} lost\\u001b[8m\\u001b[2J`);
  expect(rawIn(cleanedText(`${red}::error::x${off}`))).toEqual([]);
});

test("JSON says the same as before, and a terminal shows it", () => {
  fc.assert(
    fc.property(fc.dictionary(text, fc.array(text)), data => {
      const json = jsonText(data, 2);
      expect(rawIn(json)).toEqual([]);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(data)));
    }),
  );
});

test("data is cleaned to the last of its strings, keys too; what is clean already stays the same object", () => {
  const data = { "\u001b": [{ a: "\r" }], map: new Map([["\n", new Set(["\u202e"])]]), n: 1, none: null, f: plain };
  expect(cleanedData(data)).toEqual({
    "\\u001b": [{ a: "\\r" }],
    map: new Map([["\\n", new Set(["\\u202e"])]]),
    n: 1,
    none: null,
    f: plain,
  });
  const clean = { a: ["b", new Map([["c", 1]]), new Set(["d"])] };
  expect(cleanedData(clean)).toBe(clean);
});

describe("a report of data whose every text is hostile", () => {
  test("has no raw control character, and no line of theirs", () => {
    const shown = rendered(
      renderReplay,
      {
        verdict: "violated",
        scenario: hostileText,
        policy: hostileText,
        notModelled: [{ place: hostileText, means: hostileText }],
        seed: hostileText,
        interrupted: false,
        verdicts: [],
        reproduced: { k: 0, n: 0 },
        answers: [],
        nondeterministic: false,
        digests: [],
        ledger: [],
        notRun: [],
        selfTest: { tried: 1, failed: [{ name: hostileText, neededFor: [hostileText], detail: hostileText }] },
        notShown: [],
        kept: null,
        notDemanded: [{ property: hostileText, reason: hostileText }],
      },
      {
        scenario: { id: hostileText, why: hostileText, steps: [], expect: {} } as never,
        counterexample: { broken: { kind: "promise", property: hostileText }, reason: hostileText, overridden: false },
        cases: [
          {
            ...{
              world: "live",
              bus: hostileText,
              profile: hostileText,
              missing: [hostileText],
              notShown: [],
              runs: [],
            },
          },
        ],
      },
      plain,
    );
    expect(rawIn(shown)).toEqual([]);
    expect(shown.split("\n").length).toBeLessThan(20);
    expect(shown.length).toBeLessThan(40_000);
  });
});
