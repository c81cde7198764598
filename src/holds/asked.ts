/** The question to the library: a claim, a world, and how many runs; checked, with every choice made, before anything runs. */
import { profiles } from "../../models/profiles/index.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { UsageError } from "../errors.ts";
import { keptFolder } from "../findings/again.ts";
import { bundledProfile } from "../runs/profiles.ts";
import { maskedCommand } from "../text/secrets.ts";
import { isReal, isWorldName, type WorldName, worldNames } from "../worlds/names.ts";

export interface HoldsOptions {
  readonly world: WorldName;
  /** The profile that the bus is held against. Live, it is the one that the bus names in its greeting unless one is given here. */
  readonly profile?: string;
  /** A bundled bus's name or a command line. In the model world a bundled one stands for its profile. */
  readonly bus?: string;
  /** Random scenarios: 1000 in the model and 30 live, if not given. The corpus has its own number. */
  readonly runs?: number;
  /** A word: the same word, the same scenarios. */
  readonly seed?: string;
  /** The folder of kept cases, which are run before anything else: `fixtures/seeds` below the current one, if not given. */
  readonly seeds?: string;
  /** Ends the runs early: the verdict is then inconclusive, unless a violation was found before. */
  readonly signal?: AbortSignal;
}

/** The checked question, with every choice made. */
export interface AskedClaim {
  readonly claim: string;
  readonly world: WorldName;
  readonly profile: string | undefined;
  readonly bus: string;
  readonly runs: number;
  readonly seed: string;
  readonly seeds: string;
}

const runsOf = (world: WorldName): number => (isReal(world) ? 30 : 1_000);
export const shrinkBoundMs = (world: WorldName): number => (isReal(world) ? 120_000 : 60_000);

/** Checks what is asked without running anything. @throws UsageError */
export function readHolds(claim: string, options: HoldsOptions): AskedClaim {
  const { world, seed = "1", runs = runsOf(world), seeds = keptFolder } = options;
  const refuse = (why: string): never => {
    throw new UsageError(`holds(${JSON.stringify(claim)}, …): ${why}`);
  };
  const known = [...catalogue.map(one => one.id), "conformance", "corpus"];
  if (!known.includes(claim)) refuse(`there is no such claim. There are:\n${known.map(id => `  ${id}`).join("\n")}`);
  if (!isWorldName(world)) refuse(`the worlds are ${worldNames.join(" and ")}; it names ${JSON.stringify(world)}.`);
  if (!Number.isSafeInteger(runs) || runs < 1) refuse(`runs must be a whole number from 1; it is ${runs}.`);
  const profile = options.profile ?? (isReal(world) ? undefined : bundledProfile(options.bus ?? ""));
  if (profile !== undefined && profiles[profile] === undefined)
    refuse(
      `there is no profile ${JSON.stringify(profile)}; the known profiles are ${Object.keys(profiles).join(", ")}.`,
    );
  const bus = isReal(world) ? options.bus && maskedCommand(options.bus) : profile;
  if (bus === undefined) return refuse(`the ${world} world needs a ${isReal(world) ? "bus" : "profile"}.`);
  return { claim, world, profile, bus, runs, seed, seeds };
}

/** The claim as a test's name. The seed is left out, so that the name is the same from run to run. */
export function titleOf({ claim, world, profile, bus }: AskedClaim): string {
  const where = isReal(world) ? `${world} on ${bus}` : `in the ${world} of ${bus}`;
  return `${claim} holds ${where}${isReal(world) && profile !== undefined ? `, as ${profile}` : ""}`;
}

/** More than it ever takes, a first build of the servers included. */
export const boundMs = ({ world, runs }: AskedClaim): number =>
  isReal(world) ? 30 * 60_000 + runs * 30_000 : 2 * shrinkBoundMs(world) + runs * 50;
