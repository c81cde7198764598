/**
 * The course of one case: what it runs on, and what is known of it so far. The files beside this one are functions over it; each
 * part of the record names the file whose functions change it.
 *
 * A bare client is one replica without consumers: `service` is absent, and its process may be the shared one.
 */
import type { Content, Emit, Event, Run } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Fault, StepId } from "../../../models/vocabulary/scenario.ts";
import type { BusEvent } from "../../bus-protocol/protocol.ts";
import type { Case } from "../../world.ts";
import type { Conversation, Memory, Observer, Process, Rig } from "./rig.ts";

export type OnMemory = (memory: Memory) => void;

/** One process of the bus that runs. */
export interface Running {
  readonly replica: number;
  readonly process: Process;
  readonly startedMs: number;
  /** Events read so far, except those of its connection. */
  eventsRead: number;
  path: "jetstream" | "core" | undefined;
  ending: Extract<BusEvent, { event: "ending" }> | undefined;
  /** It was told to stop, or has ended: what its client says of its connection is not heard any more. */
  leaving: boolean;
}

/** voice.ts: how much of what can be seen has been emitted. */
export interface Emitted {
  /** Events of replica 0's process. */
  events: number;
  arrivals: number;
  foreign: number;
  /** The last answer of the probes. */
  probe: string;
}

/** link.ts and faults/: what was done to link and server, and when. */
export interface Harm {
  /** Taken before the fault in force, so that the client's word on it is not missed. */
  mark: number;
  atMs: number;
  /** When the link was opened with the handshake held. */
  handshakeAtMs: number;
  /** Faults whose effect is yet to be shown by the client's disconnect event. */
  unproven: { readonly step: StepId; readonly fault: Fault["kind"] }[];
  serverDown: boolean;
  /** The server runs, and differs from the one that every case begins with. */
  serverChanged: boolean;
  storeLost: boolean;
  paused: boolean;
  /** The client's connection when the server was paused. */
  pausedCid: number | undefined;
}

/** calls.ts: what was published. */
export interface Published {
  next: number;
  readonly firstOf: Map<StepId, number>;
  /** What the bus was told to send, in the order of the numbers. */
  readonly contents: (Run & Content)[];
  /** By publish step, on the rig's clock. */
  readonly sentAtMs: Map<StepId, number>;
  /** What went out as core NATS: only that is the observer's to see. */
  readonly core: Run[];
}

/** clocks.ts: something that the real parts measure by their own clocks. */
export interface Timer {
  readonly what: "window" | "ack wait" | "deadline" | "first pass";
  /** The earliest moment at which a window may run out: it began when the message was sent, or with the bus's last attempt. */
  readonly earliestMs?: number;
  /** When it runs out, in the scenario's time. */
  readonly atMs: number;
  /** When it runs out, on the rig's clock. */
  readonly realMs: number;
  /** For a window: whose ids it remembers. */
  readonly ids?: string;
}

/** consumers.ts: what one subject's consumer has given out. */
export interface Consumed {
  handled: number;
  /** Messages that wait for another delivery, by number: when it is due, and how often they were delivered. */
  readonly open: Map<number, { readonly delivery: number; readonly timer: Timer }>;
}

/** What a case has of a bus with a policy. */
export interface ServiceCourse {
  readonly policy: Policy;
  /** All that was emitted so far: at the end it says what a stream's limit has discarded. */
  readonly told: readonly Event[];
  /** What the scenario publishes again: only these duplicate windows matter. */
  readonly repeated: ReadonlySet<string>;
  /** consumers.ts, by subject. */
  readonly consumed: Map<string, Consumed>;
  readonly members: Map<string, Set<number>>;
  /** Everything has settled: further deliveries are beyond what is compared. */
  isDeaf: boolean;
}

export interface Course {
  readonly one: Case;
  /** Unique among those of one server. */
  readonly number: number;
  /** The connection's name at the server. */
  readonly name: string;
  readonly subject: string;
  readonly rig: Rig;
  readonly observer: Observer;
  readonly emit: Emit;
  readonly service: ServiceCourse | undefined;
  readonly onMemory: OnMemory | undefined;
  /** The step under way. */
  at: StepId;
  /** replicas.ts. The process of replica 0: the one whose client is watched. */
  first: Process;
  readonly running: Map<number, Running>;
  /** A process started ahead of its step. */
  ready: Process | undefined;
  /** Where the events of replica 0's process begin. */
  caseMark: number;
  /** A close that raised an error has said all that it had to say. */
  closeFailed: boolean;
  /** A publish that still runs while the next step is done. */
  overlapped: Promise<void> | undefined;
  readonly said: Emitted;
  readonly harm: Harm;
  readonly published: Published;
  /** clocks.ts: the scenario's own time, and what the real clocks run towards. */
  nowMs: number;
  timers: Timer[];
}

/** The harness's end of the protocol with replica 0. */
export const busOf = (course: Course): Conversation => course.first.client;

/** The injector, or a real clock, did not do what it was told: what would be seen after it says nothing of the bus. */
export class GivenUp extends Error {
  readonly step: StepId;

  constructor(step: StepId, what: string) {
    super(what);
    this.step = step;
  }
}

/** Ends the case: `what` was waited for, and did not come. */
export function giveUp(step: StepId, what: string): never {
  throw new GivenUp(step, what);
}

/** Ends the case where it is not so. */
export function mustBe(step: StepId, what: string, is: boolean): void {
  if (!is) giveUp(step, `${what} to be in force`);
}
