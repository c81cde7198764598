/** Whether the type checker refuses a mutant: TypeScript 7 has no API, so it is run on a copy in which the mutation is made. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Mutant, mutated } from "./draw.ts";
import { folder, root } from "./stryker.ts";

/** Those of the mutants that do not compile. */
export function refusedByTypes(mutants: readonly Mutant[]): ReadonlySet<Mutant> {
  const copy = join(folder, "types");
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const one of ["models", "properties"]) cpSync(join(root, one), join(copy, one), { recursive: true });
  const config = { extends: join(root, "tsconfig.json"), include: ["models", "properties"] };
  writeFileSync(join(copy, "tsconfig.json"), JSON.stringify(config));
  if (!compiles(copy)) throw new Error("models/ and properties/ do not compile as they are");
  return new Set(
    mutants.filter(mutant => {
      const path = join(copy, mutant.file);
      const text = readFileSync(path, "utf8");
      writeFileSync(path, mutated(text, mutant));
      const refused = !compiles(copy);
      writeFileSync(path, text);
      return refused;
    }),
  );
}

const compiles = (copy: string): boolean =>
  spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", copy], { stdio: "ignore" })
    .status === 0;
