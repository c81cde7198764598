/** Writes docs/promises.md from the catalogue: `npm run promises`. A test checks that it is current. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { listedPromises } from "../findings/promises.ts";
import { renderPromisesPage } from "../report/promises.ts";
import { packageRoot } from "./package-root.ts";

writeFileSync(join(packageRoot(), "docs", "promises.md"), `${renderPromisesPage(listedPromises())}\n`);
