/**
 * The letters that `exhaust` may write into a schedule: every kind of step and fault that the profile's capabilities allow. Also how often
 * each may occur, and the options and sizes that apply. All of this is printed before the first state. A new kind of step gets its letters
 * in `stepLetters`, which does not compile without them. Those of a fault are in its own file in `models/faults/`.
 */
import type { FaultKind, FaultLetter } from "../../../models/faults/fault.ts";
import { faultKinds } from "../../../models/faults/index.ts";
import { anchorsFor } from "../../../models/faults/limit.ts";
import { inlineFlushBytes } from "../../../models/reconnect-buffer.ts";
import { frameBytes, pingBytes } from "../../../models/vocabulary/frame.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { CallStep, HealAwait, Options, Scenario, Step } from "../../../models/vocabulary/scenario.ts";
import { missingCapabilities } from "../../judge/capability.ts";
import { modelCapabilities } from "../../worlds/model.ts";
import { advances, durablePublishes, healsWithinAttempts, peerStarts, signals, subscribes } from "./policy-alphabet.ts";

/** The budgets that a step spends, each with a bound. Without one on flushes and heals the space would be infinite. */
export const spendings = [
  "starts",
  "publishes",
  "flushes",
  "ends",
  "faults",
  "heals",
  "waits",
  "subscriptions",
  "signals",
  "advances",
] as const;
export type Spending = (typeof spendings)[number];
/** The most times that each budget may be spent in one schedule. */
export type Bounds = Readonly<Record<Spending, number>>;

/** A fault may be healed twice: `handshake` then `connected`, or `none` then `connected`. Under a policy two processes may start. */
export const boundsOf = (publishes: number, faults: number, policy?: Policy): Bounds => ({
  starts: policy === undefined ? 1 : 2,
  publishes,
  flushes: 2,
  ends: 1,
  faults,
  heals: 2 * faults,
  waits: faults,
  ...(policy === undefined
    ? { subscriptions: 0, signals: 0, advances: 0 }
    : { subscriptions: 2, signals: 1, advances: 2 }),
});

/** The size of every message in one schedule. Frames of different sizes multiply the states, so mixing them is left to random search. */
export interface Size {
  readonly payloadBytes: number;
  readonly frameBytes: number;
}

export interface Letter {
  readonly name: string;
  /** A budget that is spent twice is listed twice. */
  readonly spends: readonly Spending[];
  /** The step, numbered among those that spend the same: equal counts, equal ids. */
  step(nth: number, setting: ExploredSetting): Step;
  /** A word for its consequences with this client: of letters with one word only the first is in an alphabet. */
  consequences?(profile: Profile): string;
}

export interface Sizes extends Size {
  readonly subject: string;
  readonly pingBytes: number;
  /** The other size of message: the client's inline buffer holds one, and two are too much for it. */
  readonly large: Size;
  /** Byte anchors of `limit`, for messages of the first size. */
  readonly limitBytes: readonly number[];
  /** Values of `reconnectBufferBytesMax`; null: the client's default. */
  readonly bufferBytesMax: readonly (number | null)[];
}

/** The conditions of a whole exploration. */
export interface ExploredSetting {
  readonly name: string;
  readonly options: Options;
  readonly policy?: Policy;
  readonly size: Size;
}

const subject = "subject";
const payloadBytes = 16;
const flushTimeoutMs = 1_000;
/** The dials before the client gives up, in the setting where it does. */
const attemptsMax = 2;
const baseOptions: Options = { subject, reconnectWaitMs: 20, reconnectAttemptsMax: -1, cutsWith: "fin" };

/** The payload limit of a server with default settings. */
const payloadBytesMax = 1_048_576;

const sizeOf = (bytes: number, profile: Profile): Size => ({
  payloadBytes: bytes,
  frameBytes: frameBytes(subject, bytes, profile),
});

