/** The place where the package is installed. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const isOurs = (file: string): boolean =>
  existsSync(file) && readFileSync(file, "utf8").includes('"name": "nats-faultline"');

/** The folder that holds the package's package.json, whether this runs from the sources or from the built files. */
export function packageRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (isOurs(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder))
      throw new Error(`No package.json named nats-faultline above ${import.meta.dirname}.`);
  }
}
