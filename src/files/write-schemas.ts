/** Writes the JSON Schema files that editors and other languages read: `npm run schemas`. Tests check that they are current. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderBusProtocolSchema } from "../bus-protocol/schema.ts";
import { packageRoot } from "./package-root.ts";
import { policyJsonSchema, scenarioJsonSchema } from "./scenario-schema.ts";

const folder = join(packageRoot(), "schemas");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "scenario.schema.json"), `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`);
writeFileSync(join(folder, "policy.schema.json"), `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
writeFileSync(join(folder, "bus-protocol.schema.json"), renderBusProtocolSchema());
