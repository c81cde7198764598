/** The findings of `lint` as a person reads them: by file and line, each with what to change and the line that shows it. */
import { replayLine } from "../../findings/again.ts";
import { renderNotModelled } from "../not-modelled.ts";
import type { Paint } from "../paint.ts";
import { counted, renderPairs } from "../table.ts";
import type { LintFinding, LintReport } from "./finding.ts";

export function renderLint(report: LintReport, paint: Paint): string {
  const { policy, profile, findings, accepted, stale, notModelled } = report;
  const blocks = [
    ...inOrder(findings).map(one => renderFinding(one, paint)),
    accepted.length === 0
      ? ""
      : `${paint("bold", "Accepted")}\n${renderPairs(accepted.map(one => [`  ${one.id}`, `${one.message}: ${one.reason}`]))}`,
    ...stale.map(
      one =>
        `${paint("red", "✗")} ${one.file}:${one.line}: ${one.id} is accepted there, and there is no such finding any more: take the line out`,
    ),
    renderNotModelled(notModelled, paint),
    summary(report, paint, `${policy} on ${profile}`),
  ];
  return blocks.filter(one => one !== "").join("\n\n");
}

/** Errors before warnings, and then by file and line. */
const inOrder = (findings: readonly LintFinding[]): readonly LintFinding[] =>
  findings.toSorted(
    (a, b) =>
      (a.severity === b.severity ? 0 : a.severity === "error" ? -1 : 1) ||
      (a.place?.file ?? "~").localeCompare(b.place?.file ?? "~", "en") ||
      (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
      a.id.localeCompare(b.id, "en"),
  );

function renderFinding(one: LintFinding, paint: Paint): string {
  const { id, severity, message, remedy, at, place, assumed, witness, promise } = one;
  const mark = severity === "error" ? paint("red", "✗ error") : paint("yellow", "! warning");
  const where =
    place === null ? `${at}, which no file says` : `${place.file}:${place.line}:${place.column} ${place.key}`;
  return [
    `${mark} ${paint("bold", id)} ${message}`,
    ...renderPairs([
      ["  at", where],
      ...(assumed === null ? [] : [["  assumed", assumed] as const]),
      ["  change", remedy],
      ...(promise === null ? [] : [["  breaks", promise] as const]),
      ...(witness === null ? [] : [["  shown by", replayLine(witness)] as const]),
    ]).split("\n"),
  ].join("\n");
}

function summary({ findings, accepted, stale }: LintReport, paint: Paint, what: string): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  const parts = [
    counted(errors, "error"),
    counted(warnings, "warning"),
    ...(accepted.length === 0 ? [] : [`${accepted.length} accepted`]),
    ...(stale.length === 0 ? [] : [`${counted(stale.length, "accepted finding")} gone`]),
  ];
  const isClean = errors + stale.length === 0;
  return `${paint(isClean ? "green" : "red", isClean ? "✓" : "✗")} ${what}: ${parts.join(", ")}`;
}
