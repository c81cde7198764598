/** What the mutants of both buses share: scenarios that the corpus does not have, and the reason why some survive. */
import { join } from "node:path";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { packageRoot } from "../../src/files/package-root.ts";
import { readPolicyFile } from "../../src/files/policies.ts";
import { start } from "../models/cases.ts";
import { job, subscribe, underPolicy } from "../models/policies.ts";

function corpusPolicy(name: string): Policy {
  const file = join("fixtures", "scenarios", "policies", `${name}.json`);
  return readPolicyFile(join(packageRoot(), file), file);
}

/** Handlers of one subject, and messages of another in the same stream. */
export const neighbours = underPolicy(corpusPolicy("service"), [
  start,
  subscribe(0),
  job(3),
  job(3, { subject: "job.b" }),
]);
