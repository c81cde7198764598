/** The refusal of a document that is none of the formats. */
import { at, type FileSpot, refuse } from "./spot.ts";

const formatsText =
  "nats stream info --json, nats consumer info --json, their bare configurations, nack's Stream and Consumer, terraform show -json, " +
  "a Deployment or StatefulSet, and the values of the NATS chart";

/** @throws BadInput */
export function cannotBeRead(document: FileSpot): never {
  if (at(document, "families") !== undefined && at(document, "startup") !== undefined)
    return refuse(document, "is a policy already: give it to --policy as it is");
  const template = document.tree.kind === "scalar" ? "; a template or a configuration of the server is not read" : "";
  return refuse(document, `is none of the formats that are read: ${formatsText}${template}`);
}
