/**
 * Contradictions among the events of a run, which no bus could show, whatever its model. They are found while the events are read in their
 * order. The order across actors counts here only where the harness itself waits between two events.
 */
import type { Event, Run } from "./vocabulary/event.ts";
import type { StepId } from "./vocabulary/scenario.ts";

export type Contradiction =
  /** One publish call has two outcomes. */
  | { readonly kind: "told-twice"; readonly message: number; readonly step: StepId }
  /** A message had arrived when a step ended, and a later step made its first publish call. */
  | { readonly kind: "arrived-before-publish"; readonly message: number; readonly step: StepId }
  /** Calls are made one after the other, and messages are numbered in that order. */
  | { readonly kind: "told-out-of-order"; readonly message: number; readonly step: StepId }
  /** A case is over when it has settled. */
  | { readonly kind: "seen-after-settled"; readonly event: Event["kind"] }
  | { readonly kind: "handled-after-exit"; readonly message: number; readonly replica: number };

const seenKinds: ReadonlySet<Event["kind"]> = new Set<Event["kind"]>([
  "published",
  "called",
  "connection",
  "delivered",
  "handled",
  "process",
  "probe",
  "holds",
]);
const isSeen = (kind: Event["kind"]): boolean => seenKinds.has(kind);

/** Reads events one by one and keeps the first contradiction among them. */
export class Contradictions {
  first: Contradiction | undefined;
  private readonly toldAgain = new Set<string>();
  /** The first message of the last answer to each step that publishes again. */
  private readonly lastAgain = new Map<StepId, number>();
  /** The step whose call was answered last. */
  private lastTold: StepId | undefined;
  /** Calls are told in the order of their messages: all below `toldBelow`, except those of `untold`. */
  private toldBelow = 0;
  private readonly untold: Run[] = [];
  /** Arrived and not published, as far as has been read; `overdue` once the step of the arrival has ended. */
  private early: number[] = [];
  private readonly overdue = new Set<number>();
  private settled = false;
  private readonly exited = new Set<number>();

  read(event: Event): void {
    if (this.settled && isSeen(event.kind)) this.first ??= { kind: "seen-after-settled", event: event.kind };
    switch (event.kind) {
      case "published":
        this.published(event);
        this.lastTold = event.step;
        return;
      case "called":
        this.lastTold = event.step;
        return;
      case "delivered": {
        const end = event.first + event.count;
        for (let m = Math.max(event.first, this.toldBelow); m < end; m++) this.early.push(m);
        return;
      }
      case "step":
        if (event.phase === "ended" && this.early.length > 0) {
          for (const message of this.early) this.overdue.add(message);
          this.early = [];
        }
        return;
      case "phase":
        this.settled = event.phase === "settled";
        return;
      case "process":
        if (event.change === "exited") this.exited.add(event.replica);
        else if (event.change === "started") this.exited.delete(event.replica);
        return;
      case "handled":
        if (this.exited.has(event.replica))
          this.first ??= { kind: "handled-after-exit", message: event.first, replica: event.replica };
        return;
      default:
        return;
    }
  }

  private published(event: PublishedEvent): void {
    if (event.again === true) {
      this.publishedAgain(event);
      return;
    }
    const { step, first, count } = event;
    const end = first + count;
    if (first < this.toldBelow) {
      const isLate = this.untold.some(run => first < run.first + run.count && end > run.first);
      this.first ??= { kind: isLate ? "told-out-of-order" : "told-twice", message: first, step };
    }
    if (first > this.toldBelow) this.untold.push({ first: this.toldBelow, count: first - this.toldBelow });
    this.toldBelow = Math.max(this.toldBelow, end);
    if (this.overdue.size === 0) return;
    for (let message = first; message < end; message++)
      if (this.overdue.delete(message)) this.first ??= { kind: "arrived-before-publish", message, step };
  }

  private publishedAgain({ step, first, count }: PublishedEvent): void {
    const before = this.lastAgain.get(step);
    // One reply holds the answers to all calls of a step, in the order of its messages.
    const isLate = before !== undefined && (first < before || this.lastTold !== step);
    if (isLate && !this.toldAgain.has(`${step}/${first}`))
      this.first ??= { kind: "told-out-of-order", message: first, step };
    this.lastAgain.set(step, first);
    for (let message = first; message < first + count; message++) {
      const call = `${step}/${message}`;
      if (this.toldAgain.has(call)) this.first ??= { kind: "told-twice", message, step };
      this.toldAgain.add(call);
    }
  }
}

type PublishedEvent = Extract<Event, { readonly kind: "published" }>;