export function sizesOf(profile: Profile, publishes: number): Sizes {
  const size = sizeOf(payloadBytes, profile);
  const frame = size.frameBytes;
  const mostBytes = publishes * frame;
  // The default made explicit, disabled, a byte on either side of a frame and its very end, and a frame that a flush has made too much.
  const limits = [0, -1, frame - 1, frame, frame + 1, frame + pingBytes];
  const isLimited = modelCapabilities(profile).has("reconnect-buffer-limit");
  return {
    subject,
    ...size,
    pingBytes,
    large: sizeOf(Math.min(payloadBytesMax, Math.floor((inlineFlushBytes(profile, baseOptions) * 5) / 8)), profile),
    limitBytes: anchorsFor({ publishes }).map(({ frames, more }) => frames * frame + more),
    bufferBytesMax: [null, ...(isLimited ? limits.filter(bytes => bytes < mostBytes) : [])],
  };
}

/** Options under which some client acts differently. An option that no client reads (the redial wait) stays as it is. */
export function settingsOf(profile: Profile, sizes: Sizes): readonly ExploredSetting[] {
  const { payloadBytes, frameBytes, large } = sizes;
  const size = { payloadBytes, frameBytes };
  const all: readonly ExploredSetting[] = [
    ...sizes.bufferBytesMax.map(bytes =>
      bytes === null
        ? { name: "default options", options: baseOptions, size }
        : {
            name: `reconnectBufferBytesMax ${bytes}`,
            options: { ...baseOptions, reconnectBufferBytesMax: bytes },
            size,
          },
    ),
    { name: `payload ${large.payloadBytes} bytes`, options: baseOptions, size: large },
    { name: "cuts are resets", options: { ...baseOptions, cutsWith: "rst" }, size },
    { name: "own PINGs every 150 ms", options: { ...baseOptions, pingIntervalMs: 150, pingsOutMax: 2 }, size },
    {
      name: `gives up after ${attemptsMax} dials`,
      options: { ...baseOptions, reconnectAttemptsMax: attemptsMax },
      size,
    },
  ];
  const has = modelCapabilities(profile);
  return all.filter(one => missingCapabilities(scenarioOf(one, []), has).length === 0);
}

export const scenarioOf = ({ options, policy }: ExploredSetting, steps: readonly Step[]): Scenario => ({
  version: 1,
  id: "exhaust/schedule",
  why: "one schedule of an exhaustive pass",
  requires: [],
  options,
  ...(policy === undefined ? {} : { policy }),
  steps,
  mustHappen: [],
  expect: {},
});

/** The size of an alphabet. */
export interface Scope {
  readonly publishes: number;
  /** Numbers of messages in one publish step: two show what a client does in the middle of a loop. */
  readonly bursts: readonly number[];
  readonly burstsTogether: readonly number[];
  readonly policy?: Policy;
}

export const scopeOf = (publishes: number, policy?: Policy): Scope => ({
  publishes,
  bursts: [1, 2],
  burstsTogether: [1],
  ...(policy === undefined ? {} : { policy }),
});

/** Every letter that the profile's capabilities allow and that this number of publishes can use. */
export function alphabetOf(profile: Profile, scope: Scope): readonly Letter[] {
  const has = modelCapabilities(profile);
  const setting: ExploredSetting = { name: "", options: baseOptions, size: sizeOf(payloadBytes, profile) };
  const letters = Object.values(stepLetters).flatMap(make => make(scope));
  const tells = letters.map(({ consequences }) => consequences?.(profile));
  return letters.filter(
    (letter, i) =>
      (tells[i] === undefined || tells.indexOf(tells[i]) === i) &&
      letter.spends.filter(one => one === "publishes").length <= scope.publishes &&
      missingCapabilities(scenarioOf(setting, [letter.step(1, setting)]), has).length === 0,
  );
}

const publish = (nth: number, count: number, { size }: ExploredSetting): Step & { kind: "publish" } => ({
  id: `publish-${nth}`,
  kind: "publish",
  count,
  bytes: size.payloadBytes,
});

const publishing = (count: number): { readonly name: string; readonly spends: readonly Spending[] } => ({
  name: count === 1 ? "publish" : `publish ${count} messages`,
  spends: Array.from({ length: count }, (): Spending => "publishes"),
});

