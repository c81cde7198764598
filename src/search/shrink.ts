/**
 * Shrinks a case that fails: its scenario by our reductions, and with it the answers that its run was given, since a count can only
 * go down as far as the answers let it. `shrinking` proposes, whoever can run a case disposes: it is told of each candidate whether
 * that still fails, and goes on from the last that did. So one order of cuts serves the model, the mutants and real clients.
 */
import type { Answer, Asked } from "../../models/choice.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { type Dial, dials, structural } from "../../properties/arbitraries/reductions.ts";

/** A scenario, and answers to what its run may ask. */
export interface Candidate {
  readonly scenario: Scenario;
  /** Outside its range an answer is the nearest within. */
  readonly answers: readonly Answer[];
  /** Where in its range lies what `answers` leaves open: at 0 the low end, at 1 the high end; undefined: it is sampled. */
  readonly otherwise?: number;
}

/** Of the run of a candidate: whether it failed, and what it was asked. A real client is asked nothing. */
export interface Told {
  readonly failed: boolean;
  readonly asked: readonly Asked[];
}

/** A case that fails. */
export interface Failing {
  readonly scenario: Scenario;
  readonly asked: readonly Asked[];
}

/** Tried for new questions, where a plainer scenario does not fail with what was sampled for them. */
const leanings = [0, 1, 0.5] as const;

/** Yields candidates until none of them fails: fewer and plainer steps, then plainer answers, then lower numbers, and over again. */
export function* shrinking(failing: Failing): Generator<Candidate, void, Told> {
  let current = failing;
  /** By text, since one scenario is offered by more than one reduction: whether it did not fail and was asked something. */
  const tried = new Map([[textOf({ scenario: failing.scenario, answers: endsKept(failing.asked) }), false]]);
  /** Of those offered since the last cut: other answers might have let them fail. */
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

  /** Each to the low end, else the high end, else as low as it goes. */
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

/** Bisects between what fails and what does not. */
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
  /** Nothing smaller fails any more; false where the runs were used up before. */
  readonly isLocalMinimum: boolean;
}

/** For a world that answers at once, and the same each time. */
export function shrinkNow(
  failing: Failing,
  run: (candidate: Candidate) => Told,
  mayGoOn: (runs: number) => boolean,
): Smallest {
  const proposals = shrinking(failing);
  let smallest = failing;
  let proposed = proposals.next();
  let runs = 0;
  for (; !proposed.done && mayGoOn(runs); runs++) {
    const told = run(proposed.value);
    if (told.failed) smallest = { scenario: proposed.value.scenario, asked: told.asked };
    proposed = proposals.next(told);
  }
  return { ...smallest, runs, isLocalMinimum: proposed.done === true };
}

// ---- Where a failure may not come every time ----

export interface ShrinkBounds {
  readonly runsMax: number;
  readonly budgetMs: number;
}

export interface Shrunk {
  readonly scenario: Scenario;
  readonly runs: number;
  /** Every run of the shrunk scenario failed. */
  readonly steady: boolean;
}

const tries = 3;

/**
 * While a failure comes three times of three only candidates that keep it so are taken, and the first run that passes refutes
 * one; a failure that was rare from the beginning is shrunk by what fails at least once of three.
 */
export async function shrink(
  failing: Scenario,
  fails: (scenario: Scenario) => Promise<boolean>,
  { runsMax, budgetMs }: ShrinkBounds,
): Promise<Shrunk> {
  const began = performance.now();
  let runs = 0;
  const failures = async (scenario: Scenario, giveUpAtFirstPass: boolean): Promise<number> => {
    let failed = 0;
    for (let i = 0; i < tries; i++) {
      runs++;
      if (await fails(scenario)) failed++;
      else if (giveUpAtFirstPass) break;
    }
    return failed;
  };

  let scenario = failing;
  let steady = (await failures(scenario, false)) === tries;
  const proposals = shrinking({ scenario, asked: [] });
  let proposed = proposals.next();
  while (!proposed.done && runs < runsMax && performance.now() - began < budgetMs) {
    const candidate = proposed.value.scenario;
    const failed = await failures(candidate, steady);
    const isTaken = failed >= (steady ? tries : 1);
    if (isTaken) {
      scenario = candidate;
      steady = failed === tries;
    }
    proposed = proposals.next({ failed: isTaken, asked: [] });
  }
  return { scenario, runs, steady };
}
