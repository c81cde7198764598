/**
 * The reasons why a step is not enabled: their kinds, those that faults and other steps share, and the ones that come from a limit of an
 * injector.
 */
import { dialsBeforeGivingUp } from "../policy/attempts.ts";
import type { InjectorLimit, Setting } from "./setting.ts";

/**
 * A reason why a step is not enabled. `impossible`: there is no such step here, in NATS or in the scenario. `unjudgeable`: it could be
 * done, but what must come of it is unknown. `injector`: an injector with this limit cannot do it.
 */
export type NotEnabled =
  | { readonly kind: "impossible" | "unjudgeable"; readonly reason: string }
  | { readonly kind: "injector"; readonly limit: InjectorLimit; readonly reason: string };

export const impossible = (reason: string): NotEnabled => ({ kind: "impossible", reason });
export const unjudgeable = (reason: string): NotEnabled => ({ kind: "unjudgeable", reason });
export const beyond = (limit: InjectorLimit, reason: string): NotEnabled => ({ kind: "injector", limit, reason });

export const noPolicy = impossible("the scenario has no policy");
export const notStarted = impossible("the bus is not started");
export const processStarted = impossible("a process has started");
export const connectionEnded = impossible("the connection has ended");
export const faultInForce = unjudgeable("another fault is in force");

const givesUpNever = impossible("this client never gives up");
const noticedByNobody = impossible("nobody would notice it");
const givingUpRacesLater = beyond("client-timers", "the client's giving up would race with what follows");

export const pingsRace = beyond("client-timers", "the client's own PINGs would race with it");
export const timersRace = beyond("client-timers", "the client's own PINGs or its giving up would race with it");
export const givingUpRaces = beyond("client-timers", "the client's giving up would race with it");
/** A proxy that resets drops what it has not yet passed on, towards the server too. */
export const resetDrops = beyond(
  "proxy-reset",
  "the proxy would reset the server's side too, and drop what is on its way",
);

/** The client's own PINGs run, and the injector cannot stop them. */
export const pings = ({ options, limits }: Setting): boolean =>
  options.pingIntervalMs !== undefined && limits.has("client-timers");

/** The client gives up after some dials, and the injector cannot stop it. */
export const givesUp = (setting: Setting): boolean => runsOutOfDials(setting) && setting.limits.has("client-timers");

const runsOutOfDials = ({ profile, options }: Setting): boolean =>
  dialsBeforeGivingUp(profile, options) < Number.POSITIVE_INFINITY;

export const resets = ({ options, limits }: Setting): boolean =>
  options.cutsWith === "rst" && limits.has("proxy-reset");

const dialsOfTime = unjudgeable("under a policy the dials of an outage follow from its time");
const countedApart = impossible(
  "all dials are counted where the client gives up, and a number of them where it does not",
);
/** F-149 of docs/facts.md. */
export const poolRemembers = unjudgeable("only the server that it comes back to has all of its attempts again");
const givesUpBefore = impossible("the client gives up before that many dials");

/** The reason against counting the dials of an outage. */
export function dialsNotEnabled(
  hasPolicy: boolean,
  awaits: Awaits,
  dials: number | "all",
  { profile, options }: Setting,
): NotEnabled | undefined {
  if (hasPolicy) return dialsOfTime;
  const dialsMax = dialsBeforeGivingUp(profile, options);
  if (awaits !== (dials === "all" ? "gave-up" : "noticed")) return countedApart;
  if (dialsMax === Number.POSITIVE_INFINITY) return givesUpNever;
  if (dials === "all") return undefined;
  if ((options.servers ?? 1) > 1) return poolRemembers;
  return dials < dialsMax ? undefined : givesUpBefore;
}

type Awaits = "noticed" | "gave-up" | "none";

/** The reason against what a fault that ends the connection waits for. */
export function awaitNotEnabled(hasPolicy: boolean, awaits: Awaits, setting: Setting): NotEnabled | undefined {
  const finite = runsOutOfDials(setting);
  // Under a policy time moves only by its own steps, so the plan knows when the attempts run out.
  if (finite && awaits === "noticed" && hasPolicy) return undefined;
  if (awaits !== "gave-up") return givesUp(setting) ? givingUpRacesLater : undefined;
  return finite ? undefined : givesUpNever;
}

/** The same reason before there is a client. */
export const awaitNotEnabledBeforeStart = (awaits: Awaits): NotEnabled | undefined =>
  awaits === "none" ? undefined : noticedByNobody;
