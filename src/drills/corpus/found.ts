/**
 * A drill of the corpus while it runs: what it was asked, and what it has found so far, so that an interrupt loses nothing. Its parts,
 * in the model and live, are the files beside this one; src/commands/drill.ts concludes.
 */

import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import type { CorpusEntry } from "../../files/corpus.ts";
import type { LineOptions } from "../../findings/again.ts";
import { reasonText } from "../../findings/broke.ts";
import type { Judgement } from "../../judge/judge.ts";
import type { Exactness, permittedLedgers } from "../../judge/permitted.ts";
import type { CaseRun } from "../../judge/run.ts";
import { branches } from "../../judge/witnessed.ts";
import type { DrillReport, Violation } from "../../report/drill.ts";
import type { LedgerRow } from "../../report/ledger-table.ts";
import type { NotShown } from "../../report/not-shown.ts";
import type { Common } from "../../runs/common.ts";
import type { Context } from "../../runs/context.ts";
import { bundledNames } from "../../runs/profiles.ts";
import type { RunFolder } from "../../runs/run-folder.ts";
import type { AskedCase } from "../../world.ts";
import type { WorldName } from "../../worlds/names.ts";
import { selectionRule } from "../selection.ts";

export interface DrillOptions extends Common {
  /** Live, too, all of the corpus is run, however long it takes. */
  readonly all: boolean;
}

/** A drill's parts, the same from its beginning to its end. */
export interface CorpusDrill {
  readonly context: Context;
  readonly common: DrillOptions;
  readonly corpus: readonly CorpusEntry[];
  readonly found: DrillFound;
  readonly folder: RunFolder;
  readonly permitted: typeof permittedLedgers;
}

/** Grows while the drill runs, so that what was found before an interrupt is there. */
export type DrillFound = {
  -readonly [K in keyof Omit<
    DrillReport,
    "agreement" | "worlds" | "policy" | "notModelled" | "recordedBefore" | "report"
  >]: DrillReport[K];
} & { -readonly [K in keyof DrillReport["worlds"]]: DrillReport["worlds"][K] } & {
  readonly agreement: { -readonly [K in keyof DrillReport["agreement"]]: number };
  readonly ledger: LedgerRow[];
  readonly notRun: { scenario: string; bus: string; missing: readonly string[] }[];
  readonly notShown: NotShown[];
  /** The answers so far: each is asked for once, since it can take a second. */
  readonly exactness: Map<Scenario, Map<string, Exactness>>;
  readonly buses: DrillReport["buses"][number][];
  readonly violations: Violation[];
};

export function newFound(seed: string): DrillFound {
  return {
    seed,
    selection: { rule: selectionRule, leftOut: [] },
    verdict: "inconclusive",
    interrupted: false,
    model: { verdict: "inconclusive", randomRuns: 0, corpusRuns: 0, seconds: 0, profiles: [] },
    live: { verdict: "inconclusive", reason: "not reached" },
    agreement: {
      cases: 0,
      agree: 0,
      disagree: 0,
      inconclusive: 0,
      notRun: 0,
      expectations: 0,
      expectMet: 0,
      exact: 0,
      permittedOne: 0,
    },
    witnessed: branches([]),
    unavailable: [],
    notRun: [],
    selfTest: null,
    notShown: [],
    exactness: new Map(),
    buses: [],
    ledger: [],
    violations: [],
  };
}

/** The buses that are asked for, or all that are bundled. */
export const busesOf = ({ buses }: Common): readonly string[] => (buses.length === 0 ? bundledNames() : buses);

/** The options with which a replay judges the case as the drill did. */
export const judgedAs = ({ policy, require }: Common, scenario: Scenario): LineOptions => ({
  policy: scenario.policy === undefined ? undefined : policy?.named,
  require,
});

/** A row of the ledger. */
export function record(found: DrillFound, one: AskedCase, world: WorldName, { judgement }: CaseRun): void {
  const row: LedgerRow = {
    scenario: one.scenario.id,
    bus: one.bus,
    profile: one.profile.name,
    world,
    ...judgement.ledger,
    verdict: judgement.verdict,
    reason: reasonText(judgement),
  };
  found.ledger.push(row);
}

export function countAgreement(
  { agreement, exactness }: DrillFound,
  scenario: Scenario,
  profile: Profile,
  judgement: Judgement,
): void {
  const { verdict, conformance, expectMet } = judgement;
  const expectation = scenario.expect[profile.name];
  agreement.cases++;
  if (verdict === "inconclusive") agreement.inconclusive++;
  else if (conformance.answer === "permitted") agreement.agree++;
  else agreement.disagree++;
  if (expectation === undefined) return;
  agreement.expectations++;
  if (expectMet === true) agreement.expectMet++;
  const known = exactness.get(scenario)?.get(profile.name);
  if (known === undefined || known.kind === "not-exact") return;
  agreement.exact++;
  if (known.kind === "one") agreement.permittedOne++;
}
