/** The values of the NATS Helm chart: the servers, as far as a policy holds them. The rest is told. */
import type { ServerPolicy } from "../../../models/vocabulary/expectation.ts";
import type { FoundThing } from "./canonical.ts";
import {
  at,
  type FileSpot,
  isMapSpot,
  isUnset,
  markRead,
  namesIn,
  tell,
  tellRest,
  type Where,
  whereIs,
} from "./spot.ts";
import { durationMsOf, flagOf, textOf, wholeOf } from "./values.ts";

const meanings: Readonly<Record<string, string>> = {
  fileStore: "where the server keeps streams of storage file",
  memoryStore: "where the server keeps streams of storage memory",
  merge: "options of the server, which a policy does not hold",
  patch: "options of the server, which a policy does not hold",
};

const installation = "about the installation of the server, which a policy does not hold";

/** The chart runs three servers where its cluster is enabled and says no number. */
const clusterDefault = 3;

export function readChart(document: FileSpot): FoundThing<ServerPolicy> {
  const given: Record<string, unknown> = {};
  const places: Partial<Record<keyof ServerPolicy, Where>> = {};
  const put = (name: keyof ServerPolicy, spot: FileSpot | undefined, read: (spot: FileSpot) => unknown): void => {
    if (spot === undefined || isUnset(spot)) return;
    const value = read(spot);
    if (value === undefined) return;
    given[name] = value;
    places[name] = whereIs(spot);
  };
  const enabled = at(document, "config", "cluster", "enabled");
  const isCluster = enabled !== undefined && flagOf(enabled);
  if (isCluster) {
    const replicas = at(document, "config", "cluster", "replicas");
    put("count", replicas ?? enabled, spot => (spot === enabled ? clusterDefault : wholeOf(spot)));
  }
  put("killAfterMs", at(document, "podTemplate", "merge", "spec", "terminationGracePeriodSeconds"), secondsMs);
  put("lameDuckMs", at(document, "config", "merge", "lame_duck_duration"), goMs);
  put("syncMs", at(document, "config", "jetstream", "merge", "sync_interval"), syncMsOf);
  const pvc = at(document, "config", "jetstream", "fileStore", "pvc", "enabled");
  if (pvc !== undefined && !flagOf(pvc)) {
    given.keepsDisk = false;
    places.keepsDisk = whereIs(pvc);
  }
  const jetStream = at(document, "config", "jetstream", "enabled");
  if (jetStream !== undefined) markRead(jetStream);
  tellEach(at(document, "config"));
  tellEach(at(document, "podTemplate"));
  tellRest(document, key => meanings[key] ?? installation);
  return { format: "helm", where: whereIs(document), given: given as Partial<ServerPolicy>, places };
}

const secondsMs = (spot: FileSpot): number => wholeOf(spot) * 1_000;
const goMs = (spot: FileSpot): number | undefined => durationMsOf(spot, "go");

/** The server also takes the word "always". */
const syncMsOf = (spot: FileSpot): number | undefined => (textOf(spot) === "always" ? 0 : goMs(spot));

/** Tells the keys that mean something one by one, as far as nothing below them was read. */
function tellEach(spot: FileSpot | undefined): void {
  if (!isMapSpot(spot)) return;
  for (const name of namesIn(spot)) {
    const one = at(spot, name);
    if (one === undefined) continue;
    const means = meanings[name];
    if (means !== undefined && one.tree.kind === "map") tellRest(one, () => means);
    else if (means !== undefined) tell(one, means);
    else tellEach(one);
  }
}
