/**
 * The course of one case: its rig, and what is known so far. The files beside this one are functions over it; each part of the record names
 * the file whose functions change it.
 *
 * A bare client is one replica without consumers: `service` is absent, and its process may be the shared one.
 */

import type { Content, Emit, Event, Run } from "../../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { Fault, StepId, SubscribeStep } from "../../../models/vocabulary/scenario.ts";
import type { BusEvent } from "../../bus-protocol/protocol.ts";
import type { Case } from "../../world.ts";
import type { LostHeld } from "./discarded.ts";
import type { GapClock } from "./gaps.ts";
import type { Landing } from "./landing.ts";
import type { Conversation, Memory, Observer, Process, Rig } from "./rig.ts";
import type { RealUse } from "./unused.ts";
import type { OpeningSoFar } from "./wire.ts";

export type OnMemory = (memory: Memory) => void;

/** One running process of the bus. */
export interface Running {
  readonly replica: number;
  readonly process: Process;
  readonly startedMs: number;
  /** Events read so far, except those of its connection. */
  eventsRead: number;
  /** The last moment at which its events were looked at. */
  lookedAtMs: number;
  path: "jetstream" | "core" | undefined;
  ending: Extract<BusEvent, { event: "ending" }> | undefined;
  /** It was told to stop, or has ended: its client's reports are ignored from then on. */
  leaving: boolean;
}

/** voice.ts: how much of everything seen has been emitted. */
export interface Emitted {
  /** Events of replica 0's process. */
  events: number;
  arrivals: number;
  foreign: number;
  /** The last answer of the probes. */
  probe: string;
  /** Lines of the server's log about the client. */
  logged: number;
}

