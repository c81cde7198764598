/** The service of the first deployment, as a policy has it: how it starts, what its supervisor asks, and how long it has to stop. */
import { kubeletRestartMs } from "../../../models/policy/restarts.ts";
import type { ServerPolicy } from "../../../models/vocabulary/expectation.ts";
import type { KillingProbe, Policy } from "../../../models/vocabulary/policy.ts";
import { type Assume, boundedIn, type Tell } from "./assumed.ts";
import { completeDeployment, type FoundThing, type ImportedDeployment } from "./canonical.ts";
import { placeOf } from "./spot.ts";

type Deployments = readonly FoundThing<ImportedDeployment>[];

const dayMs = 86_400_000;

export function supervisorOf(deployments: Deployments, tell: Tell, assume: Assume): Policy["supervisor"] {
  const [first, ...others] = deployments;
  const restartMs = assume(
    "supervisor.restartMs",
    first === undefined ? 1_000 : kubeletRestartMs,
    first === undefined
      ? "no file has a deployment"
      : "Kubernetes starts a failed container again at once, and then backs off from 10 s to 300 s; no manifest can say otherwise",
  );
  if (first === undefined)
    return {
      restartMs,
      killAfterMs: assume("supervisor.killAfterMs", 30_000, "the default of Kubernetes; no file has a deployment"),
    };
  for (const other of others)
    tell(
      other.where,
      `another deployment: the probes and the grace period of ${first.given.name ?? "the first"} at ${placeOf(first.where)} were taken`,
    );
  if (first.given.killAfterMs === undefined)
    assume("supervisor.killAfterMs", 30_000, "the default of Kubernetes: the deployment has none");
  return { restartMs, ...graceOf(first, tell), ...probesOf(first, tell, assume), ...sizeOf(first, tell) };
}

const replicasMax = 10_000;

function sizeOf(
  found: FoundThing<ImportedDeployment>,
  tell: Tell,
): Pick<Policy["supervisor"], "replicas" | "memoryBytesMax"> {
  const { replicas, memoryBytesMax } = found.given;
  return {
    ...(replicas === undefined ? {} : { replicas: boundedIn(found, tell)("replicas", replicas, 0, replicasMax) }),
    ...(memoryBytesMax === undefined ? {} : { memoryBytesMax }),
  };
}

/** Kubelet leaves a process this much after preStop, though its grace period be over. */
const afterPreStopMsMin = 2_000;

function graceOf(
  found: FoundThing<ImportedDeployment>,
  tell: Tell,
): Pick<Policy["supervisor"], "killAfterMs" | "preStopMs"> {
  const { killAfterMs: givenMs, preStopMs } = completeDeployment(found);
  const graceMs = boundedIn(found, tell)("killAfterMs", givenMs, 1, dayMs - afterPreStopMsMin);
  if (preStopMs === undefined) return { killAfterMs: graceMs };
  const takenMs = Math.min(preStopMs, graceMs);
  const killAfterMs = Math.max(graceMs, takenMs + afterPreStopMsMin);
  if (killAfterMs > graceMs)
    tell(
      found.places.preStopMs ?? found.where,
      `preStop leaves less than ${afterPreStopMsMin} ms of the grace period of ${graceMs} ms, and kubelet gives that much: supervisor.killAfterMs is ${killAfterMs}`,
    );
  return { killAfterMs, preStopMs: takenMs };
}

const thresholdMax = 1_000;

function probesOf(
  found: FoundThing<ImportedDeployment>,
  tell: Tell,
  assume: Assume,
): Pick<Policy["supervisor"], "liveness" | "startupProbe"> {
  const { readinessProbe, livenessProbe, startupProbe, livenessTimes, startupTimes } = completeDeployment(found);
  const held = (field: "livenessTimes" | "startupTimes", times: KillingProbe): KillingProbe => {
    const { initialDelayMs = 0, periodMs, failureThreshold } = times;
    const within = boundedIn(found, tell);
    const delayMs = within(field, initialDelayMs, 0, dayMs);
    return {
      ...(delayMs === 0 ? {} : { initialDelayMs: delayMs }),
      periodMs: within(field, periodMs, 1, dayMs),
      failureThreshold: within(field, failureThreshold, 1, thresholdMax),
    };
  };
  const asks = (): "liveness" | "readiness" => {
    if (startupProbe === livenessProbe) return "liveness";
    if (startupProbe === readinessProbe) return "readiness";
    const why = `${startupProbe} is asked; no file says what the service looks at to answer it`;
    return assume("supervisor.startupProbe.asks", "liveness", why);
  };
  return {
    ...(livenessTimes === undefined ? {} : { liveness: held("livenessTimes", livenessTimes) }),
    ...(startupTimes === undefined ? {} : { startupProbe: { ...held("startupTimes", startupTimes), asks: asks() } }),
  };
}

