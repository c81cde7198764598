/** The findings of `lint` as annotations of a GitHub workflow. */
import { replayLine } from "../../findings/again.ts";
import { type RunnerCommand, runnerCommand } from "../../text/runner-commands.ts";
import type { LintFinding, LintReport } from "./finding.ts";

export const lintAnnotations = ({ findings, stale }: LintReport): readonly RunnerCommand[] => [
  ...findings.map(annotationOf),
  ...stale.map(({ id, file, line }) =>
    runnerCommand({
      kind: "error",
      title: `${id} is accepted and gone`,
      file,
      line,
      message: "There is no such finding any more: take the line out.",
    }),
  ),
];

function annotationOf({ id, severity, message, remedy, place, witness }: LintFinding): RunnerCommand {
  const shown = witness === null ? "" : ` Shown by: ${replayLine(witness)}`;
  return runnerCommand({
    kind: severity,
    title: id,
    file: place?.file,
    line: place?.line,
    col: place?.column,
    message: `${message}. ${remedy}${shown}`,
  });
}
