/** The places of an imported policy's fields in the files that they were read from. */
import type { ServerPolicy } from "../../../models/vocabulary/expectation.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { FoundThing, ImportedConsumer, ImportedDeployment, ImportedStream } from "./canonical.ts";
import type { Where } from "./spot.ts";

/** The place in a file for each place in the policy, such as `streams[0].ageMaxMs`. A field that no file gives is absent. */
export type Origins = ReadonlyMap<string, Where>;

export interface OriginThings {
  readonly streams: readonly FoundThing<ImportedStream>[];
  readonly consumers: readonly FoundThing<ImportedConsumer>[];
  readonly deployments: readonly FoundThing<ImportedDeployment>[];
  readonly servers: readonly FoundThing<ServerPolicy>[];
}

/** The policy's field by the deployment's. */
const ofDeployment: Readonly<Partial<Record<keyof ImportedDeployment, readonly string[]>>> = {
  killAfterMs: ["supervisor.killAfterMs"],
  preStopMs: ["supervisor.preStopMs"],
  livenessTimes: ["supervisor.liveness"],
  startupTimes: ["supervisor.startupProbe"],
  replicas: ["supervisor.replicas"],
  memoryBytesMax: ["supervisor.memoryBytesMax"],
  readinessProbe: ["startup.readiness"],
  livenessProbe: ["startup.liveness"],
  initWaits: ["startup.strategy"],
  servers: ["client.servers"],
};

export function originsOf(found: OriginThings, policy: Policy): Origins {
  const { streams, consumers, deployments } = found;
  const origins = new Map<string, Where>();
  const put = (place: string, where: Where | undefined): void => {
    if (where !== undefined && !origins.has(place)) origins.set(place, where);
  };
  policy.streams.forEach(({ name }, i) => {
    const stream = streams.find(one => one.given.name === name);
    if (stream === undefined) return;
    for (const [field, where] of entriesOf(stream)) put(`streams[${i}].${field}`, where);
    put(`streams[${i}]`, stream.where);
  });
  for (const list of ["families", "classifier"] as const)
    policy[list].forEach((one, i) => {
      const subject = "subjects" in one ? one.subjects : (one.exact ?? one.pattern ?? "");
      const stream = streams.find(({ given }) => (given.subjects ?? [given.name]).includes(subject));
      if (stream !== undefined) put(`${list}[${i}]`, stream.places.subjects ?? stream.where);
    });
  const [consumer] = consumers;
  if (consumer !== undefined) {
    for (const [field, where] of entriesOf(consumer)) put(`consume.${field}`, where);
    put("consume", consumer.where);
  }
  const [deployment] = deployments;
  if (deployment !== undefined) {
    for (const [field, where] of entriesOf(deployment))
      for (const place of ofDeployment[field] ?? []) put(place, where);
    for (const part of ["supervisor", "startup", "shutdown"]) put(part, deployment.where);
  }
  const [servers] = found.servers;
  if (servers !== undefined) {
    for (const [field, where] of entriesOf(servers)) put(`server.${field}`, where);
    put("server", servers.where);
  }
  return origins;
}

const entriesOf = <T>({ places }: FoundThing<T>): readonly (readonly [keyof T & string, Where])[] =>
  Object.entries(places) as unknown as (readonly [keyof T & string, Where])[];
