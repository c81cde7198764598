/** What the package exports, by entry point: the names that the code of others may import. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./run-command.ts";
import type { Json } from "./split.ts";

/** Registers tests when it is imported, which only vitest lets it do; its two names have a test of their own. */
const notImported = "./vitest";

export async function takeExports(): Promise<Readonly<Record<string, Json>>> {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Readonly<Record<string, string | { readonly default: string }>>;
  };
  const names: Record<string, Json> = {};
  for (const [entry, to] of Object.entries(exports)) {
    if (typeof to === "string" || entry === notImported) continue;
    const source = to.default.replace(/^\.\/dist\//, "").replace(/\.js$/, ".ts");
    names[entry] = Object.keys(await import(pathToFileURL(join(root, source)).href)).toSorted();
  }
  return names;
}
