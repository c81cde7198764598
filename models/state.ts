/**
 * The state of one bus in the model: a plain record owned by the run. Only `step` in bus.ts changes it; `copy` and `key` exist
 * for expansion. Messages are held as runs, never one object each.
 */
import { newView, type View } from "./plan.ts";
import type { Emit, Place, Run } from "./vocabulary/event.ts";
import type { StepId } from "./vocabulary/scenario.ts";

/** Consecutive messages of one size. */
export interface FrameRun extends Run {
  readonly frameBytes: number;
}

export interface OpenBurst extends FrameRun {
  readonly step: StepId;
}

export interface BusState {
  /** What the harness knows; the rest only the client and the link know. */
  view: View;
  /** `lost`: the connection has ended and the client has not noticed. `dialled`: a dial is in its handshake. */
  client: "none" | "connected" | "lost" | "disconnected" | "dialled" | "closed";
  /** A drain met a link that was down, and the client refuses every publish from then on. */
  stuck: boolean;
  /** No round trip on this connection yet. */
  fresh: boolean;
  /** The client closed its socket with bytes unread: what is on its way may be dropped. */
  reset: boolean;
  nextMessage: number;
  /** Sent on the present connection, not known to have arrived; oldest first. */
  wire: FrameRun[];
  /** How many of `wire`, oldest first, were sent before the fault in force and may have arrived in spite of it. */
  wireFree: number;
  /** Kept by the client while it is down. */
  pending: FrameRun[];
  pendingBytes: number;
  /** At the end of `wire`: in the client's own buffer, since the same tick still runs. */
  unwrittenMessages: number;
  unwrittenBytes: number;
  /** An overlapped burst whose calls run while the next step is done. */
  open: OpenBurst | undefined;
}

export const newState = (): BusState => ({
  view: newView(),
  client: "none",
  stuck: false,
  fresh: false,
  reset: false,
  nextMessage: 0,
  wire: [],
  wireFree: 0,
  pending: [],
  pendingBytes: 0,
  unwrittenMessages: 0,
  unwrittenBytes: 0,
  open: undefined,
});

export function copy(state: BusState): BusState {
  return { ...state, view: { ...state.view }, wire: state.wire.slice(), pending: state.pending.slice() };
}

/** Canonical text of a state: equal texts, equal futures. */
export function key(state: BusState): string {
  const { view } = state;
  const runs = (list: readonly FrameRun[]): string =>
    list.map(run => `${run.first}+${run.count}*${run.frameBytes}`).join(",");
  return [
    view.started ? 1 : 0,
    view.ended,
    view.link,
    view.hindrance,
    view.limitBytesLeft,
    view.keptBytes,
    view.client,
    view.quiet ? 1 : 0,
    state.client,
    state.stuck ? 1 : 0,
    state.fresh ? 1 : 0,
    state.reset ? 1 : 0,
    state.nextMessage,
    runs(state.wire),
    state.wireFree,
    runs(state.pending),
    state.pendingBytes,
    state.unwrittenMessages,
    state.open ? runs([state.open]) : "",
  ].join("|");
}

export const countOf = (runs: readonly Run[]): number => runs.reduce((sum, run) => sum + run.count, 0);

/** Takes the first `count` messages off the list. */
export function take(list: FrameRun[], count: number): FrameRun[] {
  const taken: FrameRun[] = [];
  let left = count;
  while (left > 0) {
    const head = list[0];
    if (head === undefined) throw new Error("take: more messages asked for than there are");
    if (head.count <= left) {
      taken.push(head);
      list.shift();
      left -= head.count;
      continue;
    }
    taken.push({ first: head.first, count: left, frameBytes: head.frameBytes });
    list[0] = { first: head.first + left, count: head.count - left, frameBytes: head.frameBytes };
    left = 0;
  }
  return taken;
}

export function append(list: FrameRun[], run: FrameRun): void {
  if (run.count === 0) return;
  const last = list.at(-1);
  if (last !== undefined && last.frameBytes === run.frameBytes && last.first + last.count === run.first) {
    list[list.length - 1] = { first: last.first, count: last.count + run.count, frameBytes: run.frameBytes };
  } else list.push(run);
}

/** Says that these messages reached the observer. */
export function arrive(runs: readonly FrameRun[], emit: Emit): void {
  for (const { first, count } of runs) {
    if (count === 0) continue;
    emit({ kind: "delivered", first, count });
    emit({ kind: "ended", place: "arrived", first, count });
  }
}

export function lose(runs: readonly FrameRun[], place: Place, emit: Emit): void {
  for (const { first, count } of runs) if (count > 0) emit({ kind: "ended", place, first, count });
}
