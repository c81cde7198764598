/** The question to the library: a claim, a world, and how many runs; checked, with every choice made, before anything runs. */
import { profiles } from "../../models/profiles/index.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { UsageError } from "../errors.ts";
import { didYouMean } from "../files/nearest.ts";
import { checkPolicy } from "../files/policy-schema.ts";
import { keptFolder } from "../findings/again.ts";
import { knownPolicy } from "../runs/policies.ts";
import { bundledProfile } from "../runs/profiles.ts";
import { maskedCommand } from "../text/secrets.ts";
import { isReal, isWorldName, type WorldName, worldNames } from "../worlds/names.ts";

export interface HoldsOptions {
  readonly world: WorldName;
  /** The profile that the bus is held against. Live, it is the one that the bus names in its greeting unless one is given here. */
  readonly profile?: string;
  /** A bundled bus's name or a command line. In the model world a bundled one stands for its profile. */
  readonly bus?: string;
  /** The behaviour of the team's own bus around its client: a bundled policy's name, a file, or a policy as a value. */
  readonly policy?: string | Policy;
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
  /** The promises that are judged by name; none where the claim is about all that is promised. */
  readonly promises: readonly string[];
  readonly policy: Policy | undefined;
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
  const known = [...catalogue.map(one => one.id), "conformance", "corpus", "policy"];
  if (!known.includes(claim))
    refuse(`there is no such claim.${didYouMean(claim, known)} There are:\n${known.map(id => `  ${id}`).join("\n")}`);
  if (!isWorldName(world)) refuse(`the worlds are ${worldNames.join(" and ")}; it names ${JSON.stringify(world)}.`);
  if (!Number.isSafeInteger(runs) || runs < 1) refuse(`runs must be a whole number from 1; it is ${runs}.`);
  const profile = options.profile ?? (isReal(world) ? undefined : bundledProfile(options.bus ?? ""));
  if (profile !== undefined && profiles[profile] === undefined)
    refuse(
      `there is no profile ${JSON.stringify(profile)}; the known profiles are ${Object.keys(profiles).join(", ")}.`,
    );
  const bus = isReal(world) ? options.bus && maskedCommand(options.bus) : profile;
  if (bus === undefined) return refuse(`the ${world} world needs a ${isReal(world) ? "bus" : "profile"}.`);
  const policy = policyOf(options.policy);
  if (claim === "corpus" && policy !== undefined) refuse("the scenarios of the corpus name their own policies.");
  if (claim === "policy" && policy === undefined) refuse("it needs a policy: a bundled one, a file, or a value.");
  const promises = promisesOf(claim, policy, profiles[profile ?? bundledProfile(bus) ?? ""]);
  if (claim === "policy" && promises.length === 0)
    refuse(
      `the policy ${policy?.name} demands nothing that can be put to the test under it. Name promises in its "demands", or write "demands": "all".`,
    );
  return { claim, promises, policy, world, profile, bus, runs, seed, seeds };
}

/** A value is checked as strictly as a file. @throws UsageError, BadInput */
function policyOf(asked: HoldsOptions["policy"]): Policy | undefined {
  if (asked === undefined) return undefined;
  return typeof asked === "string" ? knownPolicy(asked).policy : checkPolicy(asked, "the policy of holds");
}

/** The promises that are judged by name. A demand that nothing can put to the test is no part of the claim. */
function promisesOf(claim: string, policy: Policy | undefined, profile: Profile | undefined): readonly string[] {
  if (claim === "conformance" || claim === "corpus") return [];
  if (claim !== "policy" || policy === undefined) return [claim];
  const applies = (id: string): boolean =>
    catalogue.find(one => one.id === id)?.appliesUnder?.(policy, profile) !== false;
  return (policy.demands ?? []).filter(applies);
}

/** A claim that is a test of its own. */
export interface ClaimTest {
  readonly claim: string;
  /** The reason to skip it; absent where it can be tried. */
  readonly skipped?: string;
}

/** Each demand of a policy is a test of its own, and so is any other claim. @throws UsageError, BadInput */
export function testsOf(claim: string, options: HoldsOptions): readonly ClaimTest[] {
  const { policy, promises } = readHolds(claim, options);
  if (claim !== "policy" || policy === undefined) return [{ claim }];
  const skipped = `nothing under ${policy.name} with this client can put it to the test`;
  return (policy.demands ?? []).map(one => (promises.includes(one) ? { claim: one } : { claim: one, skipped }));
}

/** The claim as a test's name. The seed is left out, so that the name is the same from run to run. */
export function titleOf({ claim, policy, world, profile, bus }: AskedClaim): string {
  const where = isReal(world) ? `${world} on ${bus}` : `in the ${world} of ${bus}`;
  const under = policy === undefined ? "" : `under ${policy.name} `;
  return `${claim} holds ${under}${where}${isReal(world) && profile !== undefined ? `, as ${profile}` : ""}`;
}

/** More than it ever takes, a first build of the servers included. */
export const boundMs = ({ world, runs }: AskedClaim): number =>
  isReal(world) ? 30 * 60_000 + runs * 30_000 : 2 * shrinkBoundMs(world) + runs * 50;
