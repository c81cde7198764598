/**
 * The scenario under a policy while it is made: its chance, the subjects that it keeps, what is known of replica 0, and the steps so far,
 * with a function for each kind of step that adds one. Read by the beginning, the episodes and the end of such a scenario.
 */

import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { restartsIn } from "../../models/policy/restarts.ts";
import { streamOf } from "../../models/policy/streams.ts";
import type { SubjectsByTreatment } from "../../models/policy/subjects.ts";
import { acknowledgesAll, acknowledgesNothing, effective } from "../../models/policy/two-sides.ts";
import type { Policy, StreamPolicy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type {
  Capability,
  Fault,
  Handler,
  HealAwait,
  Options,
  PublishStep,
  Step,
} from "../../models/vocabulary/scenario.ts";
import type { Random } from "./random.ts";

/** The scenario being made. */
export interface PolicyDraft {
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
  readonly restartsMax: number;
  /** Keys used so far. */
  keys: number;
  /** Replica 0 has asked for JetStream once, without an answer: it publishes nothing through it, so no acknowledgement can be lost. */
  isDowngraded: boolean;
  /** Replica 0 has a handler: what it is given would count against an acknowledgement to be lost. */
  isSubscribed: boolean;
  /** Replica 0 runs with a client that is closed for good: nothing more can happen to it. */
  isOver: boolean;
}

export const id = ({ steps }: PolicyDraft, kind: string): string => `${kind}-${steps.length}`;
const payloads = [8, 16, 16, 16, 100, 1_000] as const;

interface PublishWish {
  readonly subject?: string;
  readonly most?: number;
  readonly count?: number;
  readonly key?: string;
  readonly overlap?: true;
}

export function publishStep(
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

export const durableSubject = ({ random, subjects }: PolicyDraft): string => random.pick(subjects.durable);
export const nextKey = (draft: PolicyDraft): string => `key-${draft.keys++}`;

export function publish(draft: PolicyDraft, wish: PublishWish = {}): PublishStep {
  const step = publishStep(draft, wish);
  draft.steps.push(step);
  return step;
}

/** Publishes the same messages again, with the same ids; only acknowledged ones are repeated. */
export function again(draft: PolicyDraft, { overlap: _overlap, ...first }: PublishStep): void {
  if (draft.isDowngraded || !isClassifiedDurable(draft.policy, first.subject ?? "")) return;
  draft.steps.push({ ...first, id: id(draft, "again"), again: first.id });
}

export const flush = (draft: PolicyDraft): void =>
  void draft.steps.push({ id: id(draft, "flush"), kind: "flush", timeoutMs: 5_000 });
export const fault = (draft: PolicyDraft, one: Fault): void =>
  void draft.steps.push({ id: id(draft, one.kind), kind: "fault", fault: one });
export const heal = (draft: PolicyDraft, awaits: HealAwait = "connected"): void =>
  void draft.steps.push({ id: id(draft, "heal"), kind: "heal", awaits });
export const start = (draft: PolicyDraft, replica = 0): void =>
  void draft.steps.push({ id: id(draft, "start"), kind: "start", ...(replica === 0 ? {} : { replica }) });
/**
 * A drain that nobody waits for cannot be judged beside a handler, nor one that deletes the consumer for which a stream keeps its messages. Such
 * a process is killed.
 */
export function signal(draft: PolicyDraft, replica: number, one: "TERM" | "KILL"): void {
  const { policy, profile } = draft;
  const isDeleted = policy.consume.durables === "created" && profile.jetStream.drainDeletesItsDurable;
  const isUnjudged =
    (policy.shutdown.strategy === "drain-not-awaited" || (isDeleted && hasRetention(draft, "interest"))) &&
    isHandled(draft);
  draft.steps.push({ id: id(draft, "signal"), kind: "signal", replica, signal: isUnjudged ? "KILL" : one });
}
export const subscribe = (
  draft: PolicyDraft,
  replica: number,
  subject: string,
  handler: Handler,
  takesMs?: number,
): void => {
  const takes = takesMs === undefined ? {} : { takesMs };
  draft.steps.push({ id: id(draft, "subscribe"), kind: "subscribe", replica, subject, handler, ...takes });
};

/** True where a handler subscribes; it is unknown which acknowledgements of its consumers a killed server has kept. */
export const isHandled = ({ steps }: PolicyDraft): boolean => steps.some(one => one.kind === "subscribe");

/** True where it is not known what a server that starts still knows of a handler's consumer. */
export const isForgotten = (draft: PolicyDraft): boolean => {
  const { consume } = draft.policy;
  const isKnown = !acknowledgesNothing(effective(consume)) && !acknowledgesAll(effective(consume));
  return isHandled(draft) && (consume.durables === "ephemeral" || !isKnown);
};

/** True where a consumer of replica 0 is judged beside faults of its link. */
export const mayHandleItself = ({ policy }: PolicyDraft): boolean => !acknowledgesAll(effective(policy.consume));

/** True where a stream of its subjects has this retention. */
export const hasRetention = ({ subjects, policy }: PolicyDraft, retention: StreamPolicy["retention"]): boolean =>
  [...subjects.durable, ...subjects.captured].some(one => streamOf(policy, one)?.retention === retention);

/** Nothing acknowledges where a stream is gone, and nothing comes down at all where another service listens to its subjects. */
export const hasLostStreams = ({ steps, policy }: PolicyDraft): boolean =>
  steps.some(
    step =>
      step.kind === "fault" &&
      step.fault.kind === "stop-server" &&
      (step.fault.store === "lost" || policy.streams.some(stream => stream.storage === "memory")),
  );

/** The longest step of time; a limit beyond it has no edge here. */
const advanceMsMax = 2_592_000_000;

/** Just under, at, or just over; left out where a supervisor would start the process again without end meanwhile. */
export function advanceAround(draft: PolicyDraft, edgeMs: number): void {
  if (!draft.capabilities.has("advance") || edgeMs >= advanceMsMax) return;
  const { grainMs, restartsMax, random, policy, options, steps } = draft;
  const ms = Math.max(1, edgeMs + grainMs * random.pick(grainMs === 1 ? [-1, 0, 1] : [-1, 1]));
  const advance: Step = { id: id(draft, "advance"), kind: "advance", ms };
  if (restartsIn({ policy, options, steps: [...steps, advance] }) <= restartsMax) steps.push(advance);
}

export const sometimes = (draft: PolicyDraft, probability: number, add: () => void): void => {
  if (draft.random.chance(probability)) add();
};

/** The messages under way when a fault comes. */
export function before(draft: PolicyDraft): void {
  sometimes(draft, 0.6, () => publish(draft));
  sometimes(draft, 0.4, () => flush(draft));
}
