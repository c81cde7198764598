/**
 * The format of a document, told by its content alone, and what is read of it. A document of another kind that belongs beside them, such
 * as a Service among manifests, is told as a whole.
 */

import type { ServerPolicy } from "../../../models/vocabulary/expectation.ts";
import type { FormatName, FoundThing, ImportedConsumer, ImportedDeployment, ImportedStream } from "./canonical.ts";
import { readChart } from "./chart.ts";
import { meaningOfConsumer, meaningOfStream, readConsumer, readStream } from "./jetstream.ts";
import { meaningOfDeployment, readDeployment } from "./kubernetes.ts";
import { at, type FileSpot, isMapSpot, itemsOf, markRead, tell, tellRest, type Where, whereIs } from "./spot.ts";
import { cannotBeRead } from "./unreadable.ts";
import { textOf } from "./values.ts";

/** One thing that was read, with the keys that it was read from. */
export interface ReadPart {
  readonly file: string;
  readonly line: number;
  readonly format: FormatName;
  readonly kind: "stream" | "consumer" | "deployment" | "server";
  readonly name: string;
}

export interface Gatherings {
  readonly streams: FoundThing<ImportedStream>[];
  readonly consumers: FoundThing<ImportedConsumer>[];
  readonly deployments: FoundThing<ImportedDeployment>[];
  readonly servers: FoundThing<ServerPolicy>[];
  readonly read: ReadPart[];
}

interface Format {
  readonly is: (document: FileSpot) => boolean;
  readonly take: (document: FileSpot, into: Gatherings) => void;
}

const text = (spot: FileSpot | undefined): string => {
  const value = spot?.tree.kind === "scalar" ? spot.tree.value : undefined;
  return typeof value === "string" ? value : "";
};
const has = (spot: FileSpot, ...names: readonly string[]): boolean => names.some(name => at(spot, name) !== undefined);

const apiOf = (document: FileSpot): string => text(at(document, "apiVersion"));
const kindOf = (document: FileSpot): string => text(at(document, "kind"));
const isResource = (document: FileSpot): boolean => apiOf(document) !== "" && kindOf(document) !== "";
const isNack = (document: FileSpot): boolean => apiOf(document).startsWith("jetstream.nats.io/");
const runsPods = ["Deployment", "StatefulSet"];

const chartKeys = [
  "jetstream",
  "cluster",
  "nats",
  "leafnodes",
  "websocket",
  "mqtt",
  "gateway",
  "monitor",
  "profiling",
  "resolver",
  "serverNamePrefix",
];

const formats: readonly Format[] = [
  { is: document => isResource(document) && itemsOf(at(document, "items")).length > 0, take: takeItems("items") },
  { is: document => isNack(document) && ["Stream", "Consumer"].includes(kindOf(document)), take: takeNack },
  { is: document => apiOf(document).startsWith("apps/") && runsPods.includes(kindOf(document)), take: takeDeployment },
  { is: isResource, take: takeOther },
  { is: document => has(document, "format_version") && has(document, "planned_values", "values"), take: takeTerraform },
  { is: document => itemsOf(at(document, "streams")).some(isInfo), take: takeItems("streams") },
  { is: document => itemsOf(at(document, "consumers")).some(isInfo), take: takeItems("consumers") },
  { is: document => isInfo(document) && has(document, "stream_name"), take: takeConsumerInfo },
  { is: isInfo, take: takeStreamInfo },
  { is: document => chartKeys.some(key => at(document, "config", key) !== undefined), take: takeChart },
  {
    is: document =>
      has(document, "name") && has(document, "subjects", "mirror", "sources", "retention", "num_replicas"),
    take: (document, into) => {
      markType(document);
      stream(document, document, into);
    },
  },
  {
    is: document => has(document, "ack_policy", "deliver_policy", "durable_name", "max_ack_pending"),
    take: (document, into) => consumer(document, document, into),
  },
];

function isInfo(document: FileSpot): boolean {
  const config = at(document, "config");
  return (
    config !== undefined &&
    (has(config, "subjects", "retention", "num_replicas", "ack_policy", "deliver_policy", "durable_name") ||
      (has(document, "stream_name", "state") && has(config, "name")))
  );
}

export const isForeign = (document: FileSpot): boolean =>
  document.tree.kind === "list" ? itemsOf(document).some(isForeign) : formats.some(({ is }) => is(document));

/** @throws BadInput where it is none of the formats */
export function take(document: FileSpot, into: Gatherings): void {
  if (document.tree.kind === "list" && itemsOf(document).length > 0) {
    for (const item of itemsOf(document)) take(item, into);
    return;
  }
  const format = formats.find(({ is }) => is(document));
  if (format === undefined) cannotBeRead(document);
  else format.take(document, into);
}

function takeItems(name: string): Format["take"] {
  return (document, into) => {
    for (const item of itemsOf(at(document, name))) take(item, into);
    tellRest(document, () => "about the list, and not about what is in it");
  };
}

const part = (where: Where, rest: Pick<ReadPart, "format" | "kind" | "name">): ReadPart => ({
  file: where.file,
  line: where.line,
  ...rest,
});

