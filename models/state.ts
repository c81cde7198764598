/**
 * The state of one bus in the model: a plain record owned by the run. Only `step` in bus.ts changes it; `copy` and `key` exist
 * for expansion. Messages are held as runs, never one object each.
 */
import type { Choose } from "./choice.ts";
import { deliver, nextGiving, type Reach } from "./consumers.ts";
import type { View } from "./plan/plan.ts";
import {
  copyServer,
  keyOfServer,
  type ModelServer,
  newServer,
  receive,
  type Stream,
  type StreamReply,
  type Via,
} from "./server.ts";
import type { Emit, Place, Run } from "./vocabulary/event.ts";
import type { Policy } from "./vocabulary/policy.ts";
import type { Profile } from "./vocabulary/profile.ts";
import type { DrainStep, FlushStep, Options, StepId } from "./vocabulary/scenario.ts";

/** Consecutive messages of one size. */
export interface FrameRun extends Run {
  readonly frameBytes: number;
  /** Absent for a core publish on the subject of the options; set under a policy. */
  readonly via?: Via;
}

/** The part of the state that exists only under a policy. */
export interface Service {
  server: ModelServer;
  /** Every publish step so far, for those that repeat one. */
  asked: readonly { readonly step: StepId; readonly first: number }[];
  /** The last answers of the probes. */
  probe: string;
  /** Core messages that this process has accepted since its last successful round trip: the only ones that it knows may be lost. */
  unanswered: number;
  /** The client has an inbox for the answers of JetStream, which is a subscription. Beside a handler nothing asks for it. */
  hasInbox: boolean;
}

export interface OpenBurst extends FrameRun {
  readonly step: StepId;
  readonly publishers?: number;
}

/** The state that only the client, the link and the server know. What the harness knows is in the plan. */
export interface BusState {
  /** `lost`: the connection has ended and the client has not noticed. `dialled`: a dial is in its handshake. */
  client: "none" | "connected" | "lost" | "disconnected" | "dialled" | "closed";
  /** A drain met a link that was down, and the client refuses every publish from then on. */
  stuck: boolean;
  /** The connection has had no round trip yet. */
  fresh: boolean;
  /** The client closed its socket with bytes unread, so what is on its way may be dropped. */
  reset: boolean;
  nextMessage: number;
  /** Messages sent on the present connection and not known to have arrived; oldest first. */
  wire: FrameRun[];
  /** The length of the oldest part of `wire` that was sent before the fault in force, and may have arrived in spite of it. */
  wireFree: number;
  /** Messages kept by the client while it is down. */
  pending: FrameRun[];
  pendingBytes: number;
  /** Messages at the end of `wire` that are still in the client's own buffer, since the tick has not ended. */
  unwrittenMessages: number;
  unwrittenBytes: number;
  /** An overlapped burst whose calls run while the next step is done. */
  open: OpenBurst | undefined;
  /** A flush or drain that is pending while the next step is done. */
  call: FlushStep | DrainStep | undefined;
  service: Service | undefined;
}

/** The argument of a step of the model. */
export interface Bus {
  readonly state: BusState;
  /** The plan's knowledge at that point of the step. */
  readonly view: Readonly<View>;
  readonly profile: Profile;
  readonly options: Options;
  readonly choose: Choose;
  readonly emit: Emit;
  /** The number of publishers that share a burst under way. */
  readonly publishers?: number;
}

export const newState = (policy?: Policy): BusState => ({
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
  call: undefined,
  service: policy && { server: newServer(policy), asked: [], probe: "", unanswered: 0, hasInbox: false },
});

export function copy(state: BusState): BusState {
  const { wire, pending, service } = state;
  return {
    ...state,
    wire: wire.slice(),
    pending: pending.slice(),
    service: service && { ...service, server: copyServer(service.server) },
  };
}

/** The canonical text of a state. States with equal texts have equal futures, if the plan goes on from the same view by the same steps. */
export function key(state: BusState): string {
  const runs = (list: readonly FrameRun[]): string =>
    list
      .map(run => `${run.first}+${run.count}*${run.frameBytes}${run.via === undefined ? "" : JSON.stringify(run.via)}`)
      .join(",");
  return [
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
    state.call?.kind ?? "",
    state.service === undefined ? "" : keyOfService(state.service),
  ].join("|");
}

const keyOfService = ({ server, probe, unanswered, hasInbox }: Service): string =>
  [probe, unanswered, hasInbox ? 1 : 0, keyOfServer(server)].join("/");

export function countOf(runs: readonly Run[]): number {
  let sum = 0;
  for (const { count } of runs) sum += count;
  return sum;
}

/** Takes the first `count` messages off the list. */
export function take(list: FrameRun[], count: number): FrameRun[] {
  // Most lists are one run, taken whole. The list keeps its memory for the next run.
  if (list.length === 1 && list[0]?.count === count) return [list.pop() as FrameRun];
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
    taken.push(part(head, head.first, left));
    list[0] = part(head, head.first + left, head.count - left);
    left = 0;
  }
  return taken;
}

/** The messages of a run, `count` from `first` on. */
export const part = ({ frameBytes, via }: FrameRun, first: number, count: number): FrameRun =>
  via === undefined ? { first, count, frameBytes } : { first, count, frameBytes, via };

export function append(list: FrameRun[], run: FrameRun): void {
  if (run.count === 0) return;
  const last = list.at(-1);
  const goesOn =
    last !== undefined &&
    last.frameBytes === run.frameBytes &&
    last.via === run.via &&
    last.first + last.count === run.first;
  if (goesOn) list[list.length - 1] = part(last, last.first, last.count + run.count);
  else list.push(run);
}

export function reachOf(state: BusState, view: Readonly<View>, nowMs: number): Reach {
  const { hindrance, link, serverUp, jetStream } = view;
  const others = serverUp && jetStream && hindrance !== "pause";
  const isHere = others && link === "up" && state.client === "connected";
  const first = !isHere ? "away" : hindrance === "none" ? "here" : "held";
  return { nowMs, first, others };
}

const noReplies: readonly StreamReply[] = [];

/**
 * These messages reach the server, and with it the observer and the streams. Returns the reply to each sender. `afterMs`: the time that their
 * call has waited by then.
 */
export function arrive(
  { state, view, choose, emit }: Bus,
  runs: readonly FrameRun[],
  afterMs = 0,
): readonly StreamReply[] {
  if (runs.length === 0) return noReplies;
  const answers: StreamReply[] = [];
  for (const { first, count, via } of runs) {
    if (count === 0) continue;
    if (via === undefined || state.service === undefined) {
      emit({ kind: "delivered", first, count });
      emit({ kind: "ended", place: "arrived", first, count });
      continue;
    }
    const { server } = state.service;
    const reach = (): Reach => reachOf(state, view, view.nowMs);
    const hands = {
      feed: (): void => deliver(server, reach(), choose, emit),
      nextGiving: (stream: Stream) => nextGiving({ server, reach: reach(), choose, emit }, stream),
    };
    const at = { nowMs: view.nowMs + server.spentMs + afterMs, jetStream: view.jetStream };
    for (const answer of receive({ server, at, choose, emit, ...hands }, { first, count }, via)) answers.push(answer);
  }
  return answers;
}

export function lose(runs: readonly FrameRun[], place: Place, emit: Emit): void {
  for (const { first, count } of runs) if (count > 0) emit({ kind: "ended", place, first, count });
}
