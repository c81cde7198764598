/** Questions at a terminal: each is written to stderr, and its answer is a line of stdin. */
import { createInterface } from "node:readline";
import type { AskPerson } from "../commands/init.ts";
import { writeErr } from "./outlet.ts";

/** Undefined once stdin has ended. Ctrl-C is left to the terminal, which sends its signal. */
export function askingPerson(): { readonly ask: AskPerson; readonly close: () => void } {
  const lines = createInterface({ input: process.stdin, terminal: false });
  const typed = lines[Symbol.asyncIterator]();
  return {
    async ask(question) {
      writeErr(question);
      const { done, value } = await typed.next();
      return done === true ? undefined : value;
    },
    close: () => lines.close(),
  };
}
