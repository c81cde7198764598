/** Faults and heals as the streams and the processes meet them. */

import type { Fault } from "../../models/vocabulary/scenario.ts";
import { disrupt, riskEarly } from "./processes.ts";
import { type EventOf, lifeOf, type ServiceRecord } from "./record.ts";

export function onFault(service: ServiceRecord, { fault, store }: EventOf<"fault">): void {
  service.inForce.push({ fault, storeLost: store === "lost", atMs: service.nowMs });
  countEnds(service);
  disrupt(service);
  service.underWay = [];
  const life = lifeOf(service, 0);
  if (life === undefined || life.exit !== undefined) return;
  riskEarly(life);
  // What the fault may have taken is not the stop's to tell.
  life.unsent = [];
}

export function onHealed(service: ServiceRecord): void {
  // Acknowledged in a burst that raced with the server's end, and told after it: that counts as before it too.
  countEnds(service);
  service.inForce = [];
  disrupt(service);
}

/** The last two start the server anew with other settings, once to begin and once to end. */
const endsServer: readonly Fault["kind"][] = ["stop-server", "power-loss", "refuse-credentials", "no-jetstream"];

export function countEnds(service: ServiceRecord): void {
  const { inForce, ends } = service;
  const lost = inForce.filter(({ fault }) => fault === "power-loss").map(({ atMs }) => atMs);
  const powerLost = lost.length > 0;
  const ended = inForce.some(({ fault }) => endsServer.includes(fault));
  if (!ended) return;
  service.ends = {
    all: ends.all + 1,
    powerLosses: powerLost ? ends.powerLosses + 1 : ends.powerLosses,
    powerLostAtMs: powerLost ? [...ends.powerLostAtMs, ...lost] : ends.powerLostAtMs,
    storesLost: inForce.some(({ storeLost }) => storeLost) ? ends.storesLost + 1 : ends.storesLost,
  };
}
