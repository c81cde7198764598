/** Holds what a command printed with --json, or kept in a run's folder, to the schema of its document. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { questions } from "../src/drills/drill.ts";
import { compareDocument, liveSearchDocument } from "../src/findings/documents/compare.ts";
import { drillDocument } from "../src/findings/documents/drill.ts";
import { documentNames, documents, failedDocument } from "../src/findings/documents/index.ts";
import { questionDocument } from "../src/findings/documents/question.ts";

/** The schema of the document that these arguments lead to. */
export function schemaFor(args: readonly string[]): z.ZodType {
  if (args[0] === "policy" && args.includes("--observe")) return documents["policy-observe"];
  const name = args[0] === "policy" ? "policy-page" : documentNames.find(one => one === args[0]);
  // Without a command there is nothing to print besides what was wrong.
  if (name === undefined) return failedDocument;
  if (name === "drill" && args.includes("--before")) return documents["drill-before"];
  const asked = questions.some(one => one === args[1]);
  return name === "drill" && asked ? documents["drill-question"] : documents[name];
}

/** @throws Error with every place that does not match. */
export function checkDocument(schema: z.ZodType, document: unknown, what: string): void {
  const parsed = schema.safeParse(document);
  if (!parsed.success) throw new Error(`${what}: the document does not match its schema:\n${told(parsed.error)}`);
}

/** Of a union the part that fits best is told: the one with the fewest complaints. */
function told(error: z.core.$ZodError): string {
  const lines = (issues: readonly z.core.$ZodIssue[], path: readonly PropertyKey[]): string[] =>
    issues.flatMap(issue => {
      const place = [...path, ...issue.path];
      if (issue.code !== "invalid_union") return [`  ${place.join(".")}: ${issue.message}`];
      const [best = []] = issue.errors.map(one => lines(one, place)).toSorted((a, b) => a.length - b.length);
      return best;
    });
  return lines(error.issues, []).join("\n");
}

/** Nothing where no document is due. @throws Error */
export function checkPrinted(args: readonly string[], stdout: string): void {
  if (!args.includes("--json") || args.includes("--help")) return;
  const what = `faultline ${args.join(" ")}`;
  let document: unknown;
  try {
    document = JSON.parse(stdout);
  } catch {
    throw new Error(`${what}: not one JSON document: ${JSON.stringify(stdout.slice(0, 200))}`);
  }
  checkDocument(schemaFor(args), document, what);
}

/** What has no file for a person beside it does not name itself: `report` is the path of the file that it stands in. */
const keptAs: Readonly<Record<string, z.ZodType>> = {
  "drill.json": z.union([drillDocument, questionDocument]),
  "compare.json": compareDocument.omit({ report: true }),
  "search.json": liveSearchDocument.omit({ report: true }),
};

/** Every document that the runs below a folder have kept. Returns how many there are. @throws Error */
export function checkKept(cwd: string): number {
  const runs = join(cwd, ".faultline", "runs");
  if (!existsSync(runs)) return 0;
  const files = readdirSync(runs).flatMap(run =>
    Object.entries(keptAs)
      .map(([name, schema]) => ({ file: join(runs, run, name), schema }))
      .filter(({ file }) => existsSync(file)),
  );
  for (const { file, schema } of files) checkDocument(schema, JSON.parse(readFileSync(file, "utf8")), file);
  return files.length;
}
