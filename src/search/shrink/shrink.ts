/**
 * Shrinks a case that fails: its scenario by reductions, and with it the answers of its run. A count can only go down as far as the answers
 * let it. `shrinking` proposes, and a caller that can run a case decides. It is told for each candidate whether that still fails, and goes
 * on from the last that did. So one order of cuts serves the model, the mutants and real clients.
 */

import type { Answer, Asked } from "../../../models/choice.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { type Dial, dials, structural } from "../../../properties/arbitraries/reductions.ts";
import { atOnce } from "../../runs/heeding.ts";

/** A scenario with answers to the questions that its run may ask. */
export interface Candidate {
  readonly scenario: Scenario;
  /** An answer outside its range becomes the nearest within. */
  readonly answers: readonly Answer[];
  /** The place in its range of each answer that `answers` leaves open: at 0 the low end, at 1 the high end. Undefined: it is sampled. */
  readonly otherwise?: number;
}

/** The result of a candidate's run: whether it failed, and the questions asked. A real client is asked none. */
export interface Told {
  readonly failed: boolean;
  readonly asked: readonly Asked[];
}

/** A case that fails. */
export interface Failing {
  readonly scenario: Scenario;
  readonly asked: readonly Asked[];
}

/** Tried for new questions, where a plainer scenario does not fail with the sampled answers. */
const leanings = [0, 1, 0.5] as const;

/** Yields candidates until none of them fails: fewer and plainer steps, then plainer answers, then lower numbers, and over again. */
export function* shrinking(failing: Failing): Generator<Candidate, void, Told> {
  let current = failing;
  /** Keyed by text, since several reductions offer one scenario. The value is true where it did not fail and was asked something. */
  const tried = new Map([[textOf({ scenario: failing.scenario, answers: endsKept(failing.asked) }), false]]);
  /** Scenarios offered since the last cut that other answers might have let fail. */
  let open: Scenario[] = [];

  function* fails(candidate: Candidate): Generator<Candidate, boolean, Told> {
    const text = textOf(candidate);
    const known = tried.get(text);
    const { failed, asked } = known === undefined ? yield candidate : { failed: false, asked: [] };
    const isOpen = known ?? (!failed && asked.length > 0);
    tried.set(text, isOpen);
    if (failed) current = { scenario: candidate.scenario, asked };
    if (isOpen) open.push(candidate.scenario);
    return failed;
  }

  function* cutSteps(): Generator<Candidate, void, Told> {
    for (let goesOn = true; goesOn; ) {
      goesOn = false;
      open = [];
      for (const scenario of structural(current.scenario)) {
        goesOn = yield* fails({ scenario, answers: endsKept(current.asked) });
        if (goesOn) break;
      }
    }
  }

  /** Tries each answer at the low end, else at the high end, else as low as it goes. */
  function* plainAnswers(): Generator<Candidate, void, Told> {
    const { scenario } = current;
    const isAnswered = (asked: readonly Asked[]) => fails({ scenario, answers: endsKept(asked) });
    if (yield* isAnswered(current.asked.map(one => ({ ...one, answer: one.lo })))) return;
    for (let i = 0; i < current.asked.length; i++) {
      const one = current.asked[i] as Asked;
      const isAnsweredBy = (answer: number) =>
        isAnswered(current.asked.map((other, at) => (at === i ? { ...other, answer } : other)));
      if (one.answer === one.lo || (yield* isAnsweredBy(one.lo))) continue;
      if (one.answer === one.hi || (yield* isAnsweredBy(one.hi))) continue;
      yield* lowest(one.answer, one.lo, isAnsweredBy);
    }
  }

  function* lowNumbers(): Generator<Candidate, void, Told> {
    for (let i = 0; i < dials(current.scenario).length; i++) {
      const { value, least } = dials(current.scenario)[i] as Dial;
      const isTurnedTo = (value: number) => {
        const dial = dials(current.scenario)[i] as Dial;
        return fails({ scenario: dial.turnedTo(value), answers: endsKept(current.asked) });
      };
      if (value === least || (yield* isTurnedTo(least))) continue;
      yield* lowest(value, least, isTurnedTo);
    }
  }

  function* otherAnswers(): Generator<Candidate, void, Told> {
    for (const scenario of new Set(open))
      for (const otherwise of leanings) if (yield* fails({ scenario, answers: [], otherwise })) return;
  }

  for (let before: Failing | undefined; before !== current; ) {
    before = current;
    yield* cutSteps();
    yield* plainAnswers();
    yield* lowNumbers();
    if (before === current) yield* otherAnswers();
  }
}

/** An answer at an end of its range stays at that end when the range changes. */
const endsKept = (asked: readonly Asked[]): readonly Answer[] =>
  asked.map(({ lo, hi, answer, ...question }) => ({
    ...question,
    answer: answer === lo ? Number.MIN_SAFE_INTEGER : answer === hi ? Number.MAX_SAFE_INTEGER : answer,
  }));

/** Bisects between values that fail and values that do not. */
function* lowest(
  failing: number,
  passing: number,
  failsAt: (value: number) => Generator<Candidate, boolean, Told>,
): Generator<Candidate, void, Told> {
  let [low, high] = [passing, failing];
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (yield* failsAt(middle)) high = middle;
    else low = middle;
  }
}

