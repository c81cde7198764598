/** `faultline lint`: the mistakes that can be read off a policy, each error with a case that proves it. Runs the model, and no server. */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { hashText } from "../../models/choice.ts";
import { exitCodes } from "../errors.ts";
import { placeText } from "../files/json.ts";
import type { PolicySource } from "../files/policy-source.ts";
import { type Counterexample, meetAt, versionsHere } from "../findings/counterexample.ts";
import type { CommandEnding } from "../findings/ending.ts";
import { readAccepted, sortedBy } from "../lint/accepted.ts";
import { type LintHit, lintHits, lintRules } from "../lint/lint.ts";
import type { LintFinding, LintReport } from "../report/lint/finding.ts";
import { lintAnnotations } from "../report/lint/github.ts";
import { sarifOf } from "../report/lint/sarif.ts";
import { renderLint } from "../report/lint/text.ts";
import { notModelledShown } from "../report/not-modelled.ts";
import type { Context } from "../runs/context.ts";
import { knownProfile } from "../runs/profiles.ts";
import { jsonText, type Rendered, rendered } from "../text/clean.ts";

export type LintFormat = "text" | "sarif" | "github";

export interface AskedLint {
  readonly source: PolicySource;
  readonly profile: string;
  /** The file of accepted findings. */
  readonly accepted: string | undefined;
  readonly format: LintFormat;
}

/** @throws BadInput where the list of accepted findings cannot be read */
export async function lint(context: Context, asked: AskedLint): Promise<CommandEnding> {
  const report = lintReport(asked);
  const shown = rendered(renderLint, report, context.paint);
  const ended = { kind: "lint", document: report, exitCode: exitCodeOf(report) } as const;
  switch (asked.format) {
    case "text":
      return { ...ended, text: shown };
    case "sarif":
      return { ...ended, text: sarifText(report), beside: shown };
    case "github":
      return { ...ended, text: shown, commands: lintAnnotations(report) };
  }
}

const sarifText = (report: LintReport): Rendered => jsonText(sarifOf(report, versionsHere().faultline), 2) as Rendered;

/** An accepted finding that is gone is as good as an error: the list must be mended. */
const exitCodeOf = ({ findings, stale }: LintReport): number =>
  stale.length > 0 || findings.some(({ severity }) => severity === "error") ? exitCodes.violated : exitCodes.holds;

/** Writes the witnesses below the current folder. */
export function lintReport({ source, profile, accepted }: Omit<AskedLint, "format">): LintReport {
  const { policy } = source;
  const ids = lintRules.map(({ id }) => id);
  const hits = lintHits({ policy, profile: knownProfile(profile), source });
  const { open, accepted: taken, stale } = sortedBy(accepted === undefined ? [] : readAccepted(accepted, ids), hits);
  return {
    policy: policy.name,
    profile,
    findings: open.map(hit => findingOf(policy.name, hit)),
    accepted: taken.map(hit => ({ ...findingOf(policy.name, hit), reason: hit.reason })),
    stale: stale.map(({ id, reason, place }) => ({ id, reason, file: place.file, line: place.line })),
    rules: lintRules.map(({ hits: _, ...rule }) => rule),
    notModelled: notModelledShown(policy),
  };
}

function findingOf(policy: string, { rule, hit, place, assumed, witness }: LintHit): LintFinding {
  return {
    id: rule.id,
    severity: witness === undefined || assumed !== undefined ? "warning" : "error",
    message: hit.message,
    remedy: hit.remedy,
    at: placeText(hit.at),
    place: place ?? null,
    assumed: assumed?.why ?? null,
    witness: witness === undefined ? null : written(witnessPath(policy, rule.id, hit.message), witness),
    promise: witness?.property ?? null,
  };
}

/** Keeps the file of an earlier run only where that is the same case: the policy may have changed since. */
const written = (path: string, witness: Counterexample): string =>
  meetAt(path, witness, known => isDeepStrictEqual(known.scenario, witness.scenario)).path;

/** One file for each finding, under the same name in each run. */
const witnessPath = (policy: string, id: string, message: string): string =>
  join(".faultline", "lint", `${policy}--${id}--${hashText(message).toString(16).padStart(8, "0")}.json`);
