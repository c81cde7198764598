/** The document of `doctor --json`. */
import { z } from "zod";
import type { DoctorReport } from "../../report/doctor.ts";
import { exactly } from "./exactly.ts";
import { names, text } from "./shared.ts";

export const doctorDocument = exactly<DoctorReport>()(
  z.strictObject({
    live: text.describe("Whether the live world is `ready`, `to be built at the first use`, or `unavailable`."),
    node: text.describe("The version of Node."),
    servers: z.array(
      z.strictObject({
        name: text,
        version: text.describe("The version that was found, or the one that would be built."),
        source: z.enum(["env", "cache", "path", "to-be-built", "missing"]),
        path: text.describe("Path of the program.").optional(),
      }),
    ),
    packages: z
      .array(z.strictObject({ name: text, found: z.boolean() }))
      .describe("npm packages that the live world needs."),
    containers: z
      .strictObject({
        testcontainers: z.boolean().describe("The package is installed."),
        engine: text.nullable().describe("The engine's version; null where none answers."),
        problem: text.nullable().describe("What stands in the way; null: nothing does."),
      })
      .describe("What --backend container needs."),
    buses: z.array(
      z.strictObject({
        name: text,
        profile: text.nullable(),
        client: text.nullable().describe("The client's name and version."),
        capabilities: names.describe("Capabilities that the bus claims."),
        built: z.boolean(),
        needs: text.nullable().describe("What its build needs; null where nothing is built."),
        process: z
          .enum(["started", "wrapped"])
          .nullable()
          .describe(
            "The bus is the process that was started, or one within it; null: it has not greeted, or neither can be told.",
          ),
        unclaimed: text.describe("Why it has neither signals nor memory.").optional(),
        problem: text.describe("Why it does not greet.").optional(),
      }),
    ),
    advice: names.describe("What to do about what is missing."),
  }),
);