function publishLetters(count: number): readonly Letter[] {
  const { name, spends } = publishing(count);
  return [
    { name, spends, step: (nth, setting) => publish(nth, count, setting) },
    {
      name: `${name}, racing with the next step`,
      spends,
      step: (nth, setting) => ({ ...publish(nth, count, setting), overlap: true }),
    },
  ];
}

const together = (count: number, kind: EndKind): Letter => ({
  name: `together: ${publishing(count).name}, ${kind}`,
  spends: [...publishing(count).spends, "ends"],
  step: (nth, setting) => ({
    id: `together-${nth}`,
    kind: "together",
    steps: [publish(nth, count, setting), ending(kind, `${kind}-after-${nth}`)],
  }),
});

const endKinds = ["drain", "close"] as const;
type EndKind = (typeof endKinds)[number];
const ending = (kind: EndKind | "exit", id: string): CallStep => ({ id, kind });
const endLetter = (kind: EndKind | "exit"): Letter => ({
  name: kind,
  spends: ["ends"],
  step: nth => ending(kind, nth === 1 ? kind : `${kind}-${nth}`),
});

const stepLetters: { readonly [kind in Step["kind"]]: (scope: Scope) => readonly Letter[] } = {
  start: ({ policy }) => [
    {
      name: "start",
      spends: ["starts"],
      step: nth => ({ id: nth === 1 ? "start" : `start-${nth}`, kind: "start" }),
    },
    ...(policy === undefined ? [] : peerStarts()),
  ],
  publish: ({ bursts, policy }) => [
    ...bursts.flatMap(publishLetters),
    ...(policy === undefined ? [] : durablePublishes(policy)),
  ],
  flush: () => [
    {
      name: "flush",
      spends: ["flushes"],
      step: nth => ({ id: `flush-${nth}`, kind: "flush", timeoutMs: flushTimeoutMs }),
    },
  ],
  drain: () => [endLetter("drain")],
  close: () => [endLetter("close")],
  together: ({ burstsTogether }) => burstsTogether.flatMap(count => endKinds.map(kind => together(count, kind))),
  fault: scope =>
    faultKinds
      .flatMap(kind => faultLetters(kind, scope))
      .map(({ name, fault, consequences }) => ({
        name,
        ...(consequences === undefined ? {} : { consequences }),
        spends: ["faults"],
        step: (nth, { size }) => ({ id: `fault-${nth}`, kind: "fault", fault: fault(size) }),
      })),
  "await-noticed": () => [
    { name: "await-noticed", spends: ["waits"], step: nth => ({ id: `await-${nth}`, kind: "await-noticed" }) },
  ],
  heal: ({ policy }) => [
    ...(["connected", "handshake", "none"] satisfies HealAwait[]).map(
      (awaits): Letter => ({
        name: `heal, await ${awaits}`,
        spends: ["heals"],
        step: nth => ({ id: `heal-${nth}`, kind: "heal", awaits }),
      }),
    ),
    ...(policy === undefined ? [] : healsWithinAttempts(policy)),
  ],
  // No promise of a bare client is about the end of its process.
  exit: ({ policy }) => (policy === undefined ? [] : [endLetter("exit")]),
  subscribe: ({ policy }) => (policy === undefined ? [] : subscribes(policy)),
  signal: ({ policy }) => (policy === undefined ? [] : signals()),
  advance: ({ policy }) => (policy === undefined ? [] : advances(policy)),
};

/** A fault that needs a policy has no letters without one. */
const faultLetters = (kind: FaultKind, scope: Scope): readonly FaultLetter[] =>
  kind.needsPolicy && scope.policy === undefined ? [] : kind.letters(scope);

/** Kinds of step and fault that this alphabet has no letter for. */
export function kindsLeftOut(scope: Scope): readonly string[] {
  const steps = Object.entries(stepLetters).filter(([, make]) => make(scope).length === 0);
  const faults = faultKinds.filter(kind => faultLetters(kind, scope).length === 0);
  return [...steps.map(([kind]) => kind), ...faults.map(({ kind }) => kind)];
}
