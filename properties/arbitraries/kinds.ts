/**
 * The kinds of steps and faults that may be drawn: those that were asked for, that mean something with or without a policy, and that the
 * capabilities allow. The arbitraries and their shrinking read them, so that a smaller value stays within what was asked for.
 */
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { CallStep, Capability, Fault, Step } from "../../models/vocabulary/scenario.ts";

export type FaultName = Fault["kind"];
export type StepName = Step["kind"];

export interface FaultSpace {
  /** Kinds of faults; absent: all that mean something here. */
  readonly kinds?: readonly FaultName[];
  /** The capabilities of world and bus; absent: all. */
  readonly capabilities?: ReadonlySet<Capability>;
  /** The policy, which adds the faults of a service. */
  readonly policy?: Policy;
}

export interface StepSpace {
  /** Kinds of steps; absent: all that mean something here. */
  readonly kinds?: readonly StepName[];
  /** Kinds of faults, where `fault` is among the kinds of steps; absent: all that mean something here. */
  readonly faults?: readonly FaultName[];
  /** Messages of one publish step at most. */
  readonly countMax?: number;
  /** Payload sizes, of which each publish step takes one. */
  readonly bytes?: readonly number[];
  /** The capabilities of world and bus; absent: all. */
  readonly capabilities?: ReadonlySet<Capability>;
  /** The policy, which adds its subjects, several processes, handlers and the steps of time. */
  readonly policy?: Policy;
}

/** All that may be drawn, resolved from what was asked for. */
export interface Drawable {
  readonly steps: readonly StepName[];
  readonly faults: readonly FaultName[];
  readonly countMax: number;
  readonly bytes: readonly number[];
  readonly mayReplicate: boolean;
  readonly mayHandshake: boolean;
  readonly policy: Policy | undefined;
}

const clientFaults: readonly FaultName[] = ["cut", "hold", "limit", "blackhole", "stop-server", "pause-server"];
/** The server says an error to a bare client only. */
const bareFaults: readonly FaultName[] = [...clientFaults, "server-error"];
/** Possible only with several servers in the client's pool. */
const poolFaults: readonly FaultName[] = ["cut-server"];
/** The faults that are only possible before a process starts. */
export const coldFaults: readonly FaultName[] = ["no-jetstream", "refuse-credentials", "silent-handshake"];
const serviceFaults: readonly FaultName[] = [...clientFaults, "lose-ack", "power-loss", ...coldFaults];
export const isFaultName = (kind: string): kind is FaultName =>
  [...bareFaults, ...serviceFaults, ...poolFaults].some(one => one === kind);

function possibleFaults(policy: Policy | undefined): readonly FaultName[] {
  if (policy === undefined) return bareFaults;
  return (policy.client.servers ?? 1) > 1 ? [...serviceFaults, ...poolFaults] : serviceFaults;
}

const bareSteps: readonly StepName[] = [
  ...(["start", "publish", "flush", "drain", "close", "exit"] as const),
  ...(["together", "fault", "await-noticed", "heal"] as const),
];
const serviceSteps: readonly StepName[] = [...bareSteps, "subscribe", "signal", "advance"];
export const isStepName = (kind: string): kind is StepName => serviceSteps.some(one => one === kind);

const callNames: readonly StepName[] = ["publish", "flush", "drain", "close", "exit"] satisfies CallStep["kind"][];
export const isCallName = (kind: StepName): kind is CallStep["kind"] => callNames.includes(kind);

/** The capability that a kind of step needs whatever it says; a fault's is its kind. */
function neededBy(kind: StepName): Capability | undefined {
  switch (kind) {
    case "start":
    case "heal":
    case "fault":
      return undefined;
    case "await-noticed":
      return "stale-detection";
    default:
      return kind;
  }
}

export function drawableFaults({ kinds, capabilities, policy }: FaultSpace): readonly FaultName[] {
  return within(kinds, possibleFaults(policy), "fault", policy).filter(kind => capabilities?.has(kind) !== false);
}

