/** The part of a report that the harness could not show: claims of the fault injector's self-test that failed, and the cases that are inconclusive for it. */
import { isReal, type WorldName } from "../worlds/names.ts";
import type { Paint } from "./paint.ts";
import { counted } from "./table.ts";

export interface SelfTestReport {
  /** Claims about the link and the server. */
  readonly tried: number;
  readonly failed: readonly {
    readonly name: string;
    readonly neededFor: readonly string[];
    /** The observation that contradicts the claim. */
    readonly detail: string;
  }[];
}

/** A case that the harness ought to have shown something by, and did not. */
export interface NotShown {
  readonly scenario: string;
  readonly bus: string;
  readonly world: WorldName;
  /** Capabilities that the injector did not show; empty where the reason is another one. */
  readonly missing: readonly string[];
  readonly reason: string;
}

/** Empty where all of it was shown. */
export function renderSelfTest(selfTest: SelfTestReport | null, paint: Paint): string {
  if (selfTest === null || selfTest.failed.length === 0) return "";
  const { tried, failed } = selfTest;
  const lines = failed.map(
    ({ name, neededFor, detail }) =>
      `  ${paint("yellow", "?")} not shown that ${name}: ${detail}\n      ${paint("dim", `needed for ${neededFor.join(", ")}`)}`,
  );
  const title = paint("bold", "The fault injector failed its self-test");
  return `${title} (${failed.length} of ${counted(tried, "claim")}; a case that needs one of them is inconclusive)\n${lines.join("\n")}`;
}

const casesShownMax = 4;
const busyMachine =
  "  A live case whose wait ended early was run again, alone. The usual cause is a busy machine: run it again on an idle one.";

/** Cases by their reason; every one by its name is in the JSON. Empty where all was shown. */
export function renderNotShown(notShown: readonly NotShown[], paint: Paint): string {
  if (notShown.length === 0) return "";
  const blocks = [...Map.groupBy(notShown, ({ reason }) => reason)].map(([reason, cases]) => {
    const names = cases.slice(0, casesShownMax).map(({ scenario, bus }) => `      ${scenario} on ${bus}`);
    const more = cases.length > casesShownMax ? [`      and ${cases.length - casesShownMax} more`] : [];
    return [`  ${paint("yellow", "?")} ${counted(cases.length, "case")}: ${reason}`, ...names, ...more].join("\n");
  });
  const isCutShort = notShown.some(({ world, missing }) => isReal(world) && missing.length === 0);
  const advice = isCutShort ? [paint("dim", busyMachine)] : [];
  const title = `${paint("bold", "Not shown")} (${counted(notShown.length, "case")}, each inconclusive)`;
  return [title, ...blocks, ...advice].join("\n");
}
