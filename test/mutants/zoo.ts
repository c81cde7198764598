/**
 * The zoo: broken buses, each in one way, by the table of docs/facts.md whose row it breaks. `run.ts` hunts them with random
 * scenarios; `kill-matrix.test.ts` holds each to the scenario in which it shows.
 */
import { clientMutants } from "./clients.ts";
import { connectionMutants } from "./connection.ts";
import { consumerMutants } from "./consumer-settings.ts";
import { corePathMutants } from "./core-path.ts";
import type { Mutant } from "./mutant.ts";
import { natsPyMutants } from "./nats-py.ts";
import { pendingCallMutants } from "./pending-calls.ts";
import { publishersMutants } from "./publishers.ts";
import { reconnectBufferMutants } from "./reconnect-buffer.ts";
import { serviceMutants } from "./service.ts";
import { shutdownMutants } from "./shutdown.ts";

export type { Mutant } from "./mutant.ts";
export { onDeliveries, runMutant } from "./mutant.ts";

export const zoo: readonly Mutant[] = [
  ...corePathMutants,
  ...reconnectBufferMutants,
  ...shutdownMutants,
  ...connectionMutants,
  ...serviceMutants,
  ...consumerMutants,
  ...natsPyMutants,
  ...publishersMutants,
  ...pendingCallMutants,
  ...clientMutants,
];
