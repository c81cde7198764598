/**
 * The lines of the one-page durability policy: one for each family, and one for each setting of streams, consumers, publishing, start, stop and
 * deployment. Each cell knows its place in a file, so that what has moved can be named there.
 */
import { familySubjects } from "../../models/policy/subjects.ts";
import type { Family, Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Where } from "../files/import/spot.ts";
import { type FilePlace, placeText } from "../files/json.ts";
import type { PolicySource } from "../files/policy-source.ts";
import { type Cost, type Occasion, subjectFacts } from "./subject.ts";
import { expectedText, publishedText, storedText } from "./words.ts";

export interface PageCell {
  readonly title: string;
  readonly text: string;
  readonly place: Where | undefined;
  /** Set for what a run has shown: it moves with every run, and is no drift. */
  readonly isObserved?: true;
}

/** The figures of the last drill, by family. */
export interface Observed {
  /** The run, such as "2026-12-01 on go-nats-go". */
  readonly run: string;
  readonly families: ReadonlyMap<string, string>;
}

export interface PageLine {
  /** The anchor, which stays the same while the family or the setting has its name. */
  readonly id: string;
  readonly name: string;
  readonly cells: readonly PageCell[];
}

// ---- Families ----

export const familyLines = (
  source: PolicySource,
  profile: Profile,
  observed: Observed | undefined,
): readonly PageLine[] =>
  source.policy.families.map((family, i, all) => {
    const anchor = anchorOf("family", family.subjects);
    const repeats = all.slice(0, i).filter(one => anchorOf("family", one.subjects) === anchor).length;
    return {
      id: repeats === 0 ? anchor : `${anchor}-${repeats + 1}`,
      name: family.subjects,
      cells: familyCells(source, profile, family, i).flatMap(cell =>
        cell.title === "published" ? [cell, observedCell(observed, family)] : [cell],
      ),
    };
  });

/** Letters, digits and dots, with words for the two wildcards. */
const anchorOf = (kind: string, name: string): string =>
  `${kind}-${name
    .replaceAll("*", "any")
    .replaceAll(">", "rest")
    .replaceAll(/[^A-Za-z0-9]+/g, "-")}`;

function familyCells(source: PolicySource, profile: Profile, family: Family, index: number): readonly PageCell[] {
  const place = source.placeOf(["families", index]);
  const subject = subjectOf(source.policy, family);
  const facts = subject === undefined ? undefined : subjectFacts(source, profile, subject);
  const shutdown = source.placeOf(["shutdown", "strategy"]);
  const of = (text: string): string => (facts === undefined ? "families above cover all of it" : text);
  const cost = (occasion: Occasion): string => of(costCell(facts?.costs.find(one => one.occasion === occasion)));
  const stored = facts?.stream?.place ?? place;
  return [
    { title: "declared", text: `${family.durability}: ${family.reason}`, place },
    { title: "expected", text: expectedText(family), place },
    { title: "configured", text: of(storedText(facts?.stream?.said)), place: stored },
    { title: "published", text: of(publishedText(facts?.rule?.said)), place: facts?.rule?.place ?? place },
    { title: "a server restart costs", text: cost("server-restart"), place: stored },
    { title: "a rollout costs", text: cost("rollout"), place: shutdown },
    { title: "a stop while NATS is down costs", text: cost("stop-while-down"), place: shutdown },
    { title: "owner", text: family.owner ?? "nobody", place },
  ];
}

function observedCell(observed: Observed | undefined, { subjects }: Family): PageCell {
  const figures = observed?.families.get(subjects);
  const text = figures === undefined ? "not observed" : `${figures} (${observed?.run})`;
  return { title: "observed in the last drill", text, place: undefined, isObserved: true };
}

const subjectOf = (policy: Policy, family: Family): string | undefined =>
  familySubjects(policy).find(one => one.family === family)?.subject;

function costCell(cost: Cost | undefined): string {
  if (cost === undefined) return "not modelled";
  const { published, silentLoss, reportedLoss, inDoubt, duplicated } = cost;
  const parts = [
    ...(silentLoss === 0 ? [] : [`${silentLoss} lost in silence`]),
    ...(reportedLoss === 0 ? [] : [`${reportedLoss} refused`]),
    ...(inDoubt === 0 ? [] : [`${inDoubt} in doubt`]),
    ...(duplicated === 0 ? [] : [`${duplicated} stored twice`]),
  ];
  return parts.length === 0 ? `0 of ${published}` : `up to ${parts.join(", ")}, of ${published}`;
}

// ---- Settings ----

const parts = [
  "streams",
  "taps",
  "publish",
  "consume",
  "startup",
  "shutdown",
  "supervisor",
  "client",
  "server",
] as const;

/** One line for each field of the policy's other parts, so that a change of any is seen. */
export const settingLines = (source: PolicySource): readonly PageLine[] =>
  parts
    .flatMap(part => leavesOf(source.policy[part], [part]))
    .map(({ path, value }) => settingLine(source, path, value));

interface Leaf {
  readonly path: FilePlace;
  readonly value: unknown;
}

/** A list of plain values is one value. */
function leavesOf(value: unknown, path: FilePlace): readonly Leaf[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && !value.every(isPlain)) return value.flatMap((one, i) => leavesOf(one, [...path, i]));
  if (isPlain(value) || Array.isArray(value)) return [{ path, value }];
  return Object.entries(value as object).flatMap(([name, one]) => leavesOf(one, [...path, name]));
}

const isPlain = (value: unknown): boolean => typeof value !== "object" || value === null;

function settingLine(source: PolicySource, path: FilePlace, value: unknown): PageLine {
  const place = source.placeOf(path);
  const name = placeText(
    path.map((part, i) => (i === 1 && path[0] === "streams" ? streamName(source.policy, part) : part)),
  );
  const text = Array.isArray(value) ? value.join(", ") : String(value);
  const assumed = source.assumedAt(path)?.why;
  const words = assumed === undefined ? (source.isWritten(path) ? "a file's" : "a default") : `assumed: ${assumed}`;
  return {
    id: anchorOf("setting", name),
    name,
    cells: [
      { title: "value", text, place },
      { title: "whose words", text: words, place },
    ],
  };
}

const streamName = (policy: Policy, index: PropertyKey): string => policy.streams[Number(index)]?.name ?? String(index);
