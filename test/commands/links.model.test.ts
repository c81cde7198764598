/** A counterexample takes the place of a link that waits under its name, and leaves the link's target alone. */
import { lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, ownFolder } from "./faultline.ts";

test("a counterexample that is kept follows no link", async () => {
  const cwd = ownFolder();
  const id = "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence";
  const args = ["search", "--profile", "nats-js-3", "--runs", "200", "--seed", "1", "--property", id, "--json"];
  const file = join(cwd, (await faultline(args, { cwd })).json.counterexample);
  const kept = readFileSync(file, "utf8");
  const victim = join(cwd, "victim.json");
  writeFileSync(victim, kept);
  rmSync(file);
  symlinkSync(victim, file);
  const again = await faultline(args, { cwd });
  expect([again.code, again.json.known]).toEqual([1, false]);
  expect([lstatSync(file).isFile(), readFileSync(file, "utf8")]).toEqual([true, kept]);
});
