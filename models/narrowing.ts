/**
 * The answers to a question that an observation leaves open; all others contradict it. TCP keeps order, so a message that arrived came with
 * every one sent before it on its connection. A test checks each rule against the plain search.
 */
import { type About, type Label, wholeRange } from "./choice.ts";
import type { Position } from "./comparison.ts";
import { firstDelivered, handlerOf, type Indexed } from "./observation.ts";
import { dropsErrors } from "./policy/publishing.ts";
import { bufferBytesMax } from "./reconnect-buffer.ts";
import { outcomeKey } from "./told.ts";
import { TurnsSeen } from "./turns.ts";
import type { Run } from "./vocabulary/event.ts";
import { frameBytes, pingBytes } from "./vocabulary/frame.ts";
import type { Profile } from "./vocabulary/profile.ts";
import { partsOf, type Scenario, type Step } from "./vocabulary/scenario.ts";

export class Narrowing {
  private readonly seen: Indexed;
  private readonly limitIsReachable: boolean;
  /** The most messages that the reconnect buffer can hold. */
  private readonly keptMax: number;
  /** The bus drops the errors of its publishes, so an outcome does not tell which calls were answered. */
  private readonly dropsErrors: boolean;
  private turns: TurnsSeen | undefined;

  constructor(scenario: Scenario, profile: Profile, seen: Indexed) {
    this.seen = seen;
    // Under a policy, a stop also tells how much was kept.
    this.limitIsReachable =
      scenario.policy !== undefined ||
      bytesOf(scenario.steps, scenario.options.subject, profile) >= bufferBytesMax(profile, scenario.options);
    this.dropsErrors = scenario.policy !== undefined && dropsErrors(scenario.policy.publish);
    this.keptMax = 1 + Math.ceil(bufferBytesMax(profile, scenario.options) / frameBytes("", 0, profile));
  }

  /** The answers to try, in order; `at` is the matched part of the observation when the question is asked. */
  answers(label: Label, lo: number, hi: number, about: About | undefined, at: Position): readonly number[] {
    if (about === undefined) return wholeRange(label, lo, hi);
    switch (about.kind) {
      case "turn":
        this.turns ??= new TurnsSeen(this.seen);
        return this.turns.answers(about.rests, about.blocks);
      case "handled-by":
        return this.handlers(about, at);
      case "answered":
        return this.orAny(this.answeredBefore(about.runs, lo, hi), label, lo, hi);
      case "ended-as":
        return this.orAny([Math.max(lo, this.endedAs(about, lo, hi))], label, lo, hi);
      case "until-ended-as":
        return this.orAny([this.untilEndedAs(about, lo, hi)], label, lo, hi);
      case "held": {
        // Other copies may hold the same message too, published again or captured. So the likeliest answer comes first, and then all.
        const likeliest = offset(about.runs, lo, hi, m => this.seen.held.has(m) === (about.which === "rest"));
        return [likeliest, ...wholeRange(label, lo, hi).filter(answer => answer !== likeliest)];
      }
      case "arrived": {
        const most = Math.min(hi, this.matched(about.runs, at.delivered));
        // With a limit in reach, part of a burst may have been kept and sent later instead; without one, the two look the same.
        return this.limitIsReachable ? downwards(most, Math.max(lo, most - this.keptMax)) : [most];
      }
      case "rest-is-kept":
        return this.noticedAt(about.runs, lo, hi);
      case "rest-is-kept-in-blocks": {
        const { before } = about;
        const messages = new Set(this.noticedAt(about.runs, before(lo), before(hi)));
        return wholeRange(label, lo, hi).filter(answer => messages.has(before(answer)));
      }
    }
  }

  /** The answers that outcomes tell; where outcomes tell nothing, these first and then all others. */
  private orAny(told: readonly number[], label: Label, lo: number, hi: number): readonly number[] {
    return this.dropsErrors ? [...new Set([...told, ...wholeRange(label, lo, hi)])] : told;
  }

