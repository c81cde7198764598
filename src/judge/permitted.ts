/**
 * The ledgers that the model permits for one scenario, one for each way of answering its questions. An exact expectation claims that there
 * is one only.
 */
import { step } from "../../models/bus.ts";
import { type Candidates, type Choose, expand, wholeRange } from "../../models/choice.ts";
import type { PlannedCase } from "../../models/plan/plan.ts";
import { type BusState, copy, key, newState } from "../../models/state.ts";
import { outcomeKey } from "../../models/told.ts";
import type { Emit, Outcome } from "../../models/vocabulary/event.ts";
import { type ClassName, classNames } from "../../models/vocabulary/scenario.ts";
import type { Ledger } from "../../models/vocabulary/verdict.ts";
import { type LedgerState, ledgerOf, newLedger, recordInLedger } from "../../properties/ledger.ts";

export interface Permitted {
  /** One ledger for each distinct set of class counts. */
  readonly ledgers: readonly Ledger[];
  /** False where the bound was met: there may be more. */
  readonly complete: boolean;
}

export type Exactness =
  /** The scenario has no exact expectation of this profile. */
  | { readonly kind: "not-exact" }
  | { readonly kind: "one" }
  /** A model that permits more than is expected proves less than it claims. */
  | { readonly kind: "several"; readonly reason: string }
  | { readonly kind: "undecided"; readonly reason: string };

/** Checks that the model permits one outcome only, where the expectation names one. */
export function exactnessOf(
  planned: PlannedCase,
  permitted: (planned: PlannedCase) => Permitted = permittedLedgers,
): Exactness {
  const { scenario, profile } = planned;
  const expected = scenario.expect[profile.name];
  if (expected === undefined || !Object.values(expected.classes).every(count => typeof count === "number"))
    return { kind: "not-exact" };
  const { ledgers, complete } = permitted(planned);
  const what = `the expectation of ${profile.name} is exact`;
  if (ledgers.length > 1)
    return { kind: "several", reason: `${what}, and the model permits ${ledgers.map(classesText).join(" or ")}` };
  return complete
    ? { kind: "one" }
    : { kind: "undecided", reason: `${what}, and the model has more ways to go than were followed` };
}

/** "4 kept and 1 silentLoss". */
function classesText({ classes }: Ledger): string {
  const parts = classNames.flatMap(name => (classes[name] === 0 ? [] : [`${classes[name]} ${name}`]));
  return parts.length === 0 ? "nothing published" : parts.join(" and ");
}

interface Node {
  readonly state: BusState;
  readonly ledger: LedgerState;
}

/** Expands the scenario step by step. Equal states with equal ledgers are expanded once. */
export function permittedLedgers({ scenario, profile, plan }: PlannedCase, evaluationsMax = 20_000): Permitted {
  let evaluations = 0;
  let nodes: readonly Node[] = [{ state: newState(scenario.policy), ledger: newLedger() }];
  for (const planned of plan.steps) {
    const once = (state: BusState, choose: Choose, emit: Emit): void =>
      step(planned, { state, profile, options: scenario.options, choose, emit });
    const next = new Map<string, Node>();
    for (const node of nodes) {
      expand(
        choose => after(node, (state, emit) => once(state, choose, emit)),
        oneOrder,
        reached => {
          next.set(`${key(reached.state)}#${ledgerKey(reached.ledger)}`, reached);
          return ++evaluations < evaluationsMax;
        },
      );
    }
    if (evaluations >= evaluationsMax) return { ledgers: distinct([...next.values()]), complete: false };
    nodes = [...next.values()];
  }
  return { ledgers: distinct(nodes), complete: true };
}

/** The order of several publishers' calls changes no count of fates, since all messages of one step have one size. */
const oneOrder: Candidates = (label, lo, hi) => (label === "turn" ? [lo] : wholeRange(label, lo, hi));

function after(node: Node, once: (state: BusState, emit: Emit) => void): Node {
  const state = copy(node.state);
  const { outcomes, arrivals, durable, held, open, complete } = node.ledger;
  // The size and the place of a message decide nothing of its class.
  const ledger: LedgerState = {
    ...newLedger(),
    outcomes: outcomes.slice(),
    arrivals: arrivals.slice(),
    durable: durable.slice(),
    held: held.slice(),
    open: open.slice(),
    complete,
  };
  once(state, event => recordInLedger(ledger, event));
  return { state, ledger };
}

/** All that decides the class of each message, whatever follows. Neighbours that are equal are written once, with their number. */
function ledgerKey(ledger: LedgerState): string {
  const { outcomes, arrivals, held } = ledger;
  const end = Math.max(outcomes.length, arrivals.length, held.length);
  let key = "";
  for (let first = 0; first < end; ) {
    let next = first + 1;
    while (next < end && isAlike(ledger, first, next)) next++;
    key += `${next - first}*${keyAt(ledger, first)},`;
    first = next;
  }
  return key;
}

const isAlike = ({ outcomes, arrivals, durable, held, open }: LedgerState, a: number, b: number): boolean =>
  arrivals[a] === arrivals[b] &&
  held[a] === held[b] &&
  durable[a] === durable[b] &&
  open[a] === open[b] &&
  (outcomes[a] === outcomes[b] || outcomeText(outcomes[a]) === outcomeText(outcomes[b]));

const keyAt = ({ outcomes, arrivals, durable, held, open }: LedgerState, m: number): string =>
  [outcomeText(outcomes[m]), arrivals[m], held[m], durable[m] ? 1 : 0, open[m] ? 1 : 0].join("/");

const outcomeText = (outcome: Outcome | undefined): string => (outcome === undefined ? "" : outcomeKey(outcome));

function distinct(nodes: readonly Node[]): readonly Ledger[] {
  const byClasses = new Map<string, Ledger>();
  for (const { ledger } of nodes) {
    const counted = ledgerOf(ledger);
    byClasses.set(classNames.map((name: ClassName) => counted.classes[name]).join(), counted);
  }
  return [...byClasses.values()];
}
