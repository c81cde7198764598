/** Folders are made one by one, and a file is measured before it is read. */
import { closeSync, existsSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { BadInput } from "../../src/errors.ts";
import { makeFolder } from "../../src/files/folder.ts";
import { didYouMean, nearest } from "../../src/files/nearest.ts";
import { readPolicyFile } from "../../src/files/policies.ts";
import { readCase } from "../../src/findings/counterexample.ts";

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "folder-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a folder and those above it are made, and one that is there stays", () => {
  const deep = join(ownFolder(), "a", "b", "c");
  makeFolder(deep);
  makeFolder(deep);
  expect(existsSync(deep)).toBe(true);
});

test("a folder that takes no others, and a file in the way, are refused at once", () => {
  expect(() => makeFolder("/proc/nothing/there")).toThrow(/ENOENT/);
  const file = join(ownFolder(), "file");
  writeFileSync(file, "");
  expect(() => makeFolder(file)).toThrow(/EEXIST/);
  expect(() => makeFolder(join(file, "below"))).toThrow(/ENOTDIR/);
});

test("a file of 3 GB, which no string could hold, is refused by its size", () => {
  const file = join(ownFolder(), "huge.json");
  const fd = openSync(file, "w");
  ftruncateSync(fd, 3_000_000_000);
  closeSync(fd);
  for (const read of [() => readCase(file, "huge.json"), () => readPolicyFile(file, "huge.json")]) {
    expect(read).toThrow(BadInput);
    expect(read).toThrow("huge.json: is larger than 1048576 bytes");
  }
});

test("a word of a megabyte is compared by its beginning", () => {
  const began = performance.now();
  expect(nearest("x".repeat(1_000_000), ["a", "b"])).toBe("a");
  expect(nearest(`core-path/order-is-kept${"x".repeat(1_000_000)}`, ["nothing", "core-path/order-is-kept"])).toBe(
    "core-path/order-is-kept",
  );
  expect(didYouMean("x".repeat(1_000_000), ["a"])).toBe("");
  expect(performance.now() - began).toBeLessThan(1_000);
});
