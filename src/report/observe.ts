/** The subjects of a log that nobody declared. */
import type { Paint } from "./paint.ts";
import { left, right } from "./question/cells.ts";
import { counted, renderTable } from "./table.ts";

export interface ObserveReport {
  readonly policy: string;
  readonly log: string;
  readonly lines: number;
  readonly subjects: number;
  readonly undeclared: readonly {
    readonly subject: string;
    readonly times: number;
    readonly published: "through JetStream" | "as core NATS";
    readonly stream: string | null;
  }[];
  readonly notRead: { readonly lines: number; readonly first: number | null };
}

const shownMax = 50;

export function renderObserve(report: ObserveReport, paint: Paint): string {
  const { policy, log, lines, subjects, undeclared, notRead } = report;
  const shown = undeclared.slice(0, shownMax);
  return [
    `${log}: ${counted(lines, "line")}, ${counted(subjects, "subject")}`,
    ...(notRead.lines === 0
      ? []
      : [`${counted(notRead.lines, "line")} without a subject, the first of them line ${notRead.first}`]),
    ...(undeclared.length === 0
      ? [`${paint("green", "✓")} a family of ${policy} declares each of them`]
      : [
          `${paint("red", "✗")} ${counted(undeclared.length, "subject")} that no family of ${policy} declares`,
          renderTable(
            [left("  subject"), right("times"), left("published"), left("stored in")],
            shown.map(one => [`  ${one.subject}`, String(one.times), one.published, one.stream ?? "no stream"]),
          ),
          ...(shown.length < undeclared.length ? [`  and ${undeclared.length - shown.length} more, with --json`] : []),
        ]),
  ].join("\n");
}
