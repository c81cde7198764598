/** The profile that a bus is held against: the one that its manifest or its greeting names, unless the user names another. */
import { profiles } from "../../models/profiles/index.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { bundledBuses } from "../bus-protocol/registry.ts";
import { exitCodes, FaultlineError, UsageError } from "../errors.ts";
import { didYouMean } from "../files/nearest.ts";
import { cleaned } from "../text/clean.ts";

/** @throws UsageError where there is none of that name, with those that there are */
export function knownProfile(name: string): Profile {
  const profile = profiles[name];
  if (profile !== undefined) return profile;
  const known = Object.keys(profiles);
  throw new UsageError(
    `There is no profile ${JSON.stringify(name)}; the known profiles are ${known.join(", ")}.${didYouMean(name, known)}`,
  );
}

/** A bundled bus's profile, read without starting it. */
export const bundledProfile = (bus: string): string | undefined =>
  bundledBuses().find(one => one.name === bus)?.profile;

export const bundledNames = (): readonly string[] => bundledBuses().map(one => one.name);

/** The profile that its greeting names, unless the user names another. */
export interface HeldAgainst {
  readonly declared: Profile;
  readonly profile: Profile;
  readonly overridden: boolean;
}

export function profileOf(greetingProfile: string, bus: string, named: string | undefined): HeldAgainst {
  const own = profiles[greetingProfile];
  const override = named === undefined ? undefined : profiles[named];
  const profile = override ?? own;
  if (profile === undefined) {
    throw new FaultlineError(
      `The bus ${bus} names the profile "${cleaned(greetingProfile, 200)}", which is unknown; the known profiles are ${Object.keys(profiles).join(", ")}: ` +
        "correct its greeting, or name one of them with --profile.",
      exitCodes.badInput,
    );
  }
  return { declared: own ?? profile, profile, overridden: profile.name !== greetingProfile };
}
