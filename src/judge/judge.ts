/**
 * The verdict on the events of a run. It comes from the oracle's answer, the properties that the profile claims or the policy demands, what
 * must have happened, and what the scenario expects. The worst wins; a run in which nothing happened is inconclusive, never "holds".
 */

import { type Answer, type Asked, hashText } from "../../models/choice.ts";
import type { Reason } from "../../models/explanation.ts";
import { observe } from "../../models/observation.ts";
import { type Admission, admits } from "../../models/oracle.ts";
import type { PlannedCase } from "../../models/plan/plan.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { classNames, type ExpectedCount, type MustHappen, type Scenario } from "../../models/vocabulary/scenario.ts";
import { type Ledger, type PropertyVerdict, type Verdict, worst } from "../../models/vocabulary/verdict.ts";
import { worded } from "../../models/words.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { type EffectState, isDisturbed, newEffect, trackEffect, whyVacuous } from "../../properties/effect.ts";
import { type LedgerState, ledgerOf, newLedger, recordInLedger } from "../../properties/ledger.ts";
import { declaredBy, judgeProperty, type Property, promisedIds } from "../../properties/property.ts";
import type { Broke } from "../findings/broke.ts";
import { type CrashEvent, crashText } from "./crash.ts";
import { headersIn, mayRestOnBytes, withoutBytes } from "./headers.ts";
import { brokenInOrder } from "./headline.ts";
import { undoneCloseIn } from "./undone-close.ts";
import { type Witnessed, witnessedBy } from "./witnessed.ts";

export interface Judgement {
  readonly verdict: Verdict;
  /** One line: the reason why it is not "holds", or what was shown. */
  readonly reason: string;
  /** The promise, conformance or expectation that the reason is about; undefined where it is about the run itself. */
  readonly about?: Broke | undefined;
  readonly ledger: Ledger;
  readonly conformance: { readonly answer: "permitted" | "not-permitted" | "undecided"; readonly reason: string };
  readonly properties: readonly PropertyVerdict[];
  /** Broken properties that neither profile promises nor policy demands: findings, not violations. */
  readonly notPromised: readonly PropertyVerdict[];
  /** True where the hand-typed expectation for the profile is met; undefined where the scenario has none. */
  readonly expectMet: boolean | undefined;
  readonly disturbed: boolean;
  /** Branches of the model that this run is a witness of. Empty where the model ran itself, or nothing was proven. */
  readonly witnessed: readonly Witnessed[];
  /** The places where messages ended, as the oracle explains them. Empty where the run reports them itself, or nothing was admitted. */
  readonly ended: readonly Event[];
  /** The answers by which the oracle admits the observation; empty where it does not. */
  readonly answers: readonly Answer[];
  readonly digest: string;
}

export interface JudgeOptions {
  /** Property ids to hold the bus to beyond what its profile claims. */
  readonly require?: readonly string[];
  readonly evaluationsMax?: number;
  /** Judge only these properties; conformance is always judged. */
  readonly only?: readonly string[];
  /** Demands of the policy that the model breaks in the same scenario: findings, not violations. */
  readonly foretold?: readonly string[];
  /** The case is one that broke something once: that it publishes nothing does not make it vacuous. */
  readonly isRegression?: boolean;
}

/** Judges the recorded events of one case. */
export const judge = (planned: PlannedCase, recorded: readonly Event[], options: JudgeOptions = {}): Judgement =>
  judgeWithReason(planned, recorded, options).judgement;

/** The same, with the reason why the oracle admits nothing, as data. */
export function judgeWithReason(
  planned: PlannedCase,
  recorded: readonly Event[],
  options: JudgeOptions = {},
): { readonly judgement: Judgement; readonly parted: Reason | undefined } {
  const { judgement, parted } = judgeTrusted(planned, recorded, options);
  // The end of a process was seen by the kernel.
  const doubt = recorded.some(event => event.kind === "crashed")
    ? undefined
    : (contradictionIn(recorded) ?? envelopeIn(recorded) ?? undoneCloseIn(planned.profile, recorded));
  return doubt === undefined ? { judgement, parted } : { judgement: inDoubt(judgement, doubt), parted: undefined };
}

function contradictionIn(recorded: readonly Event[]): string | undefined {
  const doubt = recorded.find(event => event.kind === "observed" && event.contradicted === true);
  return doubt?.kind === "observed"
    ? `faultline's own witnesses differ: ${doubt.why}. Nothing of this run is held against the client`
    : undefined;
}