/** link.ts and faults/: the disturbances of link and server, and their times. */
export interface Harm {
  /** Taken before the fault in force, so that the client's report of it is not missed. */
  mark: number;
  atMs: number;
  /** The moment at which the link was opened with the handshake held. */
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

/** calls.ts: the messages published. */
export interface Published {
  next: number;
  readonly firstOf: Map<StepId, number>;
  /** The content that the bus was told to send, in the order of the numbers. */
  readonly contents: (Run & Content)[];
  /** The moments at which messages were stored, of the scenario's time and on the rig's clock. Absent where nothing told when. */
  readonly stored: (Run & StoredAt)[];
  /** Moments on the rig's clock, and of the scenario's time with what its calls have waited, by publish step. */
  readonly sentAtMs: Map<StepId, number>;
  readonly toldAtMs: Map<StepId, number>;
  /** Messages that went out as core NATS, the only ones for the observer to see. */
  readonly core: Run[];
}

export interface StoredAt {
  readonly atMs: number;
  readonly realMs: number;
}

/** clocks.ts: something that the real parts measure by their own clocks. */
export interface Timer {
  readonly what: "window" | "age" | "ack wait" | "handler" | "deadline" | "first pass";
  /**
   * The earliest moment at which a window, an age or a handler's work may be over. A window and an age began when the message was sent, or with
   * the bus's last attempt; a handler when its message was published.
   */
  readonly earliestMs?: number;
  /** The moment at which it runs out, in the scenario's time. */
  readonly atMs: number;
  /** The moment at which it runs out, on the rig's clock. */
  readonly realMs: number;
  /** The ids that a window remembers. */
  readonly ids?: string;
  /** The window that ends: its length, the storage of its stream, and its end if no server had started since. */
  readonly window?: {
    readonly ms: number;
    readonly storage: StreamPolicy["storage"];
    readonly end: { readonly atMs: number; readonly realMs: number; readonly earliestMs: number };
  };
}

/** consumers.ts: the deliveries of one subject's consumer. */
export interface Consumed {
  handled: number;
  /** Messages that are not acknowledged. A message that is stored twice is given twice, each with deliveries of its own. */
  readonly open: Set<OpenDelivery>;
}

export interface OpenDelivery {
  readonly message: number;
  readonly delivery: number;
  /** The scenario's time at its first delivery, where that was seen. */
  readonly firstGivenMs: number | undefined;
  /** The earliest moment at which its handler can have got it. */
  readonly beganMs: number;
  /** The moment at which the next delivery is due. */
  readonly timer: Timer;
  /** The server has restarted since, and may give it again this much sooner. */
  readonly soonerMs?: number;
  /** A handler is at work on it; `isAcked`: it has acknowledged it already. */
  readonly work?: { readonly replica: number; readonly ends: Timer; readonly isAcked: boolean };
}

/** An acknowledgement that has not come to the server yet. */
export interface Unheard {
  readonly subject: string;
  readonly open: OpenDelivery;
}

/** The part of a case that a bus with a policy needs. */
export interface ServiceCourse {
  readonly policy: Policy;
  /** All events emitted so far: at the end they show what a stream's limit has discarded. */
  readonly told: readonly Event[];
  /** The ids that the scenario publishes again: only these duplicate windows matter. */
  readonly repeated: ReadonlySet<string>;
  /** consumers.ts, by subject. */
  readonly consumed: Map<string, Consumed>;
  readonly members: Map<string, Set<number>>;
  /** consumers.ts: the handlers, by replica and subject (`handlerKey`). */
  readonly handlers: Map<string, Pick<SubscribeStep, "handler" | "takesMs" | "nakDelayMs">>;
  /** unused.ts: consumers that the server deletes once nobody uses them, by subject. */
  readonly uses: Map<string, RealUse>;
  /** The moment before the operator began. */
  readonly beganAtMs: number;
  /** hearing.ts: acknowledgements of replica 0 that its client or its link keeps. */
  readonly unheard: Unheard[];
  /** seen-held.ts: the messages that a stream was seen to hold, by its name. */
  readonly seenHeld: Map<string, Set<number>>;
  /** The messages that it held at the last look; absent where something may have been stored since. */
  readonly lastHeld: Map<string, ReadonlySet<number>>;
  /** The same of streams of its name that were lost. */
  readonly lostHeld: Map<string, LostHeld>;
  /** Publishes without an answer that are proven to have stored nothing. */
  readonly neverStored: Set<Event>;
  /** Everything has settled: further deliveries are outside the comparison. */
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
  /** gaps.ts */
  readonly gaps: GapClock | undefined;
  readonly onMemory: OnMemory | undefined;
  /** The step under way, and the moment at which it began. */
  at: StepId;
  stepBeganMs: number;
  /** replicas.ts. The process of replica 0: the one whose client is watched. */
  first: Process;
  readonly running: Map<number, Running>;
  /** A process started ahead of its step. */
  ready: Process | undefined;
  /** The place where the events of replica 0's process begin. */
  caseMark: number;
  /** A close that raised an error emits nothing more. */
  closeFailed: boolean;
  /** closed.ts: connections of the server, by their ids, that may be from before the client had said `closed`; undefined until then. */
  openAtClose: ReadonlySet<number> | undefined;
  /** A call that still runs while the next step is done. */
  overlapped: Promise<void> | undefined;
  /** The bus's events before it. */
  overlapMark: number;
  /** The pending call is a publish, which the bus may not have begun yet. */
  isPublishPending: boolean;
  readonly said: Emitted;
  readonly harm: Harm;
  /** wire.ts: the openings of the link, in order. */
  readonly wire: OpeningSoFar[];
  readonly published: Published;
  readonly landing: Landing;
  /** clocks.ts: the scenario's own time, and the timers that the real clocks run towards. */
  nowMs: number;
  /** The time that publishes have waited for acknowledgements that never came. Windows and ages go on meanwhile, as in the model. */
  spentMs: number;
  timers: Timer[];
  /** The first difference between two witnesses of what happened, as a sentence. */
  doubt: string | undefined;
  /** wire.ts: the two ends of the link differ. */
  linkSpoilt: boolean;
}

/** The harness's end of the protocol with replica 0. */
export const busOf = (course: Course): Conversation => course.first.client;

/** The injector, or a real clock, did not do what it was asked. Anything seen after it proves nothing about the bus. */
export class GivenUp extends Error {
  readonly step: StepId;
  /** The machine, the servers or the faults of the harness failed, whatever the bus did. */
  readonly isByHarness: boolean;

  constructor(step: StepId, what: string, isByHarness = false) {
    super(what);
    this.step = step;
    this.isByHarness = isByHarness;
  }
}

/** Ends the case: the wait for `what` failed. */
export function giveUp(step: StepId, what: string): never {
  throw new GivenUp(step, what);
}

/** Ends the case: the machine was too slow for the scenario, or a fault is not in force, whatever the bus did. */
export function giveUpByHarness(step: StepId, what: string): never {
  throw new GivenUp(step, what, true);
}

/** Ends the case where `is` is false. */
export function mustBe(step: StepId, what: string, is: boolean): void {
  if (!is) giveUpByHarness(step, `${what} to be in force`);
}