const textOf = ({ scenario, answers, otherwise }: Candidate): string =>
  JSON.stringify([
    scenario.options,
    scenario.steps,
    answers.map(one => [one.step, one.label, one.occurrence, one.answer]),
    otherwise,
  ]);

export interface Smallest extends Failing {
  readonly runs: number;
  /** True where nothing smaller fails any more; false where the runs were used up before. */
  readonly isLocalMinimum: boolean;
}

/** Shrinks in a world that answers at once, and the same each time. */
export const shrinkNow = (
  failing: Failing,
  run: (candidate: Candidate) => Told,
  mayGoOn: (runs: number) => boolean,
): Smallest => atOnce(shrinkInPieces(failing, run, mayGoOn));

/** The same, a run at a time. */
export function* shrinkInPieces(
  failing: Failing,
  run: (candidate: Candidate) => Told,
  mayGoOn: (runs: number) => boolean,
): Generator<void, Smallest> {
  const proposals = shrinking(failing);
  let smallest = failing;
  let proposed = proposals.next();
  let runs = 0;
  for (; !proposed.done && mayGoOn(runs); runs++) {
    const told = run(proposed.value);
    if (told.failed) smallest = { scenario: proposed.value.scenario, asked: told.asked };
    proposed = proposals.next(told);
    yield;
  }
  return { ...smallest, runs, isLocalMinimum: proposed.done === true };
}

// ---- A failure that may not come every time ----

export interface ShrinkBounds {
  readonly runsMax: number;
  readonly budgetMs: number;
}

export interface Shrunk {
  readonly scenario: Scenario;
  readonly runs: number;
  /** The shrunk scenario failed in every run, those that confirmed it included. */
  readonly steady: boolean;
}

const tries = 3;
/**
 * Confirming runs beyond those by which a scenario was taken. Among many candidates that fail now and then, chance lets one through three
 * tries.
 */
const confirmations = 10;
/** The most confirming runs beyond the runs of shrinking. */
const confirmingRunsMax = 80;

/** A scenario on the way down, and how often out of three tries its replacement must fail. */
interface Taken {
  readonly scenario: Scenario;
  readonly due: number;
}

/**
 * A candidate is taken where it fails at least as often out of three runs as the one it replaces. So a failure that comes every time is
 * never exchanged for one that comes now and then. The last scenario is confirmed. If it passes even once, the way down goes on from the
 * last one that does not, and no scenario that has passed is taken again. Where none holds out the failure comes now and then, and is
 * shrunk as such.
 */
export async function shrink(
  failing: Scenario,
  fails: (scenario: Scenario) => Promise<boolean>,
  { runsMax, budgetMs }: ShrinkBounds,
): Promise<Shrunk> {
  const began = performance.now();
  const passed = new Set<string>();
  let runs = 0;
  const mayGoOn = (): boolean => runs < runsMax && performance.now() - began < budgetMs;

  /** The number of failures in this many runs; it stops early where the number due is out of reach. */
  const failures = async (scenario: Scenario, times: number, due: number): Promise<number> => {
    let failed = 0;
    for (let i = 0; i < times && failed + times - i >= due; i++) {
      runs++;
      if (await fails(scenario)) failed++;
      else passed.add(textOf({ scenario, answers: [] }));
    }
    return failed;
  };

  const wayDown = async (from: Taken, dueMax: number): Promise<Taken[]> => {
    const way = [from];
    const proposals = shrinking({ scenario: from.scenario, asked: [] });
    let proposed = proposals.next();
    for (let { due } = from; !proposed.done && mayGoOn(); ) {
      const { scenario } = proposed.value;
      const isRefuted = due === tries && passed.has(textOf({ scenario, answers: [] }));
      const failed = isRefuted ? 0 : await failures(scenario, tries, due);
      const isTaken = failed >= due;
      if (isTaken) {
        due = Math.min(failed, dueMax);
        way.push({ scenario, due });
      }
      proposed = proposals.next({ failed: isTaken, asked: [] });
    }
    return way;
  };

  /** The last scenario that fails in all of the further runs; those that pass are refuted. */
  const lastConfirmed = async (way: readonly Taken[]): Promise<Taken | undefined> => {
    for (const one of way.toReversed()) {
      if (one.due < tries || runs >= runsMax + confirmingRunsMax) return undefined;
      if ((await failures(one.scenario, confirmations, confirmations)) === confirmations) return one;
    }
    return undefined;
  };

  let dueMax = tries;
  let from: Taken = { scenario: failing, due: Math.max(1, await failures(failing, tries, 0)) };
  for (;;) {
    const way = await wayDown(from, dueMax);
    const smallest = way.at(-1) ?? from;
    if (smallest.due < tries) return { scenario: smallest.scenario, runs, steady: false };
    const confirmed = await lastConfirmed(way);
    if (confirmed === smallest || !mayGoOn()) {
      const { scenario } = confirmed ?? smallest;
      return { scenario, runs, steady: confirmed !== undefined };
    }
    if (confirmed === undefined) dueMax = tries - 1;
    const due = way.findLast(one => one.due < tries)?.due ?? tries - 1;
    from = confirmed ?? { scenario: smallest.scenario, due };
  }
}
