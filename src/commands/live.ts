/**
 * The way from a command to the live world. It is loaded only when it is needed, as it needs packages that the rest does not; what
 * cannot be had ends in one sentence and exit code 69.
 */

import { profiles } from "../../models/profiles/index.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { exitCodes, FaultlineError } from "../errors.ts";
import type { SelfTestReport } from "../report/not-shown.ts";
import type { LiveStage, Site, SiteOptions } from "../worlds/live/index.ts";
import { describeServers } from "../worlds/live/servers.ts";
import { type Context, unlessInterrupted } from "./context.ts";

/** The live world is not to be had here. */
export class LiveUnavailable extends FaultlineError {
  constructor(message: string) {
    super(message, exitCodes.unavailable);
  }
}

/** Starts at once, with no more lanes than there are cases for them. @throws LiveUnavailable */
export async function openLive(context: Context, { lanes, backend }: SiteOptions, casesMax: number): Promise<Site> {
  const world = await loadLive();
  try {
    const site = await world.openSite(line => context.progress.now(line), {
      lanes: Math.min(lanes, casesMax),
      backend,
    });
    context.onLeave(() => site.close());
    return site;
  } catch (error) {
    if ((error as Error).name === "ServersMissing") throw new LiveUnavailable((error as Error).message);
    throw error;
  }
}

async function loadLive(): Promise<typeof import("../worlds/live/index.ts")> {
  try {
    return await import("../worlds/live/index.ts");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    const missing = /'([^']+)'/.exec((error as Error).message)?.[1] ?? "a package";
    throw new LiveUnavailable(`The live world needs ${missing}: npm install --save-dev ${livePackages.join(" ")}`);
  }
}

/** What the live world needs beside the servers. */
export const livePackages = ["@nats-io/transport-node", "@nats-io/jetstream"] as const;

/** Opens the site, does the work on it, and closes it however that ends. */
export async function onSite<T>(
  context: Context,
  options: SiteOptions,
  casesMax: number,
  work: (site: Site) => Promise<T>,
): Promise<T> {
  const site = await unlessInterrupted(context.signal, openLive(context, options, casesMax));
  try {
    return await work(site);
  } finally {
    await site.close();
  }
}

/** Whether the servers are there, or would have to be built first. */
export async function serversAreThere(): Promise<boolean> {
  return (await describeServers()).every(one => one.source !== "missing" && one.source !== "to-be-built");
}

/** What a bus is held against: the profile that its greeting names, unless the user names another. */
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
      `The bus ${bus} names the profile "${greetingProfile}", which is not known; known are ${Object.keys(profiles).join(", ")}: ` +
        "correct its greeting, or hold it against one of them with --profile.",
      exitCodes.badInput,
    );
  }
  return { declared: own ?? profile, profile, overridden: profile.name !== greetingProfile };
}

/** What a counterexample says of the parts that it was found on. */
export const liveVersions = (
  site: Site,
  stage: LiveStage,
): { readonly client: string; readonly natsServer: string; readonly toxiproxy: string } => ({
  client: clientText(stage),
  natsServer: site.servers.versions["nats-server"],
  toxiproxy: site.servers.versions.toxiproxy,
});

/** The self-test as a report shows it. */
export const selfTestOf = ({ findings }: Site): SelfTestReport => ({
  tried: findings.length,
  failed: findings.filter(({ ok }) => !ok).map(({ name, neededFor, detail }) => ({ name, neededFor, detail })),
});

export const clientText = ({ greeting }: LiveStage): string => `${greeting.client.name} ${greeting.client.version}`;
