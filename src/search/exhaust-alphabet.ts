/**
 * What `exhaust` may write into a schedule: every kind of step and fault that the profile's capabilities allow, how often each may
 * occur, and the options it is all done under. Everything here is printed before the first state.
 */
import { frameBytes, pingBytes } from "../../models/vocabulary/frame.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Fault, FaultAwait, HealAwait, Options, Scenario, Step } from "../../models/vocabulary/scenario.ts";
import { missingCapabilities } from "../capability.ts";
import { modelCapabilities } from "../worlds/model.ts";

/** What a step spends; each has a bound of its own. Without one on flushes and heals the space would be infinite. */
export const spendings = ["starts", "publishes", "flushes", "ends", "faults", "heals", "waits"] as const;
export type Spending = (typeof spendings)[number];
/** How often, at most, in one schedule. */
export type Bounds = Readonly<Record<Spending, number>>;

/** A fault may be healed twice: `handshake` then `connected`, or `none` then `connected`. */
export const boundsOf = (publishes: number, faults: number): Bounds => ({
  starts: 1,
  publishes,
  flushes: 2,
  ends: 1,
  faults,
  heals: 2 * faults,
  waits: faults,
});

export interface Letter {
  readonly name: string;
  readonly spends: readonly Spending[];
  /** The step, numbered among those that spend the same: equal counts, equal ids. */
  step(nth: number): Step;
}

export interface Sizes {
  readonly subject: string;
  readonly payloadBytes: number;
  readonly frameBytes: number;
  readonly pingBytes: number;
  /** Byte anchors of `limit`. */
  readonly limitBytes: readonly number[];
  /** Values of `reconnectBufferBytesMax`; null: the client's default. */
  readonly bufferBytesMax: readonly (number | null)[];
}

/** Options that a whole exploration is done under. */
export interface Setting {
  readonly name: string;
  readonly options: Options;
}

const subject = "subject";
const payloadBytes = 16;
const flushTimeoutMs = 1_000;
/** Dials before the client gives up, in the setting where it does. */
const attemptsMax = 2;
const baseOptions: Options = { subject, reconnectWaitMs: 20, reconnectAttemptsMax: -1, cutsWith: "fin" };

/** One size of message, since frames of different sizes multiply the states: sizes belong to random search. */
export function sizesOf(profile: Profile, publishes: number): Sizes {
  const frame = frameBytes(subject, payloadBytes);
  const mostBytes = publishes * frame;
  // Disabled, a byte on either side of a frame and its very end, and a frame that a flush has made too much.
  const limits = [-1, frame - 1, frame, frame + 1, frame + pingBytes];
  const isLimited = modelCapabilities(profile).has("reconnect-buffer-limit");
  return {
    subject,
    payloadBytes,
    frameBytes: frame,
    pingBytes,
    limitBytes: [frame - 1, frame, frame + 1, 2 * frame].filter(bytes => bytes <= mostBytes),
    bufferBytesMax: [null, ...(isLimited ? limits.filter(bytes => bytes < mostBytes) : [])],
  };
}

/** Options under which the client does something else; those that the model does not read (RST, the redial wait) stay as they are. */
export function settingsOf(profile: Profile, sizes: Sizes): readonly Setting[] {
  const all: readonly Setting[] = [
    ...sizes.bufferBytesMax.map(bytes =>
      bytes === null
        ? { name: "default options", options: baseOptions }
        : { name: `reconnectBufferBytesMax ${bytes}`, options: { ...baseOptions, reconnectBufferBytesMax: bytes } },
    ),
    { name: "own PINGs every 150 ms", options: { ...baseOptions, pingIntervalMs: 150, pingsOutMax: 2 } },
    { name: `gives up after ${attemptsMax} dials`, options: { ...baseOptions, reconnectAttemptsMax: attemptsMax } },
  ];
  return all.filter(one => missingCapabilities(scenarioOf(one.options, []), modelCapabilities(profile)).length === 0);
}

export const scenarioOf = (options: Options, steps: readonly Step[]): Scenario => ({
  version: 1,
  id: "exhaust/schedule",
  why: "one schedule of an exhaustive pass",
  requires: [],
  options,
  steps,
  mustHappen: [],
  expect: {},
});

/** Every letter that the profile's capabilities allow. */
export function alphabetOf(profile: Profile, sizes: Sizes): readonly Letter[] {
  const has = modelCapabilities(profile);
  return [...callLetters, ...faultLetters(sizes), ...afterFault].filter(
    letter => missingCapabilities(scenarioOf(baseOptions, [letter.step(1)]), has).length === 0,
  );
}

const publish = (id: string): Step & { kind: "publish" } => ({ id, kind: "publish", count: 1, bytes: payloadBytes });

const callLetters: readonly Letter[] = [
  { name: "start", spends: ["starts"], step: () => ({ id: "start", kind: "start" }) },
  { name: "publish", spends: ["publishes"], step: nth => publish(`publish-${nth}`) },
  {
    name: "publish, racing with the next step",
    spends: ["publishes"],
    step: nth => ({ ...publish(`publish-${nth}`), overlap: true }),
  },
  {
    name: "flush",
    spends: ["flushes"],
    step: nth => ({ id: `flush-${nth}`, kind: "flush", timeoutMs: flushTimeoutMs }),
  },
  { name: "drain", spends: ["ends"], step: () => ({ id: "drain", kind: "drain" }) },
  { name: "close", spends: ["ends"], step: () => ({ id: "close", kind: "close" }) },
  ...(["drain", "close"] as const).map(
    (kind): Letter => ({
      name: `together: publish, ${kind}`,
      spends: ["publishes", "ends"],
      step: nth => ({ id: "together", kind: "together", steps: [publish(`publish-${nth}`), { id: kind, kind }] }),
    }),
  ),
];

function faultLetters(sizes: Sizes): readonly Letter[] {
  const letter = (name: string, fault: Fault): Letter => ({
    name,
    spends: ["faults"],
    step: nth => ({ id: `fault-${nth}`, kind: "fault", fault }),
  });
  const awaits: readonly FaultAwait[] = ["noticed", "none", "gave-up"];
  return [
    ...awaits.map(one => letter(`cut, await ${one}`, { kind: "cut", awaits: one })),
    ...awaits.map(one => letter(`stop-server, await ${one}`, { kind: "stop-server", signal: "TERM", awaits: one })),
    letter("hold", { kind: "hold" }),
    ...sizes.limitBytes.map(bytes => letter(`limit ${bytes} bytes`, { kind: "limit", bytes })),
    letter("blackhole", { kind: "blackhole" }),
    letter("pause-server", { kind: "pause-server" }),
  ];
}

const afterFault: readonly Letter[] = [
  { name: "await-noticed", spends: ["waits"], step: nth => ({ id: `await-${nth}`, kind: "await-noticed" }) },
  ...(["connected", "handshake", "none"] satisfies HealAwait[]).map(
    (awaits): Letter => ({
      name: `heal, await ${awaits}`,
      spends: ["heals"],
      step: nth => ({ id: `heal-${nth}`, kind: "heal", awaits }),
    }),
  ),
];
