/**
 * Random scenarios under a policy, expanded from a seed word as those of a bare client are: episodes, each about one concern of the
 * policy, on subjects that tell its parts apart, with waits just under, at and over its own time limits. Swarm: each scenario keeps a
 * few kinds of episode and a few subjects, weighted wildly. Between two episodes replica 0 runs, is connected, and no fault is in force.
 */

import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { streamOf } from "../../models/policy/streams.ts";
import { type SubjectsByTreatment, subjectsByTreatment } from "../../models/policy/subjects.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type {
  CallStep,
  Capability,
  Fault,
  Handler,
  HealAwait,
  Options,
  PublishStep,
  Scenario,
  Step,
} from "../../models/vocabulary/scenario.ts";
import { type Random, randomOf } from "./random.ts";
import { type ScenarioSpace, scenarioOf, scenariosOf } from "./scenario.ts";

export interface PolicySpace extends ScenarioSpace {
  readonly policy: Policy;
  /**
   * The distance of a wait's end from a time limit. Absent: a millisecond before, at, or after; otherwise never at it, since real clocks
   * would race.
   */
  readonly grainMs?: number;
  /** Publishes at most of one step that waits for each acknowledgement; absent: as many as of any other. */
  readonly waitingCountMax?: number;
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
    steps: [],
    keys: 0,
    isDowngraded: false,
    isSubscribed: false,
    isOver: false,
  };
  begin(draft);
  if (!draft.isOver) goOn(draft, space.episodesMax ?? 4);
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
  const isLimited = draft.policy.streams.some(({ messagesMax = filledMax }) => messagesMax < filledMax);
  const possible = [...episodes, ...(isLimited ? [streamAtItsLimit] : [])].filter(
    one => one.needs.every(need => capabilities.has(need)) && (one.durable !== true || subjects.durable.length > 0),
  );
  const kept = possible.filter(() => random.chance(0.6));
  const mix = (kept.length > 0 ? kept : possible).flatMap(one => Array<Episode>(random.pick([1, 1, 2, 6])).fill(one));
  for (let left = random.int(1, episodesMax); left > 0 && mix.length > 0; left--) random.pick(mix).add(draft);
  if (random.chance(0.4)) ending(draft);
  else if (random.chance(0.5)) publish(draft);
}

/** The scenarios of one seed, by index: under the policy, where there is one; of the bare client otherwise. */
export const scenariosUnder = (
  seed: string,
  space: ScenarioSpace,
  policy: Policy | undefined,
): ((index: number) => Scenario) =>
  policy === undefined ? scenariosOf(seed, space) : index => policyScenarioOf(`${seed}-${index}`, { ...space, policy });

/** The one of a seed word. */
export const scenarioUnder = (
  word: string,
  space: Omit<PolicySpace, "policy">,
  policy: Policy | undefined,
): Scenario => (policy === undefined ? scenarioOf(word, space) : policyScenarioOf(word, { ...space, policy }));

/** The scenario being made. */
interface PolicyDraft {
  readonly random: Random;
  readonly policy: Policy;
  readonly options: Options;
  readonly capabilities: ReadonlySet<Capability>;
  /** Those of this scenario, few. */
  readonly subjects: SubjectsByTreatment;
  readonly steps: Step[];
  readonly profile: Profile;
  readonly grainMs: number;
  readonly waitingCountMax: number;
  /** Keys used so far. */
  keys: number;
  /** Replica 0 has asked for JetStream once, without an answer: it publishes nothing through it, so no acknowledgement can be lost. */
  isDowngraded: boolean;
  /** Replica 0 has a handler: what it is given would count against an acknowledgement to be lost. */
  isSubscribed: boolean;
  /** Replica 0 runs with a client that is closed for good: nothing more can happen to it. */
  isOver: boolean;
}

interface Episode {
  readonly name: string;
  readonly needs: readonly Capability[];
  /** Only where some subject is published through JetStream into a stream. */
  readonly durable?: true;
  add(draft: PolicyDraft): void;
}

