/**
 * The state of one bus in the model: a plain record owned by the run. Only `step` in bus.ts changes it; `copy` and `key` exist
 * for expansion. Messages are held as runs, never one object each.
 */
import type { Choose } from "./choice.ts";
import { newView, type View } from "./plan/view.ts";
import { type Answer, copyServer, keyOfServer, newServer, receive, type Server, type Via } from "./server.ts";
import type { Emit, Place, Run } from "./vocabulary/event.ts";
import type { Policy } from "./vocabulary/policy.ts";
import type { StepId } from "./vocabulary/scenario.ts";

/** Consecutive messages of one size. */
export interface FrameRun extends Run {
  readonly frameBytes: number;
  /** Under a policy; absent: a core publish on the subject of the options. */
  readonly via?: Via;
}

/** What there is only under a policy. */
export interface Service {
  server: Server;
  /** Every publish step so far, for those that publish the same again. */
  asked: readonly { readonly step: StepId; readonly first: number }[];
  /** What was said of the probes last. */
  probe: string;
  /** Core messages that this process has accepted since its last round trip that succeeded: all that it knows of what may be lost. */
  unanswered: number;
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
  service: Service | undefined;
}

export const newState = (policy?: Policy, servers?: number): BusState => ({
  view: newView(policy, servers),
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
  service: policy && { server: newServer(policy), asked: [], probe: "", unanswered: 0 },
});

export function copy(state: BusState): BusState {
  const { view, wire, pending, service } = state;
  return {
    ...state,
    view: { ...view },
    wire: wire.slice(),
    pending: pending.slice(),
    service: service && { ...service, server: copyServer(service.server) },
  };
}

/** Canonical text of a state: equal texts, equal futures. */
export function key(state: BusState): string {
  const { view } = state;
  const runs = (list: readonly FrameRun[]): string =>
    list
      .map(run => `${run.first}+${run.count}*${run.frameBytes}${run.via === undefined ? "" : JSON.stringify(run.via)}`)
      .join(",");
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
    state.service === undefined ? "" : keyOfService(state, state.service),
  ].join("|");
}

const keyOfService = ({ view }: BusState, { server, probe, unanswered }: Service): string =>
  [
    view.process,
    view.nowMs,
    view.startedAtMs,
    view.givesUp?.byMs,
    view.exitedAtMs,
    view.door,
    view.jetStream,
    view.path,
    view.peers,
    probe,
    unanswered,
    keyOfServer(server),
  ].join("/");

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
    taken.push(part(head, head.first, left));
    list[0] = part(head, head.first + left, head.count - left);
    left = 0;
  }
  return taken;
}

/** Messages of a run, `count` from `first` on. */
const part = ({ frameBytes, via }: FrameRun, first: number, count: number): FrameRun =>
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

/** These messages reach the server, and with it the observer and the streams. Gives back what each sender would be told. */
export function arrive(state: BusState, runs: readonly FrameRun[], choose: Choose, emit: Emit): Answer[] {
  const answers: Answer[] = [];
  for (const { first, count, via } of runs) {
    if (count === 0) continue;
    if (via === undefined || state.service === undefined) {
      emit({ kind: "delivered", first, count });
      emit({ kind: "ended", place: "arrived", first, count });
      continue;
    }
    for (const answer of receive(state.service.server, { first, count }, via, state.view, choose, emit))
      answers.push(answer);
  }
  return answers;
}

export function lose(runs: readonly FrameRun[], place: Place, emit: Emit): void {
  for (const { first, count } of runs) if (count > 0) emit({ kind: "ended", place, first, count });
}
