/**
 * Findings that a team lives with: a file that names each with a reason. A line of it that matches no finding is stale, and fails the run, so
 * that the file cannot outlive what it excuses.
 */
import { statSync } from "node:fs";
import { z } from "zod";
import { BadInput } from "../errors.ts";
import type { Where } from "../files/import/spot.ts";
import { dataOf, parseTrees, type Tree } from "../files/import/tree.ts";
import { checkShape, readJsonFile } from "../files/json.ts";
import { didYouMean } from "../files/nearest.ts";
import type { LintHit } from "./lint.ts";

const shape = z.strictObject({
  version: z.literal(1),
  accepted: z
    .array(
      z.strictObject({
        id: z.string().max(20),
        about: z.string().min(1).max(500).optional(),
        reason: z.string().min(1).max(2_000),
      }),
    )
    .max(1_000),
});

export interface Accepted {
  /** The rule. */
  readonly id: string;
  /** A part of the finding's sentence; absent: every finding of the rule. */
  readonly about?: string | undefined;
  readonly reason: string;
  readonly place: Where;
}

/** The list in a file of JSON or YAML. @throws BadInput with file, place and reason */
export function readAccepted(path: string, known: readonly string[]): readonly Accepted[] {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new BadInput(path, "", "there is no such file");
  const trees = parseTrees(readJsonFile(path, path), path);
  const [tree] = trees;
  if (tree === undefined || trees.length > 1)
    throw new BadInput(path, "", "must be one document: version 1, and the list accepted");
  const { accepted } = checkShape(shape, dataOf(tree), path, [], "a list of accepted findings");
  return accepted.map((one, i) => {
    const place = lineAt(tree, i, path);
    if (!known.includes(one.id))
      throw new BadInput(`${path}:${place.line}`, place.key, `there is no rule ${one.id}.${didYouMean(one.id, known)}`);
    return { ...one, place };
  });
}

function lineAt(tree: Tree, i: number, file: string): Where {
  const list = tree.kind === "map" ? tree.fields.get("accepted") : undefined;
  const item = list?.kind === "list" ? list.items[i] : undefined;
  return { file, line: item?.line ?? tree.line, column: item?.column ?? tree.column, key: `accepted[${i}]` };
}

export interface Sorted {
  readonly open: readonly LintHit[];
  readonly accepted: readonly (LintHit & { readonly reason: string })[];
  readonly stale: readonly Accepted[];
}

/** Each finding is accepted by the first line that matches it. */
export function sortedBy(list: readonly Accepted[], hits: readonly LintHit[]): Sorted {
  const matching = (hit: LintHit): Accepted | undefined => list.find(one => matches(one, hit));
  return {
    open: hits.filter(hit => matching(hit) === undefined),
    accepted: hits.flatMap(hit => {
      const by = matching(hit);
      return by === undefined ? [] : [{ ...hit, reason: by.reason }];
    }),
    stale: list.filter(one => !hits.some(hit => matches(one, hit))),
  };
}

const matches = ({ id, about }: Accepted, { rule, hit }: LintHit): boolean =>
  rule.id === id && (about === undefined || hit.message.includes(about));
