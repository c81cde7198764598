/** The last kept run that asked what a restart costs a policy: its figures by family. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Observed } from "../desk/page.ts";
import { questionDocument } from "../findings/documents/question.ts";
import { digestOfJson, readJournal } from "./journal.ts";

const runs = join(".faultline", "runs");

/**
 * Undefined where no run of this folder has asked it live: without a live world a drill has the model's figures alone. A run under an earlier state of
 * the policy is named so.
 */
export function lastDrill(policy: Policy): Observed | undefined {
  const newestFirst = existsSync(runs) ? readdirSync(runs).filter(isDurability).sort().reverse() : [];
  for (const name of newestFirst) {
    const found = drillIn(join(runs, name), policy);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isDurability = (name: string): boolean => name.includes("-drill-durability-");

function drillIn(folder: string, policy: Policy): Observed | undefined {
  const report = reportIn(folder);
  if (report === undefined || report.policy !== policy.name || report.live.reason !== null) return undefined;
  const { families, bus } = report;
  const isSame = report.source === digestOfJson(policy);
  const day = folder.slice(folder.lastIndexOf("/") + 1).slice(0, 10);
  return {
    run: `${day} on ${bus}${isSame ? "" : ", before the policy changed"}`,
    families: new Map(
      families.flatMap(one => (one.published === 0 ? [] : [[one.subjects, figuresText(one)] as const])),
    ),
  };
}

/** A folder that is not whole, or of another version, tells nothing. */
function reportIn(folder: string) {
  try {
    const { data } = questionDocument.safeParse(JSON.parse(readFileSync(join(folder, "drill.json"), "utf8")));
    return data === undefined ? undefined : { ...data, source: readJournal(folder).header.source };
  } catch {
    return undefined;
  }
}

interface FamilySeen {
  readonly published: number;
  readonly silentLoss: number;
  readonly inDoubt: number;
  readonly duplicated: number;
  readonly notObserved: number;
  readonly told: { readonly rejected: number };
}

function figuresText({ published, silentLoss, inDoubt, duplicated, notObserved, told }: FamilySeen): string {
  const parts = [
    ...(silentLoss === 0 ? [] : [`${silentLoss} lost in silence`]),
    ...(told.rejected === 0 ? [] : [`${told.rejected} refused`]),
    ...(inDoubt === 0 ? [] : [`${inDoubt} in doubt`]),
    ...(duplicated === 0 ? [] : [`${duplicated} stored twice`]),
    ...(notObserved === 0 ? [] : [`${notObserved} not observed`]),
  ];
  return parts.length === 0 ? `0 of ${published}` : `${parts.join(", ")}, of ${published}`;
}
