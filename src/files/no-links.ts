/**
 * Files of a folder that others may write in, too: a checkout, a cache of CI. None is reached through a link that lies there, or it would be
 * another's file that is read or overwritten, with the rights of who runs this.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync } from "node:fs";
import { BadInput } from "../errors.ts";

const { O_RDONLY, O_WRONLY, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;

/** @throws BadInput where it is a link, or no file at all */
export function readPlainFile(path: string): Buffer {
  const fd = openPlain(path, O_RDONLY);
  try {
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The descriptor of a file that is there, to be written at its end. @throws BadInput where it is a link, or no file at all */
export const openPlainToAppend = (path: string): number => openPlain(path, O_WRONLY | O_APPEND);

/** The descriptor of a new file. What stood there, a link or what is left of an earlier run, is removed and not followed. */
export function createAnew(path: string): number {
  rmSync(path, { force: true });
  return openSync(path, "wx");
}

function openPlain(path: string, flags: number): number {
  // A named pipe would be waited for.
  const fd = openUnlessLink(path, flags | O_NOFOLLOW | O_NONBLOCK);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new BadInput(path, "", "is no plain file");
}

function openUnlessLink(path: string, flags: number): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ELOOP" || code === "EMLINK")
      throw new BadInput(path, "", "is a link, which is not followed; put the file itself in its place");
    if (code === "ENXIO") throw new BadInput(path, "", "is no plain file");
    throw error;
  }
}
