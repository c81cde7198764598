/**
 * The promises as one automaton, built as far as it is reached. The folds are the real properties. Each state of a fold is numbered by its
 * whole content, so two paths share a number only if the property could not tell them apart. The effect of the same events on the same
 * state is worked out once. It knows nothing about any property, so a new one is exhausted, too.
 */
import type { Event } from "../../../models/vocabulary/event.ts";
import { classNames } from "../../../models/vocabulary/scenario.ts";
import type { Ledger } from "../../../models/vocabulary/verdict.ts";
import { type LedgerState, ledgerOf, newLedger, recordInLedger } from "../../../properties/ledger.ts";
import { type Declared, type Property, property } from "../../../properties/property.ts";
import { ContentKeys } from "./content-keys.ts";
import { Pairs } from "./pairs.ts";

/** The conclusions of properties at the end of a path. */
export interface Ended {
  readonly broken: readonly { readonly property: string; readonly reason: string }[];
  readonly exercised: readonly string[];
  /** The classes that are not empty, as text: equal ledgers, equal texts. */
  readonly ledgers: readonly string[];
}

export class Monitor {
  private readonly folds: readonly FoldGroup[];
  private readonly tuples: (readonly number[])[] = [];
  private readonly byKey = new Map<string, number>();
  private readonly moves = new Pairs();
  private readonly runs: (readonly Event[])[] = [];
  private readonly runsByKey = new Map<string, number>();
  readonly start: number;

  constructor(properties: readonly Property[], declared: Declared) {
    const ledger = declared.policy === undefined ? ledgerSums : ledgerSumsUnderPolicy;
    this.folds = grouped([...properties, ledger]).map(group => new FoldGroup(group, declared));
    this.start = this.internTuple(this.folds.map(() => 0));
  }

  get states(): number {
    return this.tuples.length;
  }

  /** The number of a run of events. */
  intern(events: readonly Event[]): number {
    const key = JSON.stringify(events);
    const known = this.runsByKey.get(key);
    if (known !== undefined) return known;
    this.runsByKey.set(key, this.runs.length);
    return this.runs.push(events) - 1;
  }

  events(run: number): readonly Event[] {
    return this.runs[run] as readonly Event[];
  }

  after(state: number, run: number): number {
    const known = this.moves.get(state, run);
    if (known >= 0) return known;
    const tuple = this.tuples[state] as readonly number[];
    const next = this.internTuple(this.folds.map((fold, i) => fold.after(tuple[i] as number, run, this.events(run))));
    this.moves.set(state, run, next);
    return next;
  }

  /** The conclusions of the promises if the run is the last one; only those not reported before for the same state and run. */
  end(state: number, run: number): readonly Ended[] {
    const tuple = this.tuples[state] as readonly number[];
    const said: Ended[] = [];
    for (let i = 0; i < this.folds.length; i++) {
      const one = (this.folds[i] as FoldGroup).end(tuple[i] as number, run, this.runs[run] as readonly Event[]);
      if (one !== undefined) said.push(one);
    }
    return said;
  }

  private internTuple(tuple: readonly number[]): number {
    const key = tuple.join();
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    this.byKey.set(key, this.tuples.length);
    return this.tuples.push(tuple) - 1;
  }
}

/** Properties that share a fold share its states: `end` only reads. */
function grouped(properties: readonly Property[]): readonly (readonly Property[])[] {
  const groups: Property[][] = [];
  for (const one of properties) {
    const same = groups.find(([other]) => other?.on === one.on && other.start === one.start);
    if (same === undefined) groups.push([one]);
    else same.push(one);
  }
  return groups;
}

/** The copy of each object of a state: few enough to be searched one by one. */
interface Copies {
  readonly originals: object[];
  readonly copies: object[];
}

/** One fold and the properties that read it, its states numbered. */
class FoldGroup {
  readonly properties: readonly Property[];
  private readonly first: Property;
  private readonly constants: ReadonlySet<unknown>;
  /** Equal contents, equal futures. */
  private readonly keys: ContentKeys;
  private readonly states: unknown[] = [];
  private readonly byKey = new Map<string, number>();
  private readonly moves = new Pairs();
  private readonly ended = new Pairs();

  constructor(properties: readonly Property[], declared: Declared) {
    this.properties = properties;
    this.first = properties[0] as Property;
    this.constants = new Set<unknown>([declared, declared.options, declared.profile, declared.policy]);
    this.keys = new ContentKeys(this.constants, value => onlyPlain(value, this.first.id));
    this.intern(this.first.start(declared));
  }

  after(state: number, run: number, events: readonly Event[]): number {
    const known = this.moves.get(state, run);
    if (known >= 0) return known;
    const to = this.intern(this.folded(state, events));
    this.moves.set(state, run, to);
    return to;
  }

