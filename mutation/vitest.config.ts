/** The fast unit tests, in the order in which they are likeliest to find a mutant soon. Read by Stryker, in its copy of the repository. */
import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const files = [
  "test/models/facts.test.ts",
  "test/models/races.test.ts",
  "test/mutants/kill-matrix.test.ts",
  "test/properties/*.test.ts",
  "test/models/*.test.ts",
  "test/search/shapes.test.ts",
];

/** In the order of the list above; of one pattern by name, the oracle's tests last. */
class InListedOrder extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const ranked = specifications.map(one => {
      const path = relative(process.cwd(), one.moduleId).replaceAll("\\", "/");
      const listed = files.findIndex(pattern => pattern === path || (pattern.includes("*") && isUnder(path, pattern)));
      return { one, rank: `${path.includes("oracle") ? 9 : listed} ${path}` };
    });
    return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ one }) => one);
  }
}

const isUnder = (path: string, pattern: string): boolean => path.startsWith(pattern.slice(0, pattern.indexOf("*")));

export default defineConfig({
  test: {
    include: files,
    pool: "threads",
    // One start of a worker for each mutant, not one for each file.
    isolate: false,
    testTimeout: 60_000,
    sequence: { sequencer: InListedOrder },
  },
});