function stream(
  config: FileSpot,
  whole: FileSpot,
  into: Gatherings,
  format: "jetstream" | "nack" | "terraform" = "jetstream",
): void {
  const found = readStream(config, format);
  into.streams.push(found);
  into.read.push(part(whereIs(whole), { format, kind: "stream", name: found.given.name ?? "" }));
  tellRest(whole, meaningOfStream);
}

function consumer(
  config: FileSpot,
  whole: FileSpot,
  into: Gatherings,
  format: "jetstream" | "nack" | "terraform" = "jetstream",
): void {
  const streamName = config === whole ? undefined : format === "jetstream" ? at(whole, "stream_name") : undefined;
  const found = readConsumer(config, format, streamName);
  const named = at(whole, "name");
  if (config !== whole && named !== undefined && format === "jetstream") markRead(named);
  into.consumers.push(found);
  const { stream: of, name } = found.given;
  const shown = [of, name ?? "(ephemeral)"].filter(one => one !== undefined).join(" > ");
  into.read.push(part(whereIs(whole), { format, kind: "consumer", name: shown }));
  tellRest(whole, meaningOfConsumer);
}

function markType(document: FileSpot): void {
  for (const name of ["type", "apiVersion", "kind"]) {
    const spot = at(document, name);
    if (spot !== undefined) markRead(spot);
  }
}

function takeStreamInfo(document: FileSpot, into: Gatherings): void {
  markType(document);
  const config = at(document, "config");
  if (config !== undefined) stream(config, document, into);
}

function takeConsumerInfo(document: FileSpot, into: Gatherings): void {
  markType(document);
  const config = at(document, "config");
  if (config !== undefined) consumer(config, document, into);
}

function takeNack(document: FileSpot, into: Gatherings): void {
  markType(document);
  const spec = at(document, "spec");
  if (isMapSpot(spec)) tellCredentials(spec);
  if (!isMapSpot(spec)) cannotBeRead(document);
  else if (kindOf(document) === "Stream") stream(spec, document, into, "nack");
  else consumer(spec, document, into, "nack");
}

/** Names of files and accounts; their values are never shown. */
function tellCredentials(spec: FileSpot): void {
  for (const name of ["account", "creds", "nkey", "servers", "tls", "tlsFirst", "jsDomain"]) {
    const spot = at(spec, name);
    if (spot !== undefined) tell(spot, "how the controller reaches the server; credentials are never read");
  }
}

function takeDeployment(document: FileSpot, into: Gatherings): void {
  markType(document);
  const found = readDeployment(document);
  if (found === undefined) {
    tell(document, "runs NATS itself: its probes and its grace period are the server's, and not the service's");
    return;
  }
  into.deployments.push(found);
  into.read.push(part(whereIs(document), { format: "kubernetes", kind: "deployment", name: found.given.name ?? "" }));
  tellRest(document, meaningOfDeployment);
}

function takeOther(document: FileSpot): void {
  const what = `the kind ${kindOf(document)} of ${apiOf(document)}`;
  const why = isNack(document)
    ? "a policy has no key-value or object buckets and no accounts"
    : "nothing in it is about a policy";
  tell(document, `${what}: ${why}`);
}

function takeTerraform(document: FileSpot, into: Gatherings): void {
  const values = at(document, "planned_values") ?? at(document, "values");
  for (const name of ["format_version", "terraform_version"]) {
    const spot = at(document, name);
    if (spot !== undefined) markRead(spot);
  }
  takeModule(at(values, "root_module"), into);
  tellRest(document, key =>
    key === "resource_changes" || key === "prior_state" || key === "configuration"
      ? "the same resources before they are planned; only the planned values are read"
      : "no stream and no consumer",
  );
}

function takeModule(module: FileSpot | undefined, into: Gatherings): void {
  if (module === undefined) return;
  for (const resource of itemsOf(at(module, "resources"))) {
    const values = at(resource, "values");
    const type = text(at(resource, "type"));
    if (!isMapSpot(values) || (type !== "jetstream_stream" && type !== "jetstream_consumer")) {
      tell(resource, `a resource ${type}: no stream and no consumer`);
      continue;
    }
    for (const name of ["id", "address", "mode", "type", "name", "index", "provider_name", "schema_version"])
      for (const spot of [name === "id" ? at(values, name) : at(resource, name)])
        if (spot !== undefined) markRead(spot);
    if (type === "jetstream_stream") stream(values, resource, into, "terraform");
    else consumer(values, resource, into, "terraform");
  }
  for (const child of itemsOf(at(module, "child_modules"))) takeModule(child, into);
}

/** The values of the NATS chart describe the servers. */
function takeChart(document: FileSpot, into: Gatherings): void {
  const found = readChart(document);
  into.servers.push(found);
  const release = at(document, "nameOverride") ?? at(document, "fullnameOverride");
  into.read.push(
    part(found.where, { format: "helm", kind: "server", name: release === undefined ? "nats" : textOf(release) }),
  );
}
