/** How often a function of the program is called while a command runs, as V8 counts it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { faultline, ownFolder } from "./faultline.ts";

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly count: number }[];
    }[];
  }[];
}

/** Runs the command. `file` is the end of its path. */
export async function callsOf(name: string, file: string, args: readonly string[]): Promise<number> {
  const folder = ownFolder();
  const { code, stderr } = await faultline(args, { env: { NODE_V8_COVERAGE: folder } });
  if (code !== 0) throw new Error(`${args.join(" ")} ended in ${code}: ${stderr}`);
  const taken = readdirSync(folder).map(one => JSON.parse(readFileSync(join(folder, one), "utf8")) as Coverage);
  const functions = taken
    .flatMap(one => one.result)
    .filter(one => one.url.endsWith(file))
    .flatMap(one => one.functions)
    .filter(one => one.functionName === name);
  if (functions.length === 0) throw new Error(`${file} was not loaded, or has no function ${name}`);
  return functions.reduce((sum, one) => sum + (one.ranges[0]?.count ?? 0), 0);
}

export const whileDown = "fixtures/scenarios/reconnect-buffer/published-while-down.json";
/** How often the oracle is asked whether it admits what was observed. */
export const timesAsked = (args: readonly string[]): Promise<number> => callsOf("admits", "/models/oracle.ts", args);
