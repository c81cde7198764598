/**
 * Proves that a shrunk case is minimal. It tries everything smaller that the case's own options and sizes allow, each schedule for every
 * way of answering. Shrinking only knows that no reduction of the case fails. This knows that nothing smaller does, or finds what does.
 */

import { frameBytes } from "../../models/vocabulary/frame.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { partsOf, type Scenario, type Step } from "../../models/vocabulary/scenario.ts";
import { type Broke, breaks } from "../findings/broke.ts";
import type { JudgeOptions } from "../judge/judge.ts";
import type { CaseRun } from "../judge/run.ts";
import { atOnce } from "../runs/heeding.ts";
import {
  alphabetOf,
  type Bounds,
  type ExploredSetting,
  type Letter,
  type Spending,
  scopeOf,
  spendings,
} from "./exhaust/alphabet.ts";
import { walkInPieces } from "./exhaust/paths.ts";
import type { PathWorld } from "./exhaust/world.ts";

/**
 * Minimal: no schedule of fewer than `steps` steps that publishes no more breaks the same. Nor does one of as many steps with fewer
 * messages, or with as many messages and fewer faults. `schedules` counts them. Otherwise the obstacle to the proof.
 */
export type Certificate = { readonly steps: number; readonly schedules: number } | { readonly bound: string };

export interface Certified {
  readonly certificate: Certificate;
  /** A smaller one that breaks the same: the case was not minimal. */
  readonly smaller?: Scenario;
}

export interface ToCertify {
  readonly scenario: Scenario;
  /** The broken promise, or conformance. */
  readonly broken: Broke;
  readonly profile: Profile;
  readonly judging: JudgeOptions;
  readonly world: PathWorld;
  readonly runsMax?: number;
}

const runsMaxDefault = 100_000;
/** The number of messages in one step above which not every smaller count is tried. */
const burstMax = 40;

export const certify = (asked: ToCertify): Certified => atOnce(certifyInPieces(asked));

/** The same, a run at a time. */
export function* certifyInPieces({
  scenario,
  broken,
  profile,
  judging,
  world,
  runsMax = runsMaxDefault,
}: ToCertify): Generator<void, Certified> {
  const steps = scenario.steps.length;
  const bursts = publishesIn(scenario.steps).map(one => one.count);
  const burst = Math.max(0, ...bursts);
  if (burst > burstMax) return { certificate: { bound: `it publishes ${burst} messages in one step` } };
  const messages = bursts.reduce((sum, count) => sum + count, 0);
  const walked = yield* walkInPieces({
    profile,
    letters: lettersFor(scenario, profile, messages, burst),
    settings: [settingFor(scenario, profile)],
    bounds: { ...all(steps), publishes: messages },
    depthMax: steps,
    pathsMax: runsMax,
    judging,
    world,
    isTried: one => isSmaller(one, scenario),
    breaks: judgement => (breaks(judgement, broken) ? broken : undefined),
  });
  const { violation, complete, depth, schedules } = walked;
  if (violation !== undefined)
    return { certificate: { bound: "a smaller one breaks the same" }, smaller: violation.scenario };
  if (!complete)
    return { certificate: { bound: `${runsMax.toLocaleString("en-US")} runs, spent at ${depth} of ${steps} steps` } };
  return { certificate: { steps, schedules } };
}

const all = (most: number): Bounds => Object.fromEntries(spendings.map(one => [one, most])) as Bounds;

/** Compares steps, then messages, then faults. */
export function isSmaller(one: Scenario, other: Scenario): boolean {
  const difference = sizeOf(one)
    .map((size, i) => size - (sizeOf(other)[i] as number))
    .find(size => size !== 0);
  return difference !== undefined && difference < 0;
}

const sizeOf = ({ steps }: Scenario): readonly number[] => [
  steps.length,
  publishesIn(steps).reduce((sum, { count }) => sum + count, 0),
  steps.filter(one => one.kind === "fault").length,
];

const publishesIn = (steps: readonly Step[]): readonly (Step & { kind: "publish" })[] =>
  steps.flatMap(one => (one.kind === "publish" ? [one] : publishesIn(partsOf(one))));

function settingFor({ options, policy }: Scenario, profile: Profile, payloadBytes = 16): ExploredSetting {
  return {
    name: "the case's own options",
    options,
    ...(policy === undefined ? {} : { policy }),
    size: { payloadBytes, frameBytes: frameBytes(options.subject, payloadBytes, profile) },
  };
}

/** The letters of `exhaust` at the case's own sizes and at every smaller count, and the case's own steps as they stand. */
function lettersFor(scenario: Scenario, profile: Profile, messages: number, burst: number): readonly Letter[] {
  const { steps, policy } = scenario;
  const counts = Array.from({ length: burst }, (_, i) => i + 1);
  const alphabet = alphabetOf(profile, { ...scopeOf(messages, policy), bursts: counts, burstsTogether: counts });
  const settings = [...new Set(publishesIn(steps).map(one => one.bytes))].map(bytes =>
    settingFor(scenario, profile, bytes),
  );
  const waits = steps.some(one => one.kind === "flush");
  const letters = [
    ...(settings.length > 0 ? settings : [settingFor(scenario, profile)])
      .flatMap(setting => alphabet.map(letter => ({ ...letter, step: (nth: number) => letter.step(nth, setting) })))
      // The case itself says how long a flush waits.
      .filter(letter => !(waits && letter.spends.includes("flushes"))),
    ...steps.map(step => ({ name: step.id, spends: spendsOf(step), step: (nth: number) => renamed(step, nth) })),
  ];
  const known = new Map<string, Letter>();
  for (const letter of letters) {
    const text = JSON.stringify(letter.step(1), (name, value) => (name === "id" ? undefined : value));
    if (!known.has(text)) known.set(text, letter);
  }
  return [...known.values()];
}

function renamed(step: Step, nth: number): Step {
  const named = <S extends Step>(one: S): S => ({ ...one, id: `${one.id}-${nth}` });
  if (step.kind === "together") return { ...named(step), steps: step.steps.map(named) };
  if (step.kind === "signal" && step.meanwhile !== undefined)
    return { ...named(step), meanwhile: step.meanwhile.map(named) };
  return named(step);
}

function spendsOf(step: Step): readonly Spending[] {
  switch (step.kind) {
    case "start":
      return ["starts"];
    case "publish":
      return Array.from({ length: step.count }, () => "publishes");
    case "flush":
      return ["flushes"];
    case "drain":
    case "close":
    case "exit":
      return ["ends"];
    case "together":
      return step.steps.flatMap(spendsOf);
    case "fault":
      return ["faults"];
    case "heal":
      return ["heals"];
    case "await-noticed":
      return ["waits"];
    case "subscribe":
      return ["subscriptions"];
    case "signal":
      return ["signals"];
    case "advance":
      return ["advances"];
  }
}

/** The number of seeds tried for one that draws the answers of a violation. */
export const seedsMax = 2_000;

/** A seed whose run breaks it too, so that it can be replayed; undefined where no seed tried does. */
export function seedThatShows(
  runOf: (seed: string) => CaseRun,
  broken: Broke,
): { readonly seed: string; readonly run: CaseRun } | undefined {
  for (let i = 1; i <= seedsMax; i++) {
    const run = runOf(String(i));
    if (breaks(run.judgement, broken)) return { seed: String(i), run };
  }
  return undefined;
}
