/** The command compiles itself once: Node keeps what it compiled, where it keeps it by default, and does without where it cannot. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, ownFolder } from "../commands/faultline.ts";

const start = (env: Readonly<Record<string, string>>) =>
  faultline(["--help"], { env: { NODE_COMPILE_CACHE: "", ...env } });

test("what was compiled is kept among the temporary files", async () => {
  const folder = ownFolder();
  expect(await start({ TMPDIR: folder })).toMatchObject({ code: 0, stderr: "" });
  expect(readdirSync(join(folder, "node-compile-cache"))).not.toEqual([]);
});

test("NODE_COMPILE_CACHE says where, and NODE_DISABLE_COMPILE_CACHE that nothing is kept", async () => {
  const [temporary, named] = [ownFolder(), ownFolder()];
  expect((await start({ TMPDIR: temporary, NODE_COMPILE_CACHE: named })).code).toBe(0);
  expect(readdirSync(named)).not.toEqual([]);
  expect((await start({ TMPDIR: temporary, NODE_DISABLE_COMPILE_CACHE: "1" })).code).toBe(0);
  expect(readdirSync(temporary)).toEqual([]);
});

test("where nothing can be written the command starts all the same, and says nothing of it", async () => {
  const file = join(ownFolder(), "file");
  writeFileSync(file, "");
  for (const env of [{ TMPDIR: join(file, "tmp") }, { NODE_COMPILE_CACHE: join(file, "cache") }]) {
    expect(await start(env)).toMatchObject({ code: 0, stdout: expect.stringContaining("Usage:"), stderr: "" });
    expect(existsSync(join(file, "tmp"))).toBe(false);
  }
});