/** The reason to suspect the wrapper where messages arrived and not one of them is as the bus was told to send it. */
function envelopeIn(recorded: readonly Event[]): string | undefined {
  const unreadable = recorded.reduce((sum, event) => (event.kind === "foreign" ? sum + event.count : sum), 0);
  const isAnyRead = recorded.some(({ kind }) => kind === "delivered" || kind === "holds");
  const isAnySent = recorded.some(
    event => event.kind === "published" && (event.outcome.is === "accepted" || event.outcome.is === "acked"),
  );
  if (unreadable === 0 || isAnyRead || !isAnySent) return undefined;
  return (
    `${unreadable} message${unreadable === 1 ? "" : "s"} arrived, and not one as the bus was told to send it: so it looks where a wrapper puts payloads into an envelope or encodes them. ` +
    "A bus has to send the bytes that it is given (fixtures/buses/protocol.md)"
  );
}

/** The judgement where what was seen cannot be trusted: whatever broke is not said. */
function inDoubt(judgement: Judgement, reason: string): Judgement {
  const { about: _about, ...rest } = judgement;
  return {
    ...rest,
    verdict: "inconclusive",
    reason,
    conformance: { answer: "undecided", reason },
    properties: judgement.properties.map(one =>
      one.verdict === "violated" ? { ...one, verdict: "inconclusive", reason } : one,
    ),
    notPromised: [],
    expectMet: undefined,
    witnessed: [],
    answers: [],
  };
}

function judgeTrusted(planned: PlannedCase, recorded: readonly Event[], options: JudgeOptions) {
  const { scenario, profile } = planned;
  // A live run's places are the oracle's explanation; the model world has reported them itself.
  const knowsPlaces = recorded.some(event => event.kind === "ended");
  const observed = observe(recorded);
  const crash = recorded.find(event => event.kind === "crashed");
  const admission =
    crash === undefined
      ? admits(planned, observed, { ...options, knowsPlaces })
      : ({ answer: "not-permitted", crash } as const);
  const headers = headersIn(recorded);
  const isAside = headers !== undefined && "reason" in admission && mayRestOnBytes(admission.reason);
  const conformance: Judgement["conformance"] = isAside
    ? { answer: "undecided", reason: headers }
    : { answer: admission.answer, reason: whyAdmitted(admission) };
  const ended = admission.answer === "permitted" && !knowsPlaces ? admission.ended : [];
  const explained = ended.length > 0 ? [...recorded, ...ended] : recorded;
  const ledgerState = newLedger();
  const effect = newEffect();
  for (const event of explained) {
    recordInLedger(ledgerState, event);
    trackEffect(effect, event);
  }
  const ledger = ledgerOf(ledgerState);
  const judged = judgeProperties(scenario, profile, explained, options.only);
  const all = headers === undefined ? judged : withoutBytes(judged, headers);
  const foretold = new Set(options.foretold);
  const promised = new Set([...promisedIds(profile, scenario.policy, options.require)].filter(id => !foretold.has(id)));
  const properties = all.filter(one => promised.has(one.property));
  const notPromised = all.filter(one => !promised.has(one.property) && one.verdict === "violated");
  const expectation = scenario.expect[profile.name];
  const unmet = expectation === undefined ? undefined : whyUnmet(ledger, expectation.classes);
  const { verdict, reason, about } = conclude({
    scenario,
    conformance,
    properties,
    effect,
    ledger: ledgerState,
    unmet,
    hasCrashed: crash !== undefined,
    isRegression: options.isRegression,
    headers,
  });
  const isWitness = admission.answer === "permitted" && !knowsPlaces && verdict !== "inconclusive";
  const judgement: Judgement = {
    verdict,
    reason,
    ...(about && { about }),
    ledger,
    conformance,
    properties,
    notPromised,
    expectMet:
      expectation === undefined || (unmet !== undefined && headers !== undefined) ? undefined : unmet === undefined,
    disturbed: isDisturbed(effect),
    witnessed: isWitness ? witnessedBy(planned, observed, admission.answers) : [],
    ended,
    answers: admission.answer === "permitted" ? admission.answers.map(withoutRange) : [],
    digest: digestOf(recorded),
  };
  return { judgement, parted: "reason" in admission && !isAside ? admission.reason : undefined };
}

function whyAdmitted(admission: Admission | { readonly answer: "not-permitted"; readonly crash: CrashEvent }): string {
  if (admission.answer === "permitted") return "the model admits what was observed";
  return "crash" in admission ? crashText(admission.crash) : worded(admission.reason);
}

const withoutRange = ({ lo: _lo, hi: _hi, ...answer }: Asked): Answer => answer;

function judgeProperties(
  scenario: Scenario,
  profile: Profile,
  events: readonly Event[],
  only?: readonly string[],
): readonly PropertyVerdict[] {
  const declared = declaredBy(scenario, profile);
  const judged = catalogue.filter(one => only === undefined || only.includes(one.id));
  // Each fold runs once for all properties that share it: `end` only reads.
  const states = new Map<Property["on"], unknown>();
  for (const { start, on } of judged) {
    if (states.has(on)) continue;
    const state = start(declared);
    for (const event of events) on(state, event);
    states.set(on, state);
  }
  return judged.map(one => judgeProperty(one, states.get(one.on)));
}

