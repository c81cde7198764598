/** Options that several commands take, read once and checked here: a wrong one is a usage error that says what is known. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { catalogue } from "../../properties/catalogue.ts";
import { bundledBuses } from "../bus-protocol/registry.ts";
import { UsageError } from "../errors.ts";
import { didYouMean } from "../files/nearest.ts";
import type { Common } from "../runs/common.ts";
import { knownPolicy } from "../runs/policies.ts";
import { knownProfile } from "../runs/profiles.ts";
import { headerOf } from "../runs/run-folder.ts";
import { holdsMask, maskedCommand } from "../text/secrets.ts";
import type { BackendName } from "../worlds/live/backend.ts";
import { lanesDefault } from "../worlds/live/lanes.ts";
import { isWorldName, type WorldName, worldNames } from "../worlds/names.ts";

/** The options as commander hands them over. */
export interface CommonOptions {
  readonly bus?: readonly string[];
  readonly profile?: string;
  readonly seed?: string;
  readonly require?: readonly string[];
  readonly backend?: BackendName;
  readonly policy?: string;
  readonly lanes?: number;
  readonly resume?: string;
}

/** `note` takes what a person should know of the policy: what was assumed where no file answers. */
export function readCommon(options: CommonOptions, note: (line: string) => void = () => {}): Common {
  if (options.profile !== undefined) knownProfile(options.profile);
  for (const id of options.require ?? []) knownProperty(id, "--require");
  const seed = options.seed ?? (options.resume === undefined ? undefined : headerOf(options.resume).seed);
  return {
    buses: (options.bus ?? []).map(knownBus),
    profile: options.profile,
    seed: checkSeed(seed ?? randomBytes(4).readUInt32LE().toString(36)),
    require: options.require ?? [],
    policy: options.policy === undefined ? undefined : knownPolicy(options.policy, note),
    lanes: options.lanes ?? lanesDefault,
    backend: options.backend ?? "process",
    resume: options.resume,
  };
}

/** A seed is part of scenario ids. */
function checkSeed(seed: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,39}$/.test(seed)) return seed;
  throw new UsageError(`--seed must be 1 to 40 of a-z, 0-9 and -; it is ${JSON.stringify(seed)}.`);
}

export function knownProperty(id: string, option: string): string {
  if (catalogue.some(one => one.id === id)) return id;
  const list = catalogue.map(one => `  ${one.id}`).join("\n");
  const slip = didYouMean(
    id,
    catalogue.map(one => one.id),
  );
  throw new UsageError(`${option} names ${JSON.stringify(id)}, which is no property.${slip} There are:\n${list}`);
}

/** A command is known from here on by its masked line. One word that is neither a bundled bus nor a command that could be run is a slip, and not a bus that never greets. */
function knownBus(named: string): string {
  const bundled = bundledBuses().map(one => one.name);
  const isOneWord = /^[\w-]+$/.test(named);
  if (holdsMask(named))
    throw new UsageError(
      `--bus ${JSON.stringify(named)}: a secret in it is masked, as reports show it. Put the secret in the place of its mask (…).`,
    );
  if (named.trim() !== "" && (!isOneWord || bundled.includes(named) || isOnPath(named))) return maskedCommand(named);
  throw new UsageError(
    `There is no bus ${JSON.stringify(named)}; bundled are ${bundled.join(", ")}, and anything else is a command line ` +
      `(--bus "node my-bus.js").${didYouMean(named, bundled)}`,
  );
}

const isOnPath = (word: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some(folder => folder !== "" && existsSync(join(folder, word)));

export function readWorlds(text: string, option: string): readonly WorldName[] {
  const names = text.split(",").map(name => name.trim());
  const known = names.filter(isWorldName);
  const unknown = names.find(name => !isWorldName(name));
  if (unknown !== undefined)
    throw new UsageError(`${option} names ${JSON.stringify(unknown)}; the worlds are ${worldNames.join(" and ")}.`);
  return [...new Set(known)];
}
