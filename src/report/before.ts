/** Two policies, or a policy and an earlier run, side by side: the differences family by family, and what to do. */
import type { BeforeAfter, Difference, Rates } from "../desk/before/differences.ts";
import type { Question } from "../drills/drill.ts";
import type { Paint } from "./paint.ts";
import { left, right } from "./question/cells.ts";
import { counted, renderTable } from "./table.ts";

export interface BeforeReport extends BeforeAfter {
  readonly question: Question;
  readonly bus: string;
  readonly profile: string;
  readonly before: string;
  readonly after: string;
  /** The cases of each run, and those that have no live time under one of the policies. */
  readonly cases: number;
  readonly notRun: readonly string[];
}

export function renderBefore(report: BeforeReport, paint: Paint): string {
  const { question, bus, before, after, differences, cases, notRun } = report;
  return [
    `${paint("bold", `drill ${question}`)} on ${bus}: ${after}, and ${before} before it; ${counted(cases, "case")} in each run`,
    "",
    differences.length === 0
      ? "No family differs, live or in the model."
      : renderTable(
          [left("family"), left("messages"), right("before"), right("after"), right("in the model"), left("")],
          differences.map(one => [
            one.family,
            costTexts[one.cost],
            ratesText(one.before),
            ratesText(one.after),
            `${decimal(one.before.model)} → ${decimal(one.after.model)}`,
            markText(one.is, paint),
          ]),
        ),
    ...(notRun.length === 0
      ? []
      : ["", `Not run live, since their waits end in another order there: ${notRun.join(", ")}`]),
    "",
    sentence(report, paint),
  ].join("\n");
}

const costTexts: Readonly<Record<Difference["cost"], string>> = {
  silentLoss: "lost, and not told",
  duplicated: "stored or delivered twice",
  inDoubt: "in doubt for their caller",
  refused: "refused",
};

const decimal = (mean: number): string => String(Number(mean.toFixed(1)));

const countText = ({ published, least, most }: Rates): string =>
  `${least === most ? least : `${least} to ${most}`} of ${published}`;

const ratesText = (rates: Rates): string =>
  rates.runs === 0 ? "not observed" : `${countText(rates)} (${counted(rates.runs, "run")})`;

function markText(is: Difference["is"], paint: Paint): string {
  if (is === "better") return paint("green", "better");
  return is === "worse" ? paint("red", "worse") : "cannot be told";
}

function sentence({ verdict, before, after, differences }: BeforeReport, paint: Paint): string {
  const told = differences.filter(({ is }) => is !== "cannot-be-told");
  const [first] = told;
  if (verdict === "cannot-be-told" || first === undefined) {
    const why =
      told.length === 0 ? "no family differs beyond what a busy machine does" : "some families gain what others lose";
    return `${paint("bold", "Cannot be told")}: ${why}, so nothing here speaks for ${after} or for ${before}.`;
  }
  const change = `of ${first.family}, ${countText(first.before)} messages were ${costTexts[first.cost]}, and now ${countText(first.after)}`;
  return verdict === "keep"
    ? `${paint("green", "Keep")} ${after}: ${change}.`
    : `${paint("red", "Drop")} ${after}: ${change}.`;
}