export function startupOf(deployments: Deployments, assume: Assume, durable: boolean): Policy["startup"] {
  const probes = deployments[0] === undefined ? undefined : completeDeployment(deployments[0]);
  const waits = probes?.initWaits;
  const strategy = assume(
    "startup.strategy",
    waits === undefined ? "fail-fast" : "wait-outside",
    waits === undefined
      ? "a client that cannot connect at its start returns an error, and the process ends"
      : `the init container ${waits} names NATS and seems to wait for it; a client that cannot connect later ends the process`,
  );
  const connectTimeoutMs = assume("startup.connectTimeoutMs", 2_000, "the default of nats.go");
  const jetStreamProbe = assume(
    "startup.jetStreamProbe",
    "none",
    durable ? "the service publishes through JetStream without asking first" : "no file has a stream",
  );
  const whenClosed = assume(
    "startup.whenClosed",
    "ignore",
    "a process without a handler does not notice that its client has closed",
  );
  const rest = { strategy, connectTimeoutMs, jetStreamProbe, whenClosed } as const;
  if (probes === undefined)
    return {
      ...rest,
      readiness: assume("startup.readiness", "process", "no file has a deployment with a probe"),
      liveness: assume("startup.liveness", "independent", "no file has a deployment with a probe"),
    };
  return { ...rest, readiness: readinessOf(probes, assume), liveness: livenessOf(probes, assume) };
}

/** Kubernetes without a probe takes a running container for ready, which no assumption is needed for. */
function readinessOf({ readinessProbe }: ImportedDeployment, assume: Assume): Policy["startup"]["readiness"] {
  if (readinessProbe === undefined) return "process";
  return assume(
    "startup.readiness",
    "process",
    `${readinessProbe} is asked; no file says what the service looks at to answer it`,
  );
}

function livenessOf(
  { readinessProbe, livenessProbe }: ImportedDeployment,
  assume: Assume,
): Policy["startup"]["liveness"] {
  if (livenessProbe === undefined) return "independent";
  if (livenessProbe === readinessProbe) return "as-readiness";
  return assume(
    "startup.liveness",
    "independent",
    `${livenessProbe} is asked; no file says what the service looks at to answer it`,
  );
}

/** The most servers that a policy holds. */
const serversMax = 5;

/** The options of the client that a deployment gives it. */
export function clientOf(deployments: Deployments, tell: Tell): Policy["client"] {
  const [first] = deployments;
  if (first?.given.servers === undefined) return {};
  const servers = boundedIn(first, tell)("servers", first.given.servers, 1, serversMax);
  return servers === 1 ? {} : { servers };
}

const serverBounds: Readonly<Record<"count" | "killAfterMs" | "lameDuckMs" | "syncMs", readonly [number, number]>> = {
  count: [1, 100],
  killAfterMs: [1, dayMs],
  lameDuckMs: [1, dayMs],
  syncMs: [0, dayMs],
};

/** The servers that the first values of a chart describe. */
export function serverOf([first, ...others]: readonly FoundThing<ServerPolicy>[], tell: Tell): Pick<Policy, "server"> {
  if (first === undefined) return {};
  for (const other of others)
    tell(other.where, `other values of the chart: those at ${placeOf(first.where)} were taken`);
  const within = boundedIn(first, tell);
  const bounded = Object.entries(serverBounds).flatMap(([name, [min, max]]) => {
    const field = name as keyof typeof serverBounds;
    const value = first.given[field];
    return value === undefined ? [] : [[field, within(field, value, min, max)] as const];
  });
  const { keepsDisk } = first.given;
  const server = { ...Object.fromEntries(bounded), ...(keepsDisk === undefined ? {} : { keepsDisk }) };
  return Object.keys(server).length === 0 ? {} : { server };
}
