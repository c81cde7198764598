/**
 * Random scenarios under a policy, expanded from a seed word as those of a bare client are: episodes, each about one concern of the
 * policy, on subjects that tell its parts apart, with waits just under, at and over its own time limits. Swarm: each scenario keeps a
 * few kinds of episode and a few subjects, weighted wildly. Between two episodes replica 0 runs, is connected, and no fault is in force.
 */
import { familiesWithGap } from "../../models/policy/gaps.ts";
import { restartsMax } from "../../models/policy/restarts.ts";
import { type SubjectsByTreatment, subjectsByTreatment } from "../../models/policy/subjects.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Options, Scenario } from "../../models/vocabulary/scenario.ts";
import { otherHandler } from "./handlers.ts";
import { healWithinAttempts } from "./heals-within-attempts.ts";
import { hasRetention, type PolicyDraft, publish } from "./policy-draft.ts";
import { drainBeforeExit, ending } from "./policy-ending.ts";
import {
  agesIn,
  filledMax,
  gapOfAFamily,
  hasThreshold,
  messagesMaxOf,
  type PolicyEpisode,
  policyEpisodes,
  serversLost,
  streamAtItsLimit,
  streamWithAnAge,
  unusedConsumer,
} from "./policy-episodes.ts";
import { begin } from "./policy-start.ts";
import { type Random, randomOf } from "./random.ts";
import type { ScenarioSpace } from "./scenario.ts";
import { slowHandler } from "./slow-handlers.ts";

export interface PolicySpace extends ScenarioSpace {
  readonly policy: Policy;
  /**
   * The distance of a wait's end from a time limit. Absent: a millisecond before, at, or after; otherwise never at it, since real clocks
   * would race.
   */
  readonly grainMs?: number;
  /** Publishes at most of one step that waits for each acknowledgement; absent: as many as of any other. */
  readonly waitingCountMax?: number;
  /** The most times that its supervisor may start a failed process; absent: as many as a scenario may have. */
  readonly restartsMax?: number;
}

/** The scenario of one seed word: a pure function of the word and the space. */
export function policyScenarioOf(word: string, space: PolicySpace): Scenario {
  const { policy, capabilities } = space;
  const random = randomOf(word, "policy-scenario");
  const options = optionsOf(random, policy);
  const draft: PolicyDraft = {
    random,
    policy,
    options,
    capabilities,
    subjects: chosenSubjects(random, policy),
    profile: space.profile,
    grainMs: space.grainMs ?? 1,
    waitingCountMax: space.waitingCountMax ?? Number.POSITIVE_INFINITY,
    restartsMax: space.restartsMax ?? restartsMax,
    steps: [],
    keys: 0,
    isDowngraded: false,
    isSubscribed: false,
    isOver: false,
  };
  begin(draft);
  // All three rest on steps that are not judged where a stream keeps messages for its consumers alone.
  const isJudged = !hasRetention(draft, "interest");
  if (!draft.isOver && isJudged) slowHandler(word, draft);
  const isLast = !draft.isOver && isJudged && otherHandler(word, draft);
  if (!draft.isOver && isJudged && !isLast) healWithinAttempts(word, draft);
  if (!draft.isOver && !isLast) goOn(draft, space.episodesMax ?? 4);
  drainBeforeExit(word, draft);
  return {
    version: 1,
    id: `random/${word}`,
    why: `made from the seed word ${word}, under the policy ${policy.name}`,
    requires: [],
    options,
    policy,
    steps: draft.steps,
    mustHappen: [],
    expect: {},
  };
}

function goOn(draft: PolicyDraft, episodesMax: number): void {
  const { random, capabilities, subjects } = draft;
  const isLimited = draft.policy.streams.some(stream => messagesMaxOf(stream) < filledMax);
  const own = [
    ...(isLimited ? [streamAtItsLimit] : []),
    ...(agesIn(draft.policy).length > 0 ? [streamWithAnAge] : []),
    ...(hasThreshold(draft.policy) ? [unusedConsumer] : []),
    ...((draft.options.servers ?? 1) > 1 ? [serversLost] : []),
    ...(familiesWithGap(draft.policy).length > 0 ? [gapOfAFamily] : []),
  ];
  const possible = [...policyEpisodes, ...own].filter(
    one => one.needs.every(need => capabilities.has(need)) && (one.durable !== true || subjects.durable.length > 0),
  );
  const kept = possible.filter(() => random.chance(0.6));
  const mix = (kept.length > 0 ? kept : possible).flatMap(one =>
    Array<PolicyEpisode>(random.pick([1, 1, 2, 6])).fill(one),
  );
  for (let left = random.int(1, episodesMax); left > 0 && mix.length > 0; left--) random.pick(mix).add(draft);
  if (random.chance(0.4)) ending(draft);
  else if (random.chance(0.5)) publish(draft);
}

function optionsOf(random: Random, { client }: Policy): Options {
  return {
    subject: "subject",
    reconnectWaitMs: 20,
    reconnectAttemptsMax: -1,
    cutsWith: "fin",
    ...client,
    ...(random.chance(0.2) ? { servers: client.servers ?? random.int(2, 3) } : {}),
  };
}

/** A few of each kind, and now and then of one kind only. */
function chosenSubjects(random: Random, policy: Policy): SubjectsByTreatment {
  const few = (subjects: readonly string[]): readonly string[] => {
    if (subjects.length === 0 || random.chance(0.2)) return [];
    return Array.from({ length: random.int(1, 3) }, () => random.pick(subjects));
  };
  const all = subjectsByTreatment(policy);
  const durable = few(all.durable);
  const rest = { uncovered: few(all.uncovered), captured: few(all.captured), core: few(all.core) };
  const misdeclared = few(all.misdeclared);
  const isEmpty = [durable, ...Object.values(rest), misdeclared].every(one => one.length === 0);
  return isEmpty ? all : { durable, ...rest, misdeclared };
}