  /** Undefined where it was asked before. */
  end(state: number, run: number, events: readonly Event[]): Ended | undefined {
    if (this.ended.get(state, run) >= 0) return undefined;
    this.ended.set(state, run, 0);
    const last = this.folded(state, events);
    const broken: { property: string; reason: string }[] = [];
    const exercised: string[] = [];
    for (const one of this.properties) {
      const said = one.end(last);
      if (said.broken !== undefined) broken.push({ property: one.id, reason: said.broken });
      if (said.exercised > 0) exercised.push(one.id);
    }
    const ledgers = this.first.id === ledgerSums.id ? [ledgerText(ledgerOf((last as Sums).ledger))] : [];
    return { broken, exercised, ledgers };
  }

  private folded(state: number, events: readonly Event[]): unknown {
    const next = this.copied(this.states[state], { originals: [], copies: [] });
    for (const event of events) this.first.on(next, event);
    return next;
  }

  private intern(state: unknown): number {
    const key = this.keys.of(state);
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    this.byKey.set(key, this.states.length);
    return this.states.push(state) - 1;
  }

  /** Declarations are never changed, and so not copied. An object that is held twice stays one. */
  private copied(value: unknown, seen: Copies): unknown {
    if (!isObject(value) || this.constants.has(value)) return value;
    const before = seen.originals.indexOf(value);
    if (before >= 0) return seen.copies[before];
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return structuredClone(value);
    seen.originals.push(value);
    if (Array.isArray(value)) {
      const copy: unknown[] = value.slice();
      seen.copies.push(copy);
      for (let i = 0; i < copy.length; i++) {
        const one = copy[i];
        if (isObject(one)) copy[i] = this.copied(one, seen);
      }
      return copy;
    }
    if (value instanceof Map) {
      const copy = new Map<unknown, unknown>();
      seen.copies.push(copy);
      for (const [name, one] of value) copy.set(this.copied(name, seen), this.copied(one, seen));
      return copy;
    }
    if (value instanceof Set) {
      const copy = new Set<unknown>();
      seen.copies.push(copy);
      for (const one of value) copy.add(this.copied(one, seen));
      return copy;
    }
    onlyPlain(value, this.first.id);
    const copy: Record<string, unknown> = { ...value };
    seen.copies.push(copy);
    for (const name in copy) {
      const one = copy[name];
      if (isObject(one)) copy[name] = this.copied(one, seen);
    }
    return copy;
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

function onlyPlain(value: object, id: string): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return;
  throw new Error(`exhaust cannot tell states of ${id} apart: it holds a ${value.constructor.name}`);
}

export const ledgerText = ({ classes }: Ledger): string =>
  classNames
    .filter(name => classes[name] > 0)
    .map(name => `${name} ${classes[name]}`)
    .join(", ") || "nothing published";

interface Sums {
  readonly ledger: LedgerState;
  published: number;
  readonly ends: number[];
}

/** A rule of the harness and no client's promise: every message is told once, ends once, and the six classes add up. */
const sums = {
  id: "ledger/every-message-is-in-one-class-and-ends-once",
  promise: "Every publish call has one outcome, every message ends once, and the six classes add up.",
  expectation: "always",
  start: (): Sums => ({ ledger: newLedger(), published: 0, ends: [] }),
  on(state: Sums, event: Event): void {
    recordInLedger(state.ledger, event);
    if (event.kind === "published") state.published += event.count;
    if (event.kind !== "ended") return;
    for (let m = event.first; m < event.first + event.count; m++) state.ends[m] = (state.ends[m] ?? 0) + 1;
  },
} as const;

function whyNotInOneClass({ ledger }: Sums): string | undefined {
  const calls = ledger.outcomes.length;
  const sum = Object.values(ledgerOf(ledger).classes).reduce((all, one) => all + one, 0);
  return sum === calls ? undefined : `the classes add up to ${sum} of ${calls}`;
}

function whyNotToldOnce({ ledger, published }: Sums): string | undefined {
  const calls = ledger.outcomes.length;
  return published === calls ? undefined : `${published} calls came back for ${calls} messages`;
}

function whyNotEndedOnce({ ledger, ends }: Sums): string | undefined {
  const odd = ledger.outcomes.findIndex((_, m) => ends[m] !== 1);
  return odd < 0 ? undefined : `message ${odd} ended ${ends[odd] ?? 0} times`;
}

const concluding =
  (...rules: readonly ((sums: Sums) => string | undefined)[]): Property["end"] =>
  state => {
    const broken = rules.map(rule => rule(state as Sums)).find(why => why !== undefined);
    const exercised = (state as Sums).published;
    return broken === undefined ? { exercised } : { exercised, broken };
  };

const ledgerSums: Property = property<Sums>({
  ...sums,
  end: concluding(whyNotToldOnce, whyNotInOneClass, whyNotEndedOnce),
});
/** A message under a policy may be published again, and be lost after it has arrived. */
const ledgerSumsUnderPolicy: Property = property<Sums>({ ...sums, end: concluding(whyNotInOneClass) });
