/** The words for the way in which a subject is published and stored. */
import type { Load } from "../../models/vocabulary/expectation.ts";
import type { ClassifierRule, Family, Policy } from "../../models/vocabulary/policy.ts";
import { msText } from "../text/durations.ts";

const ruleText = ({ exact, pattern, prefix, suffix }: ClassifierRule): string =>
  exact ?? pattern ?? [prefix, suffix].map(one => one ?? "").join("…");

export const publishedText = (rule: ClassifierRule | undefined): string =>
  rule === undefined
    ? "as core NATS: no rule of the classifier matches"
    : `through JetStream, by the rule ${ruleText(rule)}`;

/** Its other settings have lines of their own on the page. */
export function storedText(stream: Policy["streams"][number] | undefined): string {
  if (stream === undefined) return "in no stream";
  const { name, storage, retention = "limits", replicas = 1, ageMaxMs, messagesMax, bytesMax, noAck } = stream;
  const limits = [
    ...(ageMaxMs === undefined ? [] : [`for ${msText(ageMaxMs)}`]),
    ...(messagesMax === undefined ? [] : [`${messagesMax} messages at most`]),
    ...(bytesMax === undefined ? [] : [`${bytesMax} bytes at most`]),
    ...(noAck === true ? ["without acknowledgements"] : []),
  ];
  const copies = `${replicas} ${replicas === 1 ? "replica" : "replicas"}`;
  return [`in ${name}: ${storage} storage, retention ${retention}, ${copies}`, ...limits].join(", ");
}

/** The expectations of a family beyond its durability and its owner. */
export function expectedText(family: Family): string {
  const {
    publishPath,
    gapMs,
    gaps = {},
    healedBy,
    healsWithinMs,
    staleAfterMs,
    duplicatesTolerated,
    idRule,
    load,
  } = family;
  const gapTexts = [
    ["at an outage or a restart", gapMs],
    ["at a restart of the server", gaps.serverRestartMs],
    ["at a restart of its client", gaps.clientRestartMs],
    ["at a rollout", gaps.rolloutMs],
    ["at a failover", gaps.failoverMs],
  ] as const;
  const said = [
    ...(publishPath === undefined ? [] : [`published by ${publishPath}`]),
    ...gapTexts.flatMap(([when, ms]) => (ms === undefined ? [] : [`a gap of ${msText(ms)} ${when}`])),
    ...(healedBy === undefined
      ? []
      : [`healed by ${healedBy}${healsWithinMs === undefined ? "" : ` within ${msText(healsWithinMs)}`}`]),
    ...(staleAfterMs === undefined ? [] : [`of no use after ${msText(staleAfterMs)}`]),
    ...(duplicatesTolerated === undefined ? [] : [`duplicates ${duplicatesTolerated ? "" : "not "}tolerated`]),
    ...(idRule === undefined ? [] : [`id ${idText(idRule)}`]),
    ...(load === undefined ? [] : [`${load.perSecond}/s of ${bytesOfLoad(load)}`]),
  ];
  return said.length === 0 ? "nothing more" : said.join("; ");
}

type DeclaredId = NonNullable<Family["idRule"]>;

/** An id as its parts, joined by colons. */
export const idText = (id: DeclaredId): string =>
  typeof id === "string" ? id : id.map(part => (typeof part === "string" ? part : `"${part.constant}"`)).join(":");

const bytesOfLoad = ({ bytes }: Load): string =>
  typeof bytes === "number"
    ? `${bytes} B`
    : bytes.map(one => `${one.bytes} B (${Number((one.share * 100).toFixed(1))} %)`).join(", ");
