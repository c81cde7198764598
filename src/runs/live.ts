/**
 * The way to the live world, for commands and for the library alike. It is loaded only when needed, since it uses packages that the rest
 * does not. A missing part ends the run with one sentence and exit code 69.
 */
import type { Profile } from "../../models/vocabulary/profile.ts";
import { exitCodes, FaultlineError } from "../errors.ts";
import type { SelfTestReport } from "../report/not-shown.ts";
import type { LiveStage, Site, SiteOptions } from "../worlds/live/index.ts";
import { describeServers } from "../worlds/live/servers.ts";

/** The live world is unavailable here. */
export class LiveUnavailable extends FaultlineError {
  constructor(message: string) {
    super(message, exitCodes.unavailable);
  }
}

/** Starts at once, with no more lanes than there are cases for them. @throws LiveUnavailable */
export async function openSite(
  onProgress: (line: string) => void,
  { lanes, backend }: SiteOptions,
  casesMax: number,
): Promise<Site> {
  const world = await loadLive();
  try {
    return await world.openSite(onProgress, { lanes: Math.min(lanes, casesMax), backend });
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

/** The packages that the live world needs beside the servers. */
export const livePackages = ["@nats-io/transport-node", "@nats-io/jetstream"] as const;

/** True where the servers exist; false where one is missing or would have to be built first. */
export async function serversAreThere(): Promise<boolean> {
  return (await describeServers()).every(one => one.source !== "missing" && one.source !== "to-be-built");
}

/** The versions of the parts that a counterexample names. */
export const liveVersions = (
  site: Site,
  stage: LiveStage,
): { readonly client: string; readonly natsServer: string; readonly toxiproxy: string } => ({
  client: clientText(stage),
  natsServer: site.servers.versions["nats-server"],
  toxiproxy: site.servers.versions.toxiproxy,
});

/** The remarks on a bus that a user should read before its results, each a sentence. */
export const remarksOn = ({ greeting, unclaimed }: LiveStage, profile: Profile): readonly string[] => {
  const { name, version } = greeting.client;
  const isOther = name === profile.client && version !== profile.clientVersion;
  return [
    ...(unclaimed === undefined ? [] : [unclaimed]),
    ...(isOther
      ? [
          `The bus runs ${name} ${version}, and the profile ${profile.name} is what ${profile.clientVersion} does: a violation may be a difference between the two versions.`,
        ]
      : []),
  ];
};

/** The self-test, as the report shows it. */
export const selfTestOf = ({ findings }: Site): SelfTestReport => ({
  tried: findings.length,
  failed: findings.filter(({ ok }) => !ok).map(({ name, neededFor, detail }) => ({ name, neededFor, detail })),
});

export const clientText = ({ greeting }: LiveStage): string => `${greeting.client.name} ${greeting.client.version}`;
