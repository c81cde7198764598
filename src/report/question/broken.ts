/** The cases of a question that did not hold: what could not be shown, and each promise that broke. */
import { isReal } from "../../worlds/names.ts";
import { markOf, type Paint } from "../paint.ts";
import type { QuestionViolation, UnkeptQuestion } from "../question.ts";
import { counted } from "../table.ts";

/** Cases that show less than they were to show. */
export function renderCases({ cases }: UnkeptQuestion, paint: Paint): string {
  const bad = cases.filter(
    ({ verdict, notRun, notObserved }) => verdict === "inconclusive" || notRun !== null || notObserved !== null,
  );
  if (bad.length === 0) return "";
  const lines = bad.map(({ about, reason, notRun, notObserved, again }) =>
    notRun === null
      ? `  ${markOf(paint, "inconclusive")} ${about}\n      ${notObserved ?? reason}\n      ${paint("dim", again)}`
      : `  ${markOf(paint, "inconclusive")} ${about}\n      not run: lacks ${notRun.join(", ")}`,
  );
  return `${paint("bold", "Not shown")}\n${lines.join("\n")}`;
}

/** The likelier cause where a bus alone breaks what is set beside its policy. */
const fixedAdvice =
  "  Some of this broke in rows beside the policy only live: a bus with one fixed behaviour says so in its greeting\n  (fixtures/buses/protocol.md), and only the policy's own row is then asked of it.";

/** A property once, with its first case. */
export function renderViolations({ violations, cases }: UnkeptQuestion, paint: Paint): string {
  const byProperty = new Map<string, QuestionViolation[]>();
  for (const one of violations) byProperty.set(one.property, [...(byProperty.get(one.property) ?? []), one]);
  const blocks = [...byProperty].flatMap(([property, all]) => {
    const one = all.find(({ worlds }) => worlds.some(isReal)) ?? all[0];
    if (one === undefined) return [];
    const { k, n } = one.reproduced;
    const rate = n > 1 ? `, ${k} of ${n} runs` : "";
    const more = all.length > 1 ? `; and in ${counted(all.length - 1, "other case")}` : "";
    return `  ${markOf(paint, "violated")} ${property} (${one.worlds.join(" and ")}${rate})\n      ${one.about}: ${one.reason}${more}${one.seen === null ? "" : `\n      as it was seen: ${one.seen}`}\n      ${paint("dim", one.again)}`;
  });
  const beside = new Set(cases.flatMap(({ id, judged }) => (judged ? [] : [id])));
  const isOfBusBeside = (one: QuestionViolation): boolean => beside.has(one.case) && one.worlds.every(isReal);
  const advice = violations.some(isOfBusBeside) ? [paint("dim", fixedAdvice)] : [];
  return blocks.length === 0
    ? ""
    : `${paint("bold", "Broken promises of the policy")}\n${[...blocks, ...advice].join("\n")}`;
}