export const countMaxDefault = 60;
export const bytesDefault: readonly number[] = [8, 16, 16, 16, 100, 1_000];

/** @throws RangeError where a kind or a size means nothing here */
export function drawableSteps(space: StepSpace): Drawable {
  const { kinds, faults, countMax = countMaxDefault, bytes = bytesDefault, capabilities, policy } = space;
  checkSizes(countMax, bytes);
  const has = (one: Capability): boolean => capabilities?.has(one) !== false;
  const possible = policy === undefined ? bareSteps : serviceSteps;
  const able = within(kinds, possible, "step", policy).filter(kind => {
    const needed = neededBy(kind);
    return needed === undefined || has(needed);
  });
  const asked = faults === undefined ? {} : { kinds: faults };
  const left = drawableFaults({ ...asked, ...(capabilities && { capabilities }), ...(policy && { policy }) });
  const isFaulty = able.includes("fault") && left.length > 0;
  return {
    steps: isFaulty ? able : able.filter(kind => kind !== "fault"),
    faults: isFaulty ? left : [],
    countMax,
    bytes,
    mayReplicate: policy !== undefined && has("replicas"),
    mayHandshake: has("handshake"),
    policy,
  };
}

function within<Kind extends string>(
  asked: readonly Kind[] | undefined,
  possible: readonly Kind[],
  what: string,
  policy: Policy | undefined,
): readonly Kind[] {
  const wrong = asked?.find(kind => !possible.includes(kind));
  if (wrong === undefined) return asked ?? possible;
  const where = policy === undefined ? "without a policy" : "under a policy";
  throw new RangeError(`${wrong} is no kind of ${what} ${where}; the kinds are ${possible.join(", ")}`);
}

/** The bounds of the scenario schema; all publishes of a schedule together stay within its total, too. */
const countBound = 100_000;
const bytesBounds = { least: 8, most: 1_048_576 } as const;

function checkSizes(countMax: number, bytes: readonly number[]): void {
  const isWhole = (value: number, least: number, most: number): boolean =>
    Number.isSafeInteger(value) && value >= least && value <= most;
  if (!isWhole(countMax, 1, countBound))
    throw new RangeError(`countMax must be a whole number from 1 to ${countBound}; it is ${countMax}`);
  const { least, most } = bytesBounds;
  const wrong = bytes.length === 0 ? Number.NaN : bytes.find(one => !isWhole(one, least, most));
  if (wrong !== undefined)
    throw new RangeError(`bytes must be one or more whole numbers from ${least} to ${most}; one is ${wrong}`);
}

/** No step publishes more than this, so that 60 of them stay below what one scenario may publish in all. */
const stepBytesMax = 1_048_576;
/** The same for messages. */
const stepCountMax = 1_600;
export const countWithin = (count: number, bytes: number): number =>
  Math.max(1, Math.min(count, stepCountMax, Math.floor(stepBytesMax / bytes)));

/** The bounds of a step; without sizes, any size will do. */
export type StepBounds = Pick<Drawable, "steps" | "faults" | "countMax" | "mayReplicate"> & {
  readonly bytes: readonly number[] | undefined;
};

/** True where the step could have been drawn: it is of these kinds, and no larger. A start is part of every schedule. */
export function isDrawable(step: Step, drawable: StepBounds): boolean {
  const { steps, faults } = drawable;
  if (step.kind === "start") return step.replica === undefined || drawable.mayReplicate;
  if (!steps.includes(step.kind)) return false;
  switch (step.kind) {
    case "fault":
      return faults.includes(step.fault.kind);
    case "publish":
      return step.count <= drawable.countMax && drawable.bytes?.includes(step.bytes) !== false;
    case "together":
      return step.steps.every(one => one.kind !== "publish" || isDrawable(one, { ...drawable, steps: callNames }));
    default:
      return true;
  }
}
