/** The answers of a process's probes, compared with the truth. */
import type { ProcessEvent } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { lifeOf, type ProbeEvent, type ServiceRecord } from "./record.ts";

export function onProbe(service: ServiceRecord, policy: Policy, probe: ProbeEvent): void {
  const life = lifeOf(service, probe.replica);
  if (life === undefined || life.exit !== undefined || life.stopping) return;
  life.probe = probe;
  if (probe.connected) life.connectedAtMs ??= probe.atMs;
  if (isUsable(policy, probe)) return;
  const why = whyUnusable(probe);
  service.readiness.count++;
  if (probe.ready) service.readiness.broken ??= `replica ${probe.replica} says that it is ready, and ${why}`;
  // A client that is closed for good is better started again.
  if (life.clientClosed) return;
  service.liveness.count++;
  if (!probe.live) service.liveness.broken ??= `replica ${probe.replica} says that it is not alive, and only ${why}`;
}

/** The supervisor stops a process whose probe has failed often enough. */
export function onProbeKill(service: ServiceRecord, policy: Policy, { replica, probe }: ProbeStop): void {
  const life = lifeOf(service, replica);
  if (probe === undefined || life === undefined || life.clientClosed) return;
  if (life.probe === undefined || isUsable(policy, life.probe)) return;
  service.liveness.count++;
  service.probeKills++;
  service.liveness.broken ??= `the startup probe of replica ${replica} failed, and only ${whyUnusable(life.probe)}`;
}

type ProbeStop = Extract<ProcessEvent, { readonly change: "stopping" }>;

/** The breach of liveness, with the number of times that a supervisor acted on it. */
export const livenessText = ({ liveness: { broken }, probeKills }: ServiceRecord): string | undefined =>
  broken === undefined || probeKills === 0
    ? broken
    : `${broken}; its supervisor has killed it ${probeKills === 1 ? "once" : `${probeKills} times`} for that`;

const whyUnusable = ({ connected }: ProbeEvent): string =>
  connected ? "a durable publish would not be acknowledged" : "its client is not connected";

export const isUsable = ({ families }: Policy, { connected, durable }: ProbeEvent): boolean =>
  connected && (durable || families.every(({ durability }) => durability !== "durable"));

/** The sentence on a probe that reports unready at the end although NATS is well; undefined where there is none. */
export function unreadyForNothing(service: ServiceRecord, policy: Policy): string | undefined {
  const idle = service.lives.find(
    ({ probe, exit, stopping }) =>
      exit === undefined && !stopping && probe !== undefined && isUsable(policy, probe) && !probe.ready,
  );
  return idle && `replica ${idle.replica} is connected and its durable path usable, and it never says that it is ready`;
}
