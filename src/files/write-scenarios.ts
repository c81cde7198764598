/**
 * Lays out every scenario of the corpus as `scenarioText` does, and the policies beside them: `npm run scenarios`. A test checks that they
 * are so.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./package-root.ts";
import { scenarioText } from "./scenario-text.ts";

const folder = join(packageRoot(), "fixtures", "scenarios");
for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
  if (!name.endsWith(".json")) continue;
  const path = join(folder, name);
  const text = readFileSync(path, "utf8");
  const laidOut = scenarioText(JSON.parse(text));
  if (laidOut !== text) writeFileSync(path, laidOut);
}
