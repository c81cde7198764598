/** The shortest subject of some sets and of no others, against all subjects of a small alphabet. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isClassifiedDurable } from "../../../models/policy/classifier.ts";
import { covers, coversAll, overlap } from "../../../models/policy/pattern.ts";
import { shortestSubject } from "../../../models/policy/subject-sets.ts";
import type { ClassifierRule, Policy } from "../../../models/vocabulary/policy.ts";

const pattern = (one: string): ClassifierRule => ({ pattern: one });
const found = (all: readonly ClassifierRule[], none: readonly ClassifierRule[] = []): string | undefined => {
  const answer = shortestSubject({ all, none });
  if (answer.kind === "undecided") throw new Error("undecided");
  return answer.kind === "some" ? answer.subject : undefined;
};

const takes = (rule: ClassifierRule, subject: string): boolean =>
  isClassifiedDurable({ classifier: [rule] } as unknown as Policy, subject);

test.each<[what: string, all: readonly ClassifierRule[], none: readonly ClassifierRule[], subject: string | undefined]>(
  [
    ["a pattern has its shortest subject", [pattern("job.*")], [], "job.a"],
    [
      "a classifier by its ends is wider than a pattern of tokens",
      [{ prefix: "worker.", suffix: ".jobs" }],
      [pattern("worker.*.jobs")],
      "worker.jobs",
    ],
    [
      "and by more than one token",
      [{ prefix: "worker.", suffix: ".jobs" }],
      [pattern("worker.*.jobs"), { exact: "worker.jobs" }],
      "worker.a.a.jobs",
    ],
    ["two streams together may take all of a family", [pattern("a.*")], [{ exact: "a.b" }, pattern("a.>")], undefined],
    ["a star needs a token", [pattern("a.>")], [pattern("a.*")], "a.a.a"],
    ["a rest takes one token or more", [pattern("a.*")], [pattern("a.>")], undefined],
    ["patterns that meet have a subject in common", [pattern("*.b.>"), pattern("a.*.c")], [], "a.b.c"],
    ["patterns that do not meet have none", [pattern("a.*"), pattern("a.*.c")], [], undefined],
    ["an end may stand in the middle of a token", [{ suffix: "-dlq" }], [pattern("*")], "a.-dlq"],
    ["a beginning alone takes the whole subject too", [{ prefix: "job" }], [{ prefix: "job." }], "job"],
    ["nothing is left of a set without itself", [pattern("a.*.c.>")], [pattern("a.*.c.>")], undefined],
  ],
)("%s", (_what, all, none, subject) => {
  expect(found(all, none)).toBe(subject);
});

test("a question with too many combinations is not decided, and never answered wrongly", () => {
  const stars = (i: number): string => Array.from({ length: 12 }, (_, j) => (i === j ? "b" : "*")).join(".");
  const none = Array.from({ length: 12 }, (_, i) => pattern(stars(i)));
  const all = [pattern(Array.from({ length: 12 }, () => "*").join("."))];
  expect(shortestSubject({ all, none }, 500)).toEqual({ kind: "undecided" });
  const answer = shortestSubject({ all, none });
  if (answer.kind === "some") expect(none.some(one => takes(one, answer.subject))).toBe(false);
});

const tokens = ["a", "b", "ab"];
/** Every subject of up to four of these tokens. */
const subjects: readonly string[] = [1, 2, 3, 4].flatMap(length =>
  Array.from({ length: tokens.length ** length }, (_, n) =>
    Array.from({ length }, (_, i) => tokens[Math.floor(n / tokens.length ** i) % tokens.length]).join("."),
  ),
);

const anyPattern = fc
  .tuple(fc.array(fc.constantFrom("a", "b", "ab", "*"), { maxLength: 3 }), fc.constantFrom("a", "b", "ab", "*", ">"))
  .map(([before, last]) => [...before, last].join("."));
const anyPart = fc.array(fc.constantFrom("a", "b", "."), { minLength: 1, maxLength: 4 }).map(all => all.join(""));
const anyRule: fc.Arbitrary<ClassifierRule> = fc.oneof(
  anyPattern.map(pattern),
  fc.record({ prefix: anyPart, suffix: anyPart }),
  anyPart.map(prefix => ({ prefix })),
  anyPart.map(suffix => ({ suffix })),
);

describe("against every subject of a small alphabet", () => {
  test("an answer is taken by all that it must be, by none that it must not, and nothing shorter is", () => {
    fc.assert(
      fc.property(
        fc.array(anyRule, { minLength: 1, maxLength: 2 }),
        fc.array(anyRule, { maxLength: 3 }),
        (all, none) => {
          const isMeant = (subject: string): boolean =>
            all.every(one => takes(one, subject)) && !none.some(one => takes(one, subject));
          const subject = found(all, none);
          if (subject !== undefined) expect(isMeant(subject), subject).toBe(true);
          const known = subjects.filter(isMeant).map(one => one.length);
          if (known.length > 0)
            expect(subject?.length ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(Math.min(...known));
        },
      ),
      { seed: 1, numRuns: 3_000 },
    );
  });

  test("cover and overlap of two patterns are those of their subjects", () => {
    fc.assert(
      fc.property(anyPattern, anyPattern, (one, other) => {
        const [ofOne, ofOther] = [one, other].map(each => subjects.filter(subject => covers(each, subject)));
        const both = ofOne?.filter(subject => ofOther?.includes(subject)) ?? [];
        expect(overlap(one, other)).toBe(found([pattern(one), pattern(other)]) !== undefined);
        if (both.length > 0) expect(overlap(one, other)).toBe(true);
        expect(coversAll(one, other)).toBe(found([pattern(other)], [pattern(one)]) === undefined);
        if (ofOther?.some(subject => !ofOne?.includes(subject))) expect(coversAll(one, other)).toBe(false);
      }),
      { seed: 2, numRuns: 3_000 },
    );
  });
});
