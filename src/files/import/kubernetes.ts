/** The Deployment or StatefulSet that runs the service: its probes, and the time that it has to stop. */
import type { FoundThing, ImportedDeployment } from "./canonical.ts";
import { at, type FileSpot, isMapSpot, itemsOf, namesIn, tell, type Where, whereIs } from "./spot.ts";
import { textOf, wholeOf } from "./values.ts";

/** Images of NATS itself: their probes and their grace are the server's, and no service's. */
const isNatsImage = (image: string): boolean =>
  /(^|\/)(nats|nats-box|nats-streaming|nats-server-config-reloader|prometheus-nats-exporter|jetstream-controller)([:@]|$)/.test(
    image,
  );

export const meaningOfDeployment = (key: string): string => meanings[key] ?? "says nothing that a policy holds";

const meanings: Readonly<Record<string, string>> = {
  replicas: "a policy does not count replicas: the drills run two of the service",
  resources:
    "a policy has no limit of memory: one that is too low ends the process as a kill does, and its buffer is lost",
  lifecycle:
    "preStop runs before SIGTERM, and its time is taken from the grace period: the service has less than supervisor.killAfterMs to stop",
  restartPolicy: "a policy always starts a failed process again, as a Deployment does",
  startupProbe: "until it succeeds the other probes wait; a policy says what readiness means, and not when it is asked",
  status: "the state of the cluster when it was asked; a policy holds configuration only",
  env: "the environment of the service is not read: a connection's options may be in it",
  initContainers: "what runs before the service is not modelled",
  strategy: "how pods are replaced is not modelled",
  updateStrategy: "how pods are replaced is not modelled",
};

/** Undefined where the pods are those of the NATS server. */
export function readDeployment(document: FileSpot): FoundThing<ImportedDeployment> | undefined {
  const pod = at(document, "spec", "template", "spec");
  const containers = itemsOf(at(pod, "containers"));
  const images = containers.map(one => at(one, "image")).filter(one => one !== undefined);
  if (images.some(image => isNatsImage(textOf(image)))) return undefined;
  const given: Record<string, unknown> = {};
  const places: Record<string, Where> = {};
  const put = (name: keyof ImportedDeployment, spot: FileSpot | undefined, read: (spot: FileSpot) => unknown): void => {
    if (spot === undefined) return;
    given[name] = read(spot);
    places[name] = whereIs(spot);
  };
  put("name", at(document, "metadata", "name"), textOf);
  put("killAfterMs", at(pod, "terminationGracePeriodSeconds"), spot => wholeOf(spot) * 1_000);
  const main = containers.find(one => nameOf(one) === given.name) ?? containers[0];
  put("readinessProbe", at(main, "readinessProbe"), probeText);
  put("livenessProbe", at(main, "livenessProbe"), probeText);
  for (const other of containers)
    if (other !== main) tell(other, "another container of the pod: only the service's own is read");
  return { format: "kubernetes", where: whereIs(document), given: given as Partial<ImportedDeployment>, places };
}

const nameOf = (container: FileSpot): string | undefined => {
  const name = at(container, "name");
  return name === undefined ? undefined : textOf(name);
};

/** The question that a probe asks. How often and how patiently it asks is told. */
function probeText(probe: FileSpot): string {
  const get = at(probe, "httpGet");
  const port = (spot: FileSpot | undefined): string =>
    [at(spot, "port")]
      .filter(one => one !== undefined)
      .map(textOf)
      .join("");
  const path = at(get, "path");
  if (isMapSpot(get)) return `GET :${port(get)}${path === undefined ? "/" : textOf(path)}`;
  const socket = at(probe, "tcpSocket");
  if (isMapSpot(socket)) return `TCP :${port(socket)}`;
  const command = at(probe, "exec", "command");
  if (command !== undefined) return `exec ${itemsOf(command).map(textOf).join(" ")}`;
  return namesIn(probe)
    .filter(name => !/Seconds$|Threshold$/.test(name))
    .join(" ");
}
