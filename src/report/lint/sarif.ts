/** The findings of `lint` as SARIF 2.1.0, the format of code scanning (OASIS, static analysis results interchange format). */
import { hashText } from "../../../models/choice.ts";
import { replayLine } from "../../findings/again.ts";
import { cleaned, cleanedData } from "../../text/clean.ts";
import type { LintFinding, LintReport } from "./finding.ts";

export function sarifOf(report: LintReport, version: string): object {
  const { rules, findings, accepted } = report;
  const results = [
    ...findings.map(one => resultOf(one, report)),
    ...accepted.map(one => ({
      ...resultOf(one, report),
      suppressions: [{ kind: "external", status: "accepted", justification: one.reason }],
    })),
  ];
  return cleanedData({
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "faultline",
            version,
            rules: rules.map(({ id, name, says, why, source }) => ({
              id,
              name,
              shortDescription: { text: says },
              fullDescription: { text: `${says} ${why}` },
              help: { text: `${why} Source: ${source}` },
            })),
          },
        },
        columnKind: "utf16CodeUnits",
        results,
      },
    ],
  });
}

function resultOf(one: LintFinding, { policy, rules }: LintReport): object {
  const { id, severity, message, remedy, at, place, witness } = one;
  const shown = witness === null ? "" : ` Shown by: ${replayLine(witness)}`;
  return {
    ruleId: id,
    ruleIndex: rules.findIndex(rule => rule.id === id),
    level: severity,
    message: { text: `${message}. ${remedy}${shown}` },
    locations: [
      {
        ...(place === null
          ? {}
          : {
              physicalLocation: {
                artifactLocation: { uri: uriOf(place.file) },
                region: { startLine: place.line, startColumn: place.column },
              },
            }),
        logicalLocations: [{ fullyQualifiedName: `${policy}: ${at}` }],
      },
    ],
    // Without lines, so that a finding stays the same one when its file grows above it.
    partialFingerprints: { "faultline/v1": hashText(`${id} ${policy} ${message}`).toString(16).padStart(8, "0") },
  };
}

/** A path as a relative URI. */
const uriOf = (file: string): string => encodeURI(cleaned(file)).replaceAll("?", "%3F").replaceAll("#", "%23");
