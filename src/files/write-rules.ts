/** Writes docs/lint.md from the rules: `npm run rules`. A test checks that it is current. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { lintRules } from "../lint/lint.ts";
import { renderLintPage } from "../report/lint/page.ts";
import { packageRoot } from "./package-root.ts";

writeFileSync(join(packageRoot(), "docs", "lint.md"), `${renderLintPage(lintRules)}\n`);
