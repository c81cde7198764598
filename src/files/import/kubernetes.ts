/** The Deployment or StatefulSet that runs the service: its probes, and the time that it has to stop. */
import type { KillingProbe } from "../../../models/vocabulary/policy.ts";
import type { FoundThing, ImportedDeployment } from "./canonical.ts";
import { at, type FileSpot, isMapSpot, itemsOf, namesIn, tell, type Where, whereIs } from "./spot.ts";
import { quantityOf, textOf, wholeOf } from "./values.ts";

/** Images of NATS itself: their probes and their grace are the server's, and no service's. */
const isNatsImage = (image: string): boolean =>
  /(^|\/)(nats|nats-box|nats-streaming|nats-server-config-reloader|prometheus-nats-exporter|jetstream-controller)([:@]|$)/.test(
    image,
  );

export const meaningOfDeployment = (key: string): string => meanings[key] ?? "says nothing that a policy holds";

const meanings: Readonly<Record<string, string>> = {
  resources: "a policy holds the limit of memory alone",
  postStart: "what runs beside the start of the service is not modelled",
  preStop:
    "it does more than sleep, so how long it takes is not known: the service has less than supervisor.killAfterMs from SIGTERM to SIGKILL",
  restartPolicy: "a policy always starts a failed process again, as a Deployment does",
  timeoutSeconds: "a probe here answers at once or not at all",
  successThreshold: "one success is enough here",
  periodSeconds: "readiness kills nothing, so how often it is asked is not modelled",
  failureThreshold: "readiness kills nothing, so how often it may fail is not modelled",
  initialDelaySeconds: "readiness kills nothing, so when it is first asked is not modelled",
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
  put("replicas", at(document, "spec", "replicas"), wholeOf);
  put("killAfterMs", at(pod, "terminationGracePeriodSeconds"), spot => wholeOf(spot) * 1_000);
  const main = containers.find(one => nameOf(one) === given.name) ?? containers[0];
  put("memoryBytesMax", at(main, "resources", "limits", "memory"), quantityOf);
  put("readinessProbe", at(main, "readinessProbe"), probeText);
  put("livenessProbe", at(main, "livenessProbe"), probeText);
  put("livenessTimes", at(main, "livenessProbe"), timesOf);
  put("startupProbe", at(main, "startupProbe"), probeText);
  put("startupTimes", at(main, "startupProbe"), timesOf);
  const preStop = at(main, "lifecycle", "preStop");
  const sleepMs = preStop === undefined ? undefined : sleepOf(preStop);
  if (sleepMs !== undefined) put("preStopMs", preStop, () => sleepMs);
  else if (preStop !== undefined) tell(preStop, meaningOfDeployment("preStop"));
  const restartPolicy = at(pod, "restartPolicy");
  if (restartPolicy?.tree.kind === "scalar" && restartPolicy.tree.value === "Always") textOf(restartPolicy);
  const env = at(main, "env");
  const variables = itemsOf(env);
  const naming = variables.find(one => serversIn(one) > 0);
  put("servers", naming, serversRead);
  if (naming !== undefined && env !== undefined && variables.length > 1) tell(env, otherVariables);
  const waiting = itemsOf(at(pod, "initContainers")).find(waitsForNats);
  if (waiting !== undefined) put("initWaits", waiting, one => nameOf(one) ?? "without a name");
  for (const other of containers)
    if (other !== main) tell(other, "another container of the pod: only the service's own is read");
  return { format: "kubernetes", where: whereIs(document), given: given as Partial<ImportedDeployment>, places };
}

const otherVariables =
  "its other variables are not read: options of the connection may be among them, or more of its servers";

/** The servers that a variable of the environment names, as clients take them: addresses with commas between. 0 where it names none. */
function serversIn(variable: FileSpot): number {
  const [name, value] = [at(variable, "name"), at(variable, "value")];
  if (name === undefined || value === undefined) return 0;
  const addresses = wordOf(value)
    .split(",")
    .map(one => one.trim().replace(/\/$/, ""))
    .filter(one => one !== "");
  const isNamed = /nats/i.test(wordOf(name)) && /url|server|addr|host|endpoint/i.test(wordOf(name));
  const isMeant = isNamed || addresses.some(one => /^nats:\/\//i.test(one));
  const isAddress = (one: string): boolean => /^([a-z]{2,8}:\/\/)?[^\s/]+$/i.test(one);
  return isMeant && addresses.every(isAddress) ? new Set(addresses).size : 0;
}

/** The value may hold a password, so it goes no further than here. */
function serversRead(variable: FileSpot): number {
  for (const name of ["name", "value"]) {
    const field = at(variable, name);
    if (field !== undefined) textOf(field);
  }
  return serversIn(variable);
}

const nameOf = (container: FileSpot): string | undefined => {
  const name = at(container, "name");
  return name === undefined ? undefined : textOf(name);
};

const secondsMs = (spot: FileSpot | undefined): number => (spot === undefined ? 0 : wholeOf(spot) * 1_000);
/** Kubernetes takes its own default where a probe has none, and where it has 0. */
const periodMsDefault = 10_000;
const thresholdDefault = 3;

function timesOf(probe: FileSpot): KillingProbe {
  const delayMs = secondsMs(at(probe, "initialDelaySeconds"));
  const threshold = at(probe, "failureThreshold");
  return {
    ...(delayMs === 0 ? {} : { initialDelayMs: delayMs }),
    periodMs: secondsMs(at(probe, "periodSeconds")) || periodMsDefault,
    failureThreshold: (threshold === undefined ? 0 : wholeOf(threshold)) || thresholdDefault,
  };
}

/** The time that a hook sleeps which does nothing else; undefined for any other. */
function sleepOf(hook: FileSpot): number | undefined {
  const seconds = at(hook, "sleep", "seconds");
  if (seconds !== undefined) return secondsMs(seconds);
  const words = itemsOf(at(hook, "exec", "command")).map(wordOf);
  const [, sleeps] = /^(?:(?:\/bin\/)?(?:ba)?sh -c )?(?:\/bin\/)?sleep (\d{1,5})s?$/.exec(words.join(" ")) ?? [];
  if (sleeps === undefined) return undefined;
  for (const word of itemsOf(at(hook, "exec", "command"))) textOf(word);
  return Number(sleeps) * 1_000;
}

/** A word of a command, which is not read by that. */
const wordOf = ({ tree }: FileSpot): string => (tree.kind === "scalar" ? String(tree.value) : "");

/** True where a word of its command names NATS. What else it does is told. */
const waitsForNats = (container: FileSpot): boolean =>
  [...itemsOf(at(container, "command")), ...itemsOf(at(container, "args"))].some(word =>
    /\bnats\b/i.test(wordOf(word)),
  );

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
