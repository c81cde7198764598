/** The index finds the same patterns as a look at each of them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { covers } from "../../../models/policy/pattern.ts";
import { SubjectIndex } from "../../../models/policy/subject-index.ts";

const token = fc.constantFrom("a", "b", "job", "__proto__");
const subject = fc.array(token, { minLength: 1, maxLength: 5 }).map(tokens => tokens.join("."));
const pattern = fc
  .tuple(fc.array(fc.oneof(token, fc.constant("*")), { minLength: 0, maxLength: 4 }), fc.boolean())
  .filter(([tokens, isOpen]) => isOpen || tokens.length > 0)
  .map(([tokens, isOpen]) => [...tokens, ...(isOpen ? [">"] : [])].join("."));

test("any patterns and any subject: as covers says of each", () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 30 }), fc.array(subject, { maxLength: 20 }), (patterns, subjects) => {
      const index = new SubjectIndex(patterns);
      for (const one of subjects)
        expect(index.covering(one)).toEqual(patterns.flatMap((each, i) => (covers(each, one) ? [i] : [])));
    }),
    { numRuns: 500 },
  );
});
