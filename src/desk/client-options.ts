/** The options of a client as they are in production. The harness has other defaults (`optionDefaults`). */
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Options } from "../../models/vocabulary/scenario.ts";

/** The options of the client as the policy sets them, or as the client has them by itself. */
export function clientOptions({ client }: Policy, { reconnect }: Profile): Options {
  return {
    subject: "subject",
    cutsWith: "fin",
    reconnectWaitMs: reconnect.waitMsDefault,
    reconnectJitterMs: reconnect.jitterMsDefault,
    reconnectAttemptsMax: reconnect.attemptsMaxDefault,
    ...client,
  };
}