  /**
   * The answers end where a call is left without one or is refused. Where nobody answers for the subject, those that met no cut are refused or
   * time out as well: then they end at another outcome, or before what the reconnect buffer took and refused.
   */
  private answeredBefore(runs: readonly Run[], lo: number, hi: number): readonly number[] {
    const { outcomeKeys, observed } = this.seen;
    const isOpen = (m: number): boolean => (observed.outcomes[m]?.is ?? "unsettled") === "unsettled";
    const isCutOff = (m: number): boolean => isOpen(m) && outcomeKeys[m] !== timedOut;
    const full = offset(runs, lo, hi + 1, m => outcomeKeys[m] === bufferFull);
    const beforeFull = full > hi ? [] : downwards(full, Math.max(lo, full - 1 - this.keptMax));
    const refused = offset(runs, lo, hi, m => observed.outcomes[m]?.is === "rejected");
    return [...new Set([offset(runs, lo, hi, isOpen), refused, offset(runs, lo, hi, isCutOff), ...beforeFull])];
  }

  /** The members whose next message this is; the others did not get it. */
  private handlers(
    { subject, message, replicas }: Extract<About, { kind: "handled-by" }>,
    at: Position,
  ): readonly number[] {
    const isNext = (replica: number): boolean => {
      const actor = handlerOf(replica, subject);
      const next = this.seen.service.get(actor)?.[at[actor] ?? 0]?.told;
      return next?.kind === "handled" && next.message === message;
    };
    const given = [...replicas.keys()].filter(i => isNext(replicas[i] as number));
    return given.length > 0 ? given : [0];
  }

  /** The first call with another outcome than those named. */
  private endedAs(
    { runs, outcome, or = outcome }: Extract<About, { kind: "ended-as" }>,
    lo: number,
    hi: number,
  ): number {
    const keys = [outcomeKey(outcome), outcomeKey(or)];
    return offset(runs, lo, hi, m => !keys.includes(this.seen.outcomeKeys[m] ?? ""));
  }

  /** The first call with the named outcome. */
  private untilEndedAs({ runs, outcome }: Extract<About, { kind: "until-ended-as" }>, lo: number, hi: number): number {
    const key = outcomeKey(outcome);
    return offset(runs, lo, hi, m => this.seen.outcomeKeys[m] === key);
  }

  /** Messages between the notice and the first refusal are kept, and arrive before anything later. */
  private noticedAt(runs: readonly Run[], lo: number, hi: number): readonly number[] {
    const refused = offset(runs, lo, hi, m => this.seen.outcomeKeys[m] === bufferFull);
    const arrived = firstDelivered(this.seen, runs);
    if (arrived !== undefined)
      return [
        Math.min(
          refused,
          offset(runs, lo, hi, m => m === arrived),
        ),
      ];
    return this.limitIsReachable ? downwards(refused, Math.max(lo, refused - this.keptMax)) : [hi, lo];
  }

  /** The number of messages of the runs that are, in order, the next ones observed. */
  private matched(runs: readonly Run[], from: number): number {
    const { delivered } = this.seen.observed;
    let at = from;
    for (const run of runs) {
      for (let i = 0; i < run.count; i++, at++) if (delivered[at] !== run.first + i) return at - from;
    }
    return at - from;
  }
}

const bufferFull = outcomeKey({ is: "rejected", kind: "buffer-full" });
const timedOut = outcomeKey({ is: "unsettled", kind: "timeout" });

/** The number of messages of the runs before the first one, from the `lo`th on, for which `is` is true; `hi` at most. */
function offset(runs: readonly Run[], lo: number, hi: number, is: (message: number) => boolean): number {
  let at = 0;
  for (const run of runs) {
    for (let i = 0; i < run.count; i++, at++) if (at >= lo && is(run.first + i)) return Math.min(at, hi);
  }
  return hi;
}

const downwards = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.max(0, from - to + 1) }, (_, i) => from - i);

/** The most bytes that the scenario could ever put into a buffer. */
function bytesOf(steps: readonly Step[], subject: string, profile: Profile): number {
  return steps.reduce((sum, one) => {
    if (one.kind === "publish") return sum + one.count * frameBytes(subject, one.bytes, profile);
    if (one.kind === "flush") return sum + pingBytes;
    return sum + bytesOf(partsOf(one), subject, profile);
  }, 0);
}
