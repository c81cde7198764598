/** Options that several commands take, read once and checked here: a wrong one is a usage error that says what is known. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { profiles } from "../../models/profiles/index.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { bundledBuses } from "../bus-protocol/registry.ts";
import { UsageError } from "../errors.ts";
import { findInput } from "../files/corpus.ts";
import { didYouMean } from "../files/nearest.ts";
import { bundledPolicies, bundledPolicy, isPolicyName, readPolicyFile } from "../files/policies.ts";
import { bundledNames } from "../runs/profiles.ts";
import { headerOf } from "../runs/run-folder.ts";
import type { WorldName } from "../world.ts";
import type { BackendName } from "../worlds/live/backend.ts";
import { lanesDefault } from "../worlds/live/lanes.ts";

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

/** A policy, and the word that the user named it by. */
export interface NamedPolicy {
  readonly named: string;
  readonly policy: Policy;
}

/** The options as the commands use them. */
export interface Common {
  /** The names that the user gave; empty if none. */
  readonly buses: readonly string[];
  readonly profile: string | undefined;
  readonly seed: string;
  readonly require: readonly string[];
  /** The behaviour that the bus adds around its client; it replaces that of any scenario. */
  readonly policy: NamedPolicy | undefined;
  /** Live cases at once, at most. */
  readonly lanes: number;
  /** The place where the servers of the live world run. */
  readonly backend: BackendName;
  /** The folder of a run to go on with. */
  readonly resume?: string | undefined;
}

export function readCommon(options: CommonOptions): Common {
  if (options.profile !== undefined) knownProfile(options.profile);
  for (const id of options.require ?? []) knownProperty(id, "--require");
  const seed = options.seed ?? (options.resume === undefined ? undefined : headerOf(options.resume).seed);
  return {
    buses: (options.bus ?? []).map(knownBus),
    profile: options.profile,
    seed: checkSeed(seed ?? randomBytes(4).readUInt32LE().toString(36)),
    require: options.require ?? [],
    policy: options.policy === undefined ? undefined : knownPolicy(options.policy),
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

export function knownProfile(name: string): Profile {
  const profile = profiles[name];
  if (profile !== undefined) return profile;
  const known = Object.keys(profiles);
  throw new UsageError(
    `There is no profile ${JSON.stringify(name)}; the known profiles are ${known.join(", ")}.${didYouMean(name, known)}`,
  );
}

/** A bundled policy by its name, or a file of one's own. @throws UsageError, BadInput */
export function knownPolicy(named: string): NamedPolicy {
  if (!isPolicyName(named)) {
    const { path, shown } = findInput(named, ".json");
    return { named, policy: readPolicyFile(path, shown) };
  }
  const policy = bundledPolicy(named);
  if (policy !== undefined) return { named, policy };
  throw new UsageError(
    `There is no policy ${JSON.stringify(named)}; bundled are ${bundledPolicies().join(", ")}, and a file of your own ` +
      `ends in .json.${didYouMean(named, bundledPolicies())}`,
  );
}

/** The backend that a pasted line must name to have its servers in the same place. */
export const backendOption = (backend: BackendName): BackendName | undefined =>
  backend === "process" ? undefined : backend;

export function knownProperty(id: string, option: string): string {
  if (catalogue.some(one => one.id === id)) return id;
  const list = catalogue.map(one => `  ${one.id}`).join("\n");
  const slip = didYouMean(
    id,
    catalogue.map(one => one.id),
  );
  throw new UsageError(`${option} names ${JSON.stringify(id)}, which is no property.${slip} There are:\n${list}`);
}

/** One word that is neither a bundled bus nor a command that could be run is a slip, and not a bus that never greets. */
function knownBus(named: string): string {
  const bundled = bundledBuses().map(one => one.name);
  const isOneWord = /^[\w-]+$/.test(named);
  if (named.trim() !== "" && (!isOneWord || bundled.includes(named) || isOnPath(named))) return named;
  throw new UsageError(
    `There is no bus ${JSON.stringify(named)}; bundled are ${bundled.join(", ")}, and anything else is a command line ` +
      `(--bus "node my-bus.js").${didYouMean(named, bundled)}`,
  );
}

const isOnPath = (word: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some(folder => folder !== "" && existsSync(join(folder, word)));

export function readWorlds(text: string, option: string): readonly WorldName[] {
  const names = text.split(",").map(name => name.trim());
  const unknown = names.find(name => name !== "model" && name !== "live");
  if (unknown !== undefined)
    throw new UsageError(`${option} names ${JSON.stringify(unknown)}; the worlds are model and live.`);
  return [...new Set(names as WorldName[])];
}

/** The bus that a line must name where the file alone would not be run: no command line is taken from data. */
export const ownBus = (bus: string): string | undefined => (bundledNames().includes(bus) ? undefined : bus);
