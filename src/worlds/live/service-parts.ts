/** What a case under a policy keeps of its processes, of the real clocks, and of those who consume. */
import type { Emit, Event } from "../../../models/vocabulary/event.ts";
import type { BusEvent } from "../../bus-protocol/protocol.ts";
import type { BusProcess } from "./bus-process.ts";

/** One process of the bus. */
export interface Running {
  readonly replica: number;
  readonly process: BusProcess;
  readonly startedMs: number;
  eventsSeen: number;
  path: "jetstream" | "core" | undefined;
  ending: Extract<BusEvent, { event: "ending" }> | undefined;
  /** It was told to stop, or has ended: what its client says of its connection is not heard any more. */
  leaving: boolean;
}

/** Something that the real parts measure by their own clocks. */
export interface Timer {
  readonly what: "window" | "ack wait" | "deadline" | "first pass";
  /** Of a window: it began when the message was sent, or as late as the bus's last attempt. */
  readonly earliestMs?: number;
  /** When it runs out: in the scenario's time, in real time. */
  readonly atMs: number;
  readonly realMs: number;
  /** For a window: whose ids it remembers. */
  readonly ids?: string;
}

/** Of one subject's consumer. */
export interface Consumed {
  handled: number;
  /** Messages that wait for another delivery, by number: when it is due, and how often they were delivered. */
  readonly open: Map<number, { readonly delivery: number; readonly timer: Timer }>;
}

/** Says what it is told, and keeps it in the list for the end of the case. */
export const recordedIn =
  (told: Event[], emit: Emit): Emit =>
  event => {
    told.push(event);
    emit(event);
  };
