/** nats.js 2 (npm `nats` 2.29.3): the same as nats.js 3, except for close() and drain(). "F-31" is a fact of docs/facts.md. */
import type { Profile } from "../vocabulary/profile.ts";
import { natsJs3 } from "./nats-js-3.ts";

export const natsJs2: Profile = {
  ...natsJs3,
  name: "nats-js-2",
  client: "nats",
  clientVersion: "2.29.3",
  // F-31: 822 of 1000 with frames of 120 bytes: what waits for the microtask flush is lost. A status() iterator does not change this.
  close: { ...natsJs3.close, unwritten: "lost" },
  // F-39: resolves as if done at the next dial, since a catch swallows the failed flush. So a stop by it believes that all has arrived.
  drain: {
    ...natsJs3.drain,
    whileDown: { tells: "ok", leaves: "stuck" },
    // F-197.
    atDisconnect: { tells: "ok", leaves: "stuck" },
  },
  // F-260. lib/nats-base-client/request.js: the token of a request is a whole nuid, so "_INBOX." + 22 + "." + 22.
  jetStream: { ...natsJs3.jetStream, replyBytes: 52 },
  // A close in the same tick as a burst loses its tail without any fault.
  promises: natsJs3.promises.filter(id => id !== "core-path/silent-loss-only-inside-a-disturbance"),
};