/** The grounds of a verdict. */
interface Grounds {
  readonly scenario: Scenario;
  readonly conformance: Judgement["conformance"];
  readonly properties: readonly PropertyVerdict[];
  readonly effect: EffectState;
  readonly ledger: LedgerState;
  /** The difference between the counts and what the scenario expects of the profile. */
  readonly unmet: string | undefined;
  readonly hasCrashed: boolean;
  readonly isRegression: boolean | undefined;
  /** The reason not to judge what rests on bytes, where there is one. */
  readonly headers: string | undefined;
}

type Conclusion = Pick<Judgement, "verdict" | "reason" | "about">;

function conclude(grounds: Grounds): Conclusion {
  const { scenario, conformance, properties, effect, ledger, unmet, hasCrashed, isRegression, headers } = grounds;
  const verdicts: Conclusion[] = [];
  const say = (verdict: Verdict, reason: string, about?: Broke): void => void verdicts.push({ verdict, reason, about });
  const { complete: observationComplete, open } = ledger;
  const vacuous = whyVacuous(effect, { isRegression });
  for (const { property, reason } of brokenInOrder(properties)) say("violated", reason, { kind: "promise", property });
  if (vacuous !== undefined) say("inconclusive", vacuous);
  if (conformance.answer === "not-permitted") {
    // A wait that was not met is the run's own failure before it is the client's, so nothing after it can be trusted. And an arrival that
    // was not seen may have happened.
    // The end of a process needs neither: it was seen by the kernel.
    const trusted = hasCrashed || (effect.notAwaited.length === 0 && observationComplete);
    say(trusted ? "violated" : "inconclusive", conformance.reason, { kind: "conformance" });
  }
  // The counts that a scenario expects may rest on bytes, too.
  const isUnmet = unmet !== undefined && vacuous === undefined;
  if (headers !== undefined && (isUnmet || [conformance, ...properties].some(one => one.reason === headers)))
    say("inconclusive", headers);
  else if (isUnmet) say("violated", unmet, { kind: "expectation" });
  if (conformance.answer === "undecided") say("inconclusive", conformance.reason, { kind: "conformance" });
  if (!observationComplete) say("inconclusive", "not everything that arrived could be observed");
  const inDoubt = open.indexOf(true);
  if (inDoubt >= 0)
    say(
      "inconclusive",
      `whether the limit of its stream has discarded message ${inDoubt}, or it was lost, cannot be told`,
    );
  for (const must of scenario.mustHappen)
    if (!happened(must, effect)) say("inconclusive", `it must happen, and did not: ${describeMust(must)}`);
  const verdict = worst(verdicts.map(one => one.verdict));
  return verdicts.find(one => one.verdict === verdict) ?? { verdict, reason: "everything that was promised held" };
}

function happened(must: MustHappen, effect: EffectState): boolean {
  switch (must.kind) {
    case "disconnected":
      return effect.disconnects > 0;
    case "reconnected":
      return effect.reconnects > 0;
    case "fault-took-effect":
      return effect.installed.some(({ step, tookEffect }) => step === must.step && tookEffect);
    case "published-while-down":
      return effect.publishedWhileDown >= must.atLeast;
  }
}

function describeMust(must: MustHappen): string {
  switch (must.kind) {
    case "disconnected":
    case "reconnected":
      return `the client says that it is ${must.kind}`;
    case "fault-took-effect":
      return `the fault of ${must.step} takes effect`;
    case "published-while-down":
      return `at least ${must.atLeast} publishes are made while the client is down`;
  }
}

/** The class whose count lies outside what is expected; a class that is not named must be 0. */
export function whyUnmet(ledger: Ledger, expected: Scenario["expect"][string]["classes"]): string | undefined {
  for (const name of classNames) {
    const want: ExpectedCount = expected[name] ?? 0;
    const [least, most] = typeof want === "number" ? [want, want] : want;
    const got = ledger.classes[name];
    if (got < least || got > most)
      return `${name} is ${got}; expected ${least === most ? least : `${least} to ${most}`}`;
  }
  return undefined;
}

/** A rolling hash over the events without their proofs and the words of clients and server, which differ from run to run. */
export function digestOf(events: readonly Event[]): string {
  let hash = 0x811c9dc5;
  for (const event of events) {
    if (event.kind === "server-logged") continue;
    if (event.kind === "fault") hash = hashText(`${event.kind}${event.step}${event.fault}${event.phase}`, hash);
    else if (event.kind === "closed-client") hash = hashText(`${event.kind}${event.is}`, hash);
    else hash = hashText(JSON.stringify("text" in event ? { ...event, text: undefined } : event), hash);
  }
  return hash.toString(16).padStart(8, "0");
}
