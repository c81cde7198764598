/** Writes the JSON Schema files that editors and other languages read: `npm run schemas`. Tests check that they are current. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderBusProtocolSchema } from "../bus-protocol/schema.ts";
import { documentJsonSchema, documentNames } from "../findings/documents/index.ts";
import { packageRoot } from "./package-root.ts";
import { policyJsonSchema, scenarioJsonSchema } from "./scenario-schema.ts";

const folder = join(packageRoot(), "schemas");
mkdirSync(folder, { recursive: true });
const write = (name: string, schema: object): void =>
  writeFileSync(join(folder, `${name}.schema.json`), `${JSON.stringify(schema, null, 2)}\n`);
write("scenario", scenarioJsonSchema());
write("policy", policyJsonSchema());
for (const name of documentNames) write(name, documentJsonSchema(name));
writeFileSync(join(folder, "bus-protocol.schema.json"), renderBusProtocolSchema());
