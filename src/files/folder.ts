/** Folders, and the reading of files whose size a user decides. */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { BadInput } from "../errors.ts";

/**
 * Makes the folder and those above it that are missing. Node's own `recursive` tries for ever where a folder exists and takes none
 * (/proc), and where the current folder has been deleted.
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const above = dirname(path);
    if (isFolder(path)) return;
    if (code !== "ENOENT" || above === path || isFolder(above)) throw error;
    makeFolder(above);
    makeFolder(path);
  }
}

export const isFolder = (path: string): boolean => statIn(path)?.isDirectory() === true;

/** Undefined also where a part of the path is a file, or forbidden. */
function statIn(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The text of a file, whose size is looked at before it is read. @throws BadInput where it is larger */
export function readBounded(path: string, shown: string, bytesMax: number): string {
  if (statSync(path).size > bytesMax) throw new BadInput(shown, "", `is larger than ${bytesMax} bytes`);
  return readFileSync(path, "utf8");
}
