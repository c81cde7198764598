/**
 * The length of time for which a client dials: attempts, how they count, and the waits between them. All of it follows from profile and
 * options.
 */
import type { Profile } from "../vocabulary/profile.ts";
import type { Options } from "../vocabulary/scenario.ts";

/** The longest wait between two dials of one server. */
export const longestWaitMs = ({ reconnectWaitMs, reconnectJitterMs = 0 }: Options): number =>
  reconnectWaitMs + reconnectJitterMs;

/** Dials that may fail before the client gives up; infinite where it never does. */
export function dialsBeforeGivingUp(
  { reconnect }: Pick<Profile, "reconnect">,
  { reconnectAttemptsMax, servers = 1 }: Options,
): number {
  const { attemptsScope, dialsBeyondMax, zeroMeans } = reconnect;
  if (reconnectAttemptsMax < 0 || (reconnectAttemptsMax === 0 && zeroMeans === "for-ever"))
    return Number.POSITIVE_INFINITY;
  const dials = reconnectAttemptsMax + dialsBeyondMax;
  return attemptsScope === "server" ? dials * servers : dials;
}

/**
 * The length of an outage that refuses every dial at once. Below `least` the client is still dialling; above `most` it has given up. A pool
 * waits once a round, whatever its size. Refused dials take no time; `most` allows one wait for a busy machine.
 */
export function outageSurvivedMs(profile: Profile, options: Options): { least: number; most: number } {
  const { servers = 1, reconnectWaitMs } = options;
  const dials = dialsBeforeGivingUp(profile, options);
  if (dials === Number.POSITIVE_INFINITY) return { least: dials, most: dials };
  const rounds = Math.ceil(dials / servers);
  // Where the wait counts from the last dial, the first round may come at once.
  const waits = profile.reconnect.firstWait === "whole" ? rounds : Math.max(0, rounds - 1);
  // nats.go waits once more than it has rounds while the last servers leave a pool of three or more (F-290).
  const more = profile.reconnect.firstWait === "whole" && servers > 2 ? 2 : 1;
  return { least: waits * reconnectWaitMs, most: (rounds + more) * longestWaitMs(options) };
}

/** The silence after which the client's own PINGs report it: one interval for each PING that may be unanswered, and one more. */
export function staleAfterMs({ reconnect }: Profile, { pingIntervalMs, pingsOutMax }: Options): number {
  const { pingIntervalMsDefault, pingsOutMaxDefault } = reconnect;
  return ((pingsOutMax ?? pingsOutMaxDefault) + 1) * (pingIntervalMs ?? pingIntervalMsDefault);
}
