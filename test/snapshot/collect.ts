/** Takes the model part of a snapshot: every command, several at a time; and the digests. */
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import type { Command } from "./commands.ts";
import { digests } from "./model-runs.ts";
import { partedOf } from "./run-command.ts";
import type { Json, Parted, Texts } from "./split.ts";

export interface Taken {
  readonly structure: Readonly<Record<string, Json>>;
  readonly texts: Readonly<Record<string, Texts>>;
}

/** By the command's line, in the order in which they were given. */
export async function takeCommands(all: readonly Command[], onEach: (line: string) => void = () => {}): Promise<Taken> {
  const parted = new Map<string, Parted>();
  const due = [...all];
  const worker = async (): Promise<void> => {
    for (let command = due.shift(); command !== undefined; command = due.shift()) {
      const name = nameOf(command);
      onEach(name);
      parted.set(name, await partedOf(command));
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), all.length) }, worker));
  return joined(all.map(command => [nameOf(command), parted.get(nameOf(command)) as Parted]));
}

export const nameOf = ({ line, holds }: Command): string =>
  holds === "print" ? `faultline ${line}` : `faultline ${line} --json`;

export const joined = (all: readonly (readonly [string, Parted])[]): Taken => ({
  structure: Object.fromEntries(all.map(([name, { structure }]) => [name, structure])),
  texts: Object.fromEntries(all.map(([name, { texts }]) => [name, texts])),
});

export interface TakenDigests {
  readonly structure: Readonly<Record<string, string>>;
  readonly texts: Readonly<Record<string, string>>;
}

export async function takeDigests(): Promise<TakenDigests> {
  const structure: Record<string, string> = {};
  const texts: Record<string, string> = {};
  for (const one of digests()) {
    structure[one.chunk] = one.structure;
    texts[one.chunk] = one.texts;
    await setImmediate();
  }
  return { structure, texts };
}
