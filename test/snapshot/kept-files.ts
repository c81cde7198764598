/** The committed snapshot: JSON files in which a value that fits takes one line, so that a change is read in the diff. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "./split.ts";

export const keptFolder: string = join(import.meta.dirname, "kept");

export type KeptName = "commands" | "texts" | "digests" | "live" | "live-texts";

const lineCharsMax = 300;

export function render(json: Json, indent = ""): string {
  const whole = JSON.stringify(json);
  if (indent !== "" && whole.length <= lineCharsMax) return whole;
  const deeper = `${indent} `;
  if (Array.isArray(json)) return `[\n${json.map(one => deeper + render(one, deeper)).join(",\n")}\n${indent}]`;
  if (typeof json !== "object" || json === null) return whole;
  const fields = Object.entries(json).map(
    ([name, value]) => `${deeper}${JSON.stringify(name)}: ${render(value, deeper)}`,
  );
  return `{\n${fields.join(",\n")}\n${indent}}`;
}

export function write(folder: string, name: KeptName, json: Json): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${render(json)}\n`);
}

/** Empty where nothing was kept yet. */
export function read(folder: string, name: KeptName): Readonly<Record<string, Json>> {
  const file = join(folder, `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}
