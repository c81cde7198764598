/** One subject in a paragraph: declared, published how, in which stream, what it costs, and whose words those are. */
import type { FamilyExpectation } from "../../models/vocabulary/expectation.ts";
import { msText } from "../text/durations.ts";
import type { Paint } from "./paint.ts";
import { counted, renderPairs } from "./table.ts";

interface SaidWhere {
  readonly text: string;
  /** `file:line:column`; null where no file says it. */
  readonly place: string | null;
  /** The reason for which an import assumed it; null where a file says it. */
  readonly assumed: string | null;
}

export interface SubjectReport {
  readonly subject: string;
  readonly policy: string;
  readonly profile: string;
  readonly durability: "durable" | "best-effort" | "undeclared";
  readonly owner: string | null;
  readonly declared: SaidWhere;
  readonly published: SaidWhere;
  readonly stored: SaidWhere;
  readonly heals: string | null;
  readonly costs: readonly {
    readonly occasion: "server-restart" | "rollout" | "stop-while-down";
    readonly published: number;
    readonly silentLoss: number;
    readonly reportedLoss: number;
    readonly inDoubt: number;
    readonly duplicated: number;
  }[];
  /** Declared one way and treated another; null where they agree. */
  readonly contradiction: string | null;
}

type CostShown = SubjectReport["costs"][number];

const occasionTexts: Readonly<Record<CostShown["occasion"], string>> = {
  "server-restart": "a restart of the server",
  rollout: "a rollout of the service",
  "stop-while-down": "a stop while NATS is down",
};

export function renderSubject(report: SubjectReport, paint: Paint): string {
  const { subject, policy, profile, durability, owner, declared, published, stored, heals, costs, contradiction } =
    report;
  const answer: Readonly<Record<SubjectReport["durability"], string>> = {
    durable: "Yes: it is declared durable.",
    "best-effort": "No: it is declared best-effort.",
    undeclared: "Nobody has declared it, so it counts as best-effort.",
  };
  return [
    `${paint("bold", subject)} ${answer[durability]}`,
    renderPairs([
      ["  declared", saidText(declared)],
      ["  published", saidText(published)],
      ["  stored", saidText(stored)],
      ...costs.map(one => [`  cost of`, `${occasionTexts[one.occasion]}: ${costText(one)}`] as const),
      ...(heals === null ? [] : [["  heals", heals] as const]),
      ["  owner", owner ?? "nobody is named"],
    ]),
    ...(contradiction === null ? [] : [`${paint("red", "✗")} ${contradiction}`]),
    `By the policy ${policy}; the costs are the worst of the model of ${profile}, and not measured.`,
  ].join("\n");
}

function saidText({ text, place, assumed }: SaidWhere): string {
  if (assumed !== null) return `${text} (assumed: ${assumed})`;
  return place === null ? text : `${text} (${place})`;
}

function costText({ published, silentLoss, reportedLoss, inDoubt, duplicated }: CostShown): string {
  const parts = [
    ...(silentLoss === 0 ? [] : [`up to ${silentLoss} of ${published} lost, and no caller is told`]),
    ...(reportedLoss === 0 ? [] : [`up to ${reportedLoss} of ${published} refused`]),
    ...(inDoubt === 0 ? [] : [`up to ${inDoubt} of ${published} in doubt for their caller`]),
    ...(duplicated === 0 ? [] : [`up to ${duplicated} of ${published} stored twice`]),
  ];
  return parts.length === 0 ? `none of ${counted(published, "message")}` : parts.join("; ");
}

/** The repair of a message that was missed, where it is declared. */
export function healsText({ healedBy, healsWithinMs }: FamilyExpectation): string | null {
  if (healedBy === undefined) return null;
  const by = {
    period: "the next message of its kind",
    poll: "readers that ask for the state",
    "re-register": "publishers that announce themselves again",
  }[healedBy];
  return healsWithinMs === undefined ? `by ${by}` : `by ${by}, within ${msText(healsWithinMs)}`;
}
