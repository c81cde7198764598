/** How long an outage a policy lasts, in words. */
import { expect, test } from "vitest";
import { duration, outlastsText } from "../../src/report/question/outlasts.ts";

test.each([
  [0, "0 s"],
  [700, "0.7 s"],
  [59_999, "59.999 s"],
  [60_000, "1 min"],
  [570_000, "9 min 30 s"],
  [3_600_000, "1 h"],
  [5_400_000, "1 h 30 min"],
  [2_000_000_000, "23 d 3 h"],
])("%i ms are %s", (ms, text) => expect(duration(ms)).toBe(text));

test("each patience has its own words, and so has one without end", () => {
  expect(outlastsText({ publishMs: 15_000, deliveriesMs: 570_000, dialsMs: 120_000, startMs: 21_000 })).toBe(
    "a durable publish 15 s · a message's deliveries 9 min 30 s · the client's dials 2 min · a start 21 s",
  );
  expect(outlastsText({ publishMs: 700, deliveriesMs: null, dialsMs: null, startMs: null })).toBe(
    "a durable publish 0.7 s · deliveries without end · dials without end · a start without end",
  );
  expect(outlastsText({ publishMs: 700, deliveriesMs: null, startMs: 0 })).toMatch(
    /deliveries without end · a start of one pass$/,
  );
});
