// Preloaded into a bus: its client publishes each message with a trace id, as a team's wrapper may. With ADDS_HEADERS_AND=drops it drops
// every third one.

import { NatsConnectionImpl } from "@nats-io/nats-core/internal";
import { headers } from "@nats-io/transport-node";

const drops = process.env.ADDS_HEADERS_AND === "drops";
const { publish } = NatsConnectionImpl.prototype;
let published = 0;

NatsConnectionImpl.prototype.publish = function (subject, payload, options) {
  published += 1;
  if (drops && published % 3 === 0) return;
  const traced = headers();
  traced.set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  publish.call(this, subject, payload, { ...options, headers: traced });
};
