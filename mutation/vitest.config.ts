/** The fast unit tests, the quickest first, so that most mutants are found at once. Read by Stryker, in its copy of the repository. */
import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Random scenarios in numbers, the longest last. */
const slow = [
  ...["event", "kill-matrix", "shapes", "arbitraries", "plan", "goals", "policy-scenario", "choice"],
  ...[
    "policies",
    "composed",
    "no-false-alarm",
    "no-false-alarm-under-policy",
    "ledger",
    "rewording",
    "oracle",
    "damage",
  ],
].map(name => `${name}.test.ts`);

class QuickestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const ranked = specifications.map(one => {
      const path = relative(process.cwd(), one.moduleId).replaceAll("\\", "/");
      return { one, rank: slow.findIndex(name => path.endsWith(`/${name}`)), path };
    });
    return ranked.sort((a, b) => a.rank - b.rank || (a.path < b.path ? -1 : 1)).map(({ one }) => one);
  }
}

export default defineConfig({
  test: {
    include: [
      "test/{models,properties,judge}/**/*.test.ts",
      "test/search/shrink/*.test.ts",
      "test/mutants/kill-matrix.test.ts",
      "test/search/random/shapes.test.ts",
      "test/no-regression.test.ts",
    ],
    pool: "threads",
    // One start of a worker for each mutant, not one for each file.
    isolate: false,
    testTimeout: 60_000,
    sequence: { sequencer: QuickestFirst },
  },
});
