/** `faultline policy`: the one-page durability policy, written or held against what it was. Runs the model, and no server. */
import { readFileSync, statSync } from "node:fs";
import { hashText } from "../../models/choice.ts";
import { familyLines, settingLines } from "../desk/page.ts";
import { BadInput, exitCodes } from "../errors.ts";
import type { PolicySource } from "../files/policy-source.ts";
import type { CommandEnding } from "../findings/ending.ts";
import {
  cellsOfPage,
  driftOf,
  type PageReport,
  renderDrift,
  renderPage,
  shownLine,
  unobserved,
} from "../report/page.ts";
import { renderHtml } from "../report/page-html.ts";
import type { Context } from "../runs/context.ts";
import { lastDrill } from "../runs/last-drill.ts";
import { knownProfile } from "../runs/profiles.ts";
import { rendered } from "../text/clean.ts";

export interface AskedPage {
  readonly source: PolicySource;
  readonly profile: string;
  /** The page to hold against the policy. */
  readonly check: string | undefined;
  /** The page as HTML, and not as Markdown. */
  readonly html: boolean;
}

/** @throws BadInput where the page to check cannot be read */
export async function policyPage(
  { paint }: Context,
  { source, profile, check, html }: AskedPage,
): Promise<CommandEnding> {
  const families = familyLines(source, knownProfile(profile), lastDrill(source.policy));
  const settings = settingLines(source);
  const lines = [...families, ...settings];
  const drift = check === undefined ? null : driftOf(readPage(check), lines);
  const document: PageReport = {
    policy: source.policy.name,
    profile,
    date: new Date().toISOString().slice(0, 10),
    digest: hashText(JSON.stringify(lines.map(unobserved).map(shownLine)))
      .toString(16)
      .padStart(8, "0"),
    families: families.map(shownLine),
    settings: settings.map(shownLine),
    drift,
  };
  if (drift === null)
    return {
      ...{
        kind: "policy-page",
        document,
        exitCode: exitCodes.holds,
        text: rendered(html ? renderHtml : renderPage, document),
      },
      beside: rendered((): string => "Keep it as a file, and hold it to the policy with --check FILE."),
    };
  const exitCode = drift.length === 0 ? exitCodes.holds : exitCodes.violated;
  return { kind: "policy-page", document, exitCode, text: rendered(renderDrift, drift, paint) };
}

function readPage(path: string): ReadonlyMap<string, readonly string[]> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new BadInput(path, "", "there is no such file");
  const lines = cellsOfPage(readFileSync(path, "utf8"));
  if (lines.size === 0)
    throw new BadInput(
      path,
      "",
      "has no line of a durability policy: write it as Markdown with faultline policy POLICY > FILE",
    );
  return lines;
}