function optionsOf(random: Random, { client }: Policy): Options {
  return {
    subject: "subject",
    reconnectWaitMs: 20,
    reconnectAttemptsMax: -1,
    cutsWith: "fin",
    ...client,
    ...(random.chance(0.2) ? { servers: random.int(2, 3) } : {}),
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

// ---- Steps ----

const id = ({ steps }: PolicyDraft, kind: string): string => `${kind}-${steps.length}`;
const payloads = [8, 16, 16, 16, 100, 1_000] as const;

interface PublishWish {
  readonly subject?: string;
  readonly most?: number;
  readonly count?: number;
  readonly key?: string;
  readonly overlap?: true;
}

function publishStep(
  draft: PolicyDraft,
  { subject = anySubject(draft), most = 20, count, key, overlap }: PublishWish,
): PublishStep {
  const { random, policy } = draft;
  const drawn = key ?? (random.chance(0.15) ? nextKey(draft) : undefined);
  const wished = Math.max(1, count ?? (random.chance(0.5) ? random.int(1, 2) : random.int(1, most)));
  const bytes = random.pick(payloads);
  const isDurable = isClassifiedDurable(policy, subject);
  const isAsync = isDurable && random.chance(0.25);
  return {
    id: id(draft, "publish"),
    kind: "publish",
    count: isDurable && !isAsync ? Math.min(wished, draft.waitingCountMax) : wished,
    bytes,
    subject,
    ...(drawn === undefined ? {} : { key: drawn }),
    ...(isAsync ? { async: true } : {}),
    ...(overlap === undefined ? {} : { overlap }),
  };
}

function anySubject({ random, subjects }: PolicyDraft): string {
  const kinds = Object.values(subjects).filter(one => one.length > 0);
  return random.pick(random.pick(kinds));
}

const durableSubject = ({ random, subjects }: PolicyDraft): string => random.pick(subjects.durable);
const nextKey = (draft: PolicyDraft): string => `key-${draft.keys++}`;

function publish(draft: PolicyDraft, wish: PublishWish = {}): PublishStep {
  const step = publishStep(draft, wish);
  draft.steps.push(step);
  return step;
}

/** Publishes the same messages again, with the same ids; only acknowledged ones are repeated. */
function again(draft: PolicyDraft, { overlap: _overlap, ...first }: PublishStep): void {
  if (draft.isDowngraded || !isClassifiedDurable(draft.policy, first.subject ?? "")) return;
  draft.steps.push({ ...first, id: id(draft, "again"), again: first.id });
}

const flush = (draft: PolicyDraft): void =>
  void draft.steps.push({ id: id(draft, "flush"), kind: "flush", timeoutMs: 5_000 });
const fault = (draft: PolicyDraft, one: Fault): void =>
  void draft.steps.push({ id: id(draft, one.kind), kind: "fault", fault: one });
const heal = (draft: PolicyDraft, awaits: HealAwait = "connected"): void =>
  void draft.steps.push({ id: id(draft, "heal"), kind: "heal", awaits });
const start = (draft: PolicyDraft, replica = 0): void =>
  void draft.steps.push({ id: id(draft, "start"), kind: "start", ...(replica === 0 ? {} : { replica }) });
const signal = (draft: PolicyDraft, replica: number, one: "TERM" | "KILL"): void =>
  void draft.steps.push({ id: id(draft, "signal"), kind: "signal", replica, signal: one });
const subscribe = (draft: PolicyDraft, replica: number, subject: string, handler: Handler): void =>
  void draft.steps.push({ id: id(draft, "subscribe"), kind: "subscribe", replica, subject, handler });

/** True where a handler subscribes; it is unknown which acknowledgements of its consumers a killed server has kept. */
const isHandled = ({ steps }: PolicyDraft): boolean => steps.some(one => one.kind === "subscribe");

/** Nothing acknowledges where a stream is gone, and nothing comes down at all where another service listens to its subjects. */
const hasLostStreams = ({ steps, policy }: PolicyDraft): boolean =>
  steps.some(
    step =>
      step.kind === "fault" &&
      step.fault.kind === "stop-server" &&
      (step.fault.store === "lost" || policy.streams.some(stream => stream.storage === "memory")),
  );

/** The longest step of time; a limit beyond it has no edge here. */
const advanceMsMax = 2_592_000_000;

/** Just under, at, or just over. */
function advanceAround(draft: PolicyDraft, edgeMs: number): void {
  if (!draft.capabilities.has("advance") || edgeMs >= advanceMsMax) return;
  const { grainMs, random } = draft;
  const ms = Math.max(1, edgeMs + grainMs * random.pick(grainMs === 1 ? [-1, 0, 1] : [-1, 1]));
  draft.steps.push({ id: id(draft, "advance"), kind: "advance", ms });
}

const sometimes = (draft: PolicyDraft, probability: number, add: () => void): void => {
  if (draft.random.chance(probability)) add();
};

// ---- The beginning: what stands in the way of the first connection ----

const coldFaults: readonly (readonly [needs: Capability, fault: Fault])[] = [
  ["cut", { kind: "cut", awaits: "none" }],
  ["stop-server", { kind: "stop-server", signal: "TERM", awaits: "none" }],
  ["no-jetstream", { kind: "no-jetstream" }],
  ["refuse-credentials", { kind: "refuse-credentials" }],
  ["silent-handshake", { kind: "silent-handshake" }],
];

function begin(draft: PolicyDraft): void {
  const { random, capabilities } = draft;
  const possible = coldFaults.filter(([needs]) => capabilities.has(needs));
  if (!capabilities.has("cold-start") || possible.length === 0 || random.chance(0.65)) {
    start(draft);
    return;
  }
  const [, cold] = random.pick(possible);
  fault(draft, cold);
  start(draft);
  sometimes(draft, 0.6, () => publish(draft));
  sometimes(draft, 0.6, () => advanceAround(draft, startupEdge(draft)));
  sometimes(draft, 0.3, () => publish(draft));
  heal(draft);
  sometimes(draft, 0.5, () => advanceAround(draft, startupEdge(draft)));
  sometimes(draft, 0.7, () => publish(draft));
  runAfter(draft, cold);
}

/** Replica 0 runs after it, whatever became of it, so that later steps can happen to it. */
function runAfter(draft: PolicyDraft, cold: Fault): void {
  const { random, policy, profile, capabilities } = draft;
  const { strategy, jetStreamProbe, whenClosed } = policy.startup;
  // A connect that returns before it is connected is followed by a probe that fails.
  const runsAhead = strategy !== "fail-fast" && profile.firstConnect.retry === "background";
  draft.isDowngraded = jetStreamProbe === "once" && (cold.kind === "no-jetstream" || runsAhead);
  if (cold.kind === "no-jetstream") return;
  if (cold.kind === "refuse-credentials" && runsAhead && whenClosed === "ignore") {
    // Its client is closed for good, and only another process can help.
    draft.isOver = !capabilities.has("signal") || random.chance(0.5);
    if (draft.isOver) return;
    signal(draft, 0, "TERM");
    start(draft);
    return;
  }
  // One that has exited is started by its supervisor, or else by hand; one that runs is none the worse for either.
  if (capabilities.has("advance") && random.chance(0.7)) {
    const ms = Math.max(1, policy.supervisor.restartMs);
    draft.steps.push({ id: id(draft, "advance"), kind: "advance", ms });
  } else start(draft);
}

function startupEdge({ random, policy, options }: PolicyDraft): number {
  const { startup, supervisor } = policy;
  const passMs = startup.connectTimeoutMs * (options.servers ?? 1);
  return random.pick([
    startup.connectTimeoutMs,
    passMs,
    passMs + supervisor.restartMs,
    supervisor.restartMs,
    startup.deadlineMs ?? passMs,
    (startup.deadlineMs ?? passMs) + supervisor.restartMs,
    options.reconnectWaitMs,
  ]);
}

// ---- Episodes ----

const windowEdge = ({ random, policy }: PolicyDraft): number =>
  random.pick(policy.streams.map(one => one.duplicateWindowMs));
const ackEdge = ({ random, policy }: PolicyDraft): number =>
  policy.publish.ackTimeoutMs * random.int(1, policy.publish.attemptsMax);

/** The messages under way when a fault comes. */
function before(draft: PolicyDraft): void {
  sometimes(draft, 0.6, () => publish(draft));
  sometimes(draft, 0.4, () => flush(draft));
}

const episodes: readonly Episode[] = [
  {
    name: "published while up",
    needs: [],
    add(draft) {
      for (let left = draft.random.int(1, 3); left > 0; left--) publish(draft);
    },
  },
  {
    name: "published while down",
    needs: ["cut"],
    add(draft) {
      before(draft);
      fault(draft, { kind: "cut", awaits: "noticed" });
      for (let left = draft.random.int(1, 3); left > 0; left--) publish(draft);
      sometimes(draft, 0.3, () => advanceAround(draft, ackEdge(draft)));
      // A publish that waits for its acknowledgement can outlast the outage.
      sometimes(draft, 0.3, () => publish(draft, { overlap: true }));
      heal(draft);
    },
  },
  {
    name: "burst and cut",
    needs: ["cut"],
    add(draft) {
      publish(draft, { most: 300, overlap: true });
      fault(draft, { kind: "cut", awaits: "noticed" });
      sometimes(draft, 0.4, () => publish(draft));
      heal(draft);
    },
  },
  {
    name: "held",
    needs: ["hold", "cut"],
    add(draft) {
      before(draft);
      fault(draft, { kind: "hold" });
      publish(draft);
      sometimes(draft, 0.5, () => fault(draft, { kind: "cut", awaits: "noticed" }));
      heal(draft);
    },
  },
  {
    name: "an acknowledgement is lost",
    needs: ["lose-ack"],
    durable: true,
    add(draft) {
      sometimes(draft, 0.3, () => publish(draft));
      if (draft.isDowngraded || draft.isSubscribed || hasLostStreams(draft)) return;
      fault(draft, { kind: "lose-ack" });
      const first = publish(draft, { subject: durableSubject(draft), most: 5 });
      sometimes(draft, 0.2, () => publish(draft));
      heal(draft);
      sometimes(draft, 0.5, () => advanceAround(draft, windowEdge(draft)));
      sometimes(draft, 0.8, () => again(draft, first));
    },
  },
  {
    name: "two messages about one thing",
    needs: [],
    durable: true,
    add(draft) {
      const key = nextKey(draft);
      const subject = durableSubject(draft);
      publish(draft, { subject, key, most: 2 });
      sometimes(draft, 0.5, () => advanceAround(draft, windowEdge(draft)));
      publish(draft, { subject: draft.random.chance(0.8) ? subject : durableSubject(draft), key, most: 2 });
    },
  },
  {
    name: "published again",
    needs: [],
    durable: true,
    add(draft) {
      const first = publish(draft, { subject: durableSubject(draft), most: 5 });
      sometimes(draft, 0.6, () => advanceAround(draft, windowEdge(draft)));
      again(draft, first);
    },
  },
  {
    name: "the server stops",
    needs: ["stop-server"],
    add(draft) {
      const { random } = draft;
      const first = random.chance(0.8) ? publish(draft) : undefined;
      const isFlushed = first === undefined || random.chance(0.4);
      if (first !== undefined && isFlushed) flush(draft);
      const store = random.chance(0.3) ? { store: "lost" as const } : {};
      fault(draft, {
        kind: "stop-server",
        signal: random.pick(isHandled(draft) ? ["TERM"] : ["TERM", "KILL", "KILL"]),
        awaits: "noticed",
        ...store,
      });
      // Where nothing is under way any more, only this meets the fault.
      sometimes(draft, isFlushed ? 1 : 0.4, () => publish(draft));
      heal(draft);
      if (first !== undefined) sometimes(draft, 0.3, () => again(draft, first));
      sometimes(draft, 0.3, () => publish(draft));
    },
  },
  {
    name: "the server loses power",
    needs: ["power-loss"],
    add(draft) {
      const first = publish(draft);
      sometimes(draft, 0.4, () => flush(draft));
      fault(draft, { kind: "power-loss", awaits: "noticed" });
      sometimes(draft, 0.4, () => publish(draft));
      heal(draft);
      sometimes(draft, 0.3, () => again(draft, first));
    },
  },
  {
    name: "stopped and started again",
    needs: ["signal"],
    add(draft) {
      stop(draft);
      start(draft);
      draft.isDowngraded = false;
      draft.isSubscribed = false;
      sometimes(draft, 0.7, () => publish(draft));
    },
  },
  {
    name: "replicas of one durable",
    needs: ["replicas", "subscribe", "signal"],
    durable: true,
    add: replicasOfOneDurable,
  },
  {
    name: "a handler, its own or a replica's",
    needs: ["subscribe"],
    durable: true,
    add(draft) {
      const { random, policy, capabilities } = draft;
      const subject = durableSubject(draft);
      const isOwn = !draft.isSubscribed && (!capabilities.has("replicas") || random.chance(0.4));
      const replica = isOwn ? 0 : freeReplica(draft);
      if (replica > 0 && !capabilities.has("replicas")) return;
      if (replica > 0) start(draft, replica);
      else draft.isSubscribed = true;
      sometimes(draft, 0.3, () => publish(draft, { subject, most: 5 }));
      subscribe(draft, replica, subject, random.pick(["acks", "fails", "hangs"]));
      publish(draft, { subject, most: 5 });
      for (let left = random.int(0, 3); left > 0; left--) advanceAround(draft, policy.consume.ackWaitMs);
    },
  },
];

/** A stream whose limit is higher is not filled by a scenario. */
const filledMax = 2_000;
const streamAtItsLimit: Episode = { name: "a stream at its limit", needs: [], durable: true, add: fillAStream };

/** Just under, at, or just over the limit of a stream. */
function fillAStream(draft: PolicyDraft): void {
  const { random, policy } = draft;
  const subject = durableSubject(draft);
  const messagesMax = streamOf(policy, subject)?.messagesMax ?? filledMax;
  if (messagesMax >= filledMax) return;
  publish(draft, { subject, count: messagesMax + random.pick([-1, 0, 1]) });
  for (let left = random.int(0, 2); left > 0; left--) publish(draft, { subject, most: 2 });
}

const replicaMax = 15;

/** One that was never started in this scenario; the last one where all were. */
function freeReplica({ steps }: PolicyDraft): number {
  const used = steps.map(one => (one.kind === "start" ? (one.replica ?? 0) : 0));
  return Math.min(replicaMax, Math.max(0, ...used) + 1);
}

/** Two or three handle one subject; one of them is stopped, and now and then comes back. */
function replicasOfOneDurable(draft: PolicyDraft): void {
  const { random, policy } = draft;
  const first = freeReplica(draft);
  const replicas = Array.from({ length: random.int(2, 3) }, (_, i) => first + i).filter(one => one <= replicaMax);
  const subject = durableSubject(draft);
  for (const replica of replicas) {
    start(draft, replica);
    subscribe(draft, replica, subject, random.chance(0.9) ? "acks" : random.pick(["fails", "hangs"]));
    sometimes(draft, 0.3, () => publish(draft, { subject, most: 5 }));
  }
  const stopped = random.chance(0.6) ? replicas[0] : random.pick(replicas);
  if (stopped === undefined) return;
  signal(draft, stopped, random.chance(0.8) ? "TERM" : "KILL");
  publish(draft, { subject, most: 5 });
  sometimes(draft, 0.4, () => advanceAround(draft, policy.consume.ackWaitMs));
  sometimes(draft, 0.4, () => {
    start(draft, stopped);
    subscribe(draft, stopped, subject, "acks");
    sometimes(draft, 0.5, () => publish(draft, { subject, most: 5 }));
  });
}

// ---- The end of replica 0 ----

type Stop = (draft: PolicyDraft, kind: "TERM" | "KILL") => void;

const stops: readonly (readonly [needs: readonly Capability[], stop: Stop])[] = [
  // While up, what was published before it written or not.
  [
    [],
    (draft, kind) => {
      before(draft);
      publish(draft, { most: 300 });
      signal(draft, 0, kind);
    },
  ],
  [
    ["cut"],
    (draft, kind) => {
      sometimes(draft, 0.5, () => before(draft));
      fault(draft, { kind: "cut", awaits: "noticed" });
      publish(draft);
      signal(draft, 0, kind);
      heal(draft);
    },
  ],
  [
    ["hold"],
    (draft, kind) => {
      before(draft);
      fault(draft, { kind: "hold" });
      publish(draft);
      signal(draft, 0, kind);
      heal(draft);
    },
  ],
];

function stop(draft: PolicyDraft): void {
  const { random, capabilities } = draft;
  const possible = stops.filter(([needs]) => needs.every(need => capabilities.has(need)));
  const [, one] = random.pick(possible);
  one(draft, random.chance(0.75) ? "TERM" : "KILL");
}

/** A signal, or from within: a burst and close, drain or exit without yielding between them. */
function ending(draft: PolicyDraft): void {
  const { random, capabilities } = draft;
  const ends = (["close", "drain", "exit"] as const).filter(one => capabilities.has(one));
  if (capabilities.has("signal") && (ends.length === 0 || random.chance(0.6))) {
    stop(draft);
    return;
  }
  if (ends.length === 0) return;
  const kind = random.pick(ends);
  const burst: PublishStep = { ...publishStep(draft, { most: 300 }), id: id(draft, "burst") };
  // What waits for an acknowledgement yields, and cannot be done in one breath.
  const isAtOnce = draft.isDowngraded || !isClassifiedDurable(draft.policy, burst.subject ?? "");
  if (isAtOnce && capabilities.has("together") && random.chance(0.5)) {
    const steps: readonly CallStep[] = [burst, { id: `${id(draft, kind)}-within`, kind }];
    draft.steps.push({ id: id(draft, "together"), kind: "together", steps });
  } else draft.steps.push(burst, { id: `${id(draft, kind)}-then`, kind });
}
