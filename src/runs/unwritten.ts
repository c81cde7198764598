/**
 * Findings whose file the machine refuses. A full disk or a folder that cannot be written costs the file, and never the finding: stderr
 * names the file, and has the whole text where that stands nowhere else.
 */
import { isRefusedByMachine } from "../errors.ts";

/** Writes with `write`; where the machine refuses that, says so with `text`, which may be long. True where it was written. */
export function writtenOrSaid(write: () => void, path: string, text = ""): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (!isRefusedByMachine(error)) throw error;
    sayUnwritten(path, error.message, text);
    return false;
  }
}

export function sayUnwritten(path: string, reason: string, text = ""): void {
  const follows = text === "" ? "" : " What it would hold follows; save it there.";
  process.stderr.write(`faultline: ${path} cannot be written: ${reason}.${follows}\n${text}`);
}
