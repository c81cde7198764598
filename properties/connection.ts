/** Promises of the connection. One fold serves them all: it runs once, and each promise reads the parts that it needs. */
import { dialsBeforeGivingUp } from "../models/policy/attempts.ts";
import type { ConnectionChange } from "../models/vocabulary/event.ts";
import type { StepId } from "../models/vocabulary/scenario.ts";
import {
  type Declared,
  type Ending,
  ending,
  type Hearing,
  type OwnedProperty,
  onEach,
  ownedProperty,
  type Wording,
} from "./property.ts";
import { ofService } from "./service/promise.ts";

/** A repeated report is no transition: nats.js reports "disconnected" again for a dial that failed midway. */
function mayFollow(last: ConnectionChange | undefined, change: ConnectionChange): boolean {
  switch (last) {
    // A client that is set to retry may close for good without ever having been connected.
    case undefined:
      return change === "connected" || change === "closed";
    case "connected":
    case "reconnected":
      return change === last || change === "disconnected" || change === "closed";
    case "disconnected":
      return change === "disconnected" || change === "reconnected" || change === "closed";
    case "closed":
      return false;
  }
}

export interface Connection {
  readonly attemptsMax: number;
  /** Dials that may fail before it gives up. */
  readonly dialsMax: number;
  /** The client's last report, and the number of reports. */
  last: ConnectionChange | undefined;
  words: number;
  illegal: string | undefined;
  outages: number;
  /** A process surrounds the client: its supervisor may start another, and an outage may heal within the attempts. */
  hasProcess: boolean;
  /** Processes that ended because their client had closed for good, and the first whose client had not reported it. */
  closures: number;
  unsaid: string | undefined;
  shutdown: boolean;
  /** The server has sent an error, after which a client may close for good. */
  hasHeardError: boolean;
  settled: boolean;
  /** A silent link is in force; the number of times that this was noticed, and the first time that it was not. */
  silent: boolean;
  noticed: number;
  unnoticed: string | undefined;
  /** Closed clients that the server's list of connections was read for, and the first that had come back. */
  lookedFor: number;
  cameBack: string | undefined;
  /** The client's loss of a link that had healed for good. */
  lost: string | undefined;
  /** Counted outages that the client gave up in, or was to survive; of the second kind, whether one is yet to end connected. */
  spent: number;
  survivable: number;
  isAwaited: boolean;
  /** One server of a pool was cut off, and the client has not reported since; the times that it was connected to another one after that. */
  isHopping: boolean;
  hops: number;
  /** The first survivable outage after which it was not connected again, and the first wrong number of dials. */
  unreturned: string | undefined;
  miscounted: string | undefined;
}

/** -1 where it never gives up. */
const attemptsOf = ({ options: { reconnectAttemptsMax }, profile: { reconnect } }: Declared): number =>
  reconnectAttemptsMax === 0 && reconnect.zeroMeans === "for-ever" ? -1 : reconnectAttemptsMax;

export const startConnection = (declared: Declared): Connection => ({
  attemptsMax: attemptsOf(declared),
  dialsMax: dialsBeforeGivingUp(declared.profile, declared.options),
  last: undefined,
  words: 0,
  illegal: undefined,
  outages: 0,
  hasProcess: false,
  closures: 0,
  unsaid: undefined,
  shutdown: false,
  hasHeardError: false,
  settled: false,
  silent: false,
  noticed: 0,
  unnoticed: undefined,
  lookedFor: 0,
  cameBack: undefined,
  lost: undefined,
  spent: 0,
  survivable: 0,
  isAwaited: false,
  isHopping: false,
  hops: 0,
  unreturned: undefined,
  miscounted: undefined,
});

export const hearsConnection = {
  connection(state, { change }) {
    if (!mayFollow(state.last, change)) state.illegal ??= `${change} after ${state.last ?? "nothing"}`;
    const isRepeated = state.last === change;
    state.last = change;
    state.words++;
    if (change === "reconnected") {
      state.isAwaited = false;
      if (state.isHopping) state.hops++;
      state.isHopping = false;
    }
    if (change === "closed" && state.isAwaited) closesTooSoon(state);
    if (change !== "disconnected") return;
    if (!state.shutdown && !isRepeated) state.outages++;
    if (state.silent) state.noticed++;
    state.silent = false;
  },
  called(state, { call }) {
    if (call === "close" || call === "drain" || call === "exit") state.shutdown = true;
  },
  process(state, event) {
    if (event.replica !== 0) return;
    state.hasProcess = true;
    // The next process has a new client.
    if (event.change === "started") state.last = undefined;
    else if (event.change === "exited" && event.because === "client-closed") {
      state.closures++;
      if (state.last !== "closed") state.unsaid ??= givenUp(state.last);
    } else if (event.change === "stopping" || event.change === "exited") state.shutdown = true;
  },
  fault(state, { fault, phase }) {
    if (fault === "server-error") state.hasHeardError = true;
    if (phase === "installed") state.isHopping = fault === "cut-server";
  },
  dialled(state, { step, count, end }) {
    if (end !== "healed") {
      state.spent++;
      if (end === "went-on" || count !== state.dialsMax) state.miscounted ??= wrongCount(state, step, count, end);
      return;
    }
    state.survivable++;
    state.isAwaited = true;
    if (state.last === "closed") closesTooSoon(state);
  },
  phase(state, { phase }) {
    if (phase !== "settled") return;
    state.settled = true;
    if (state.isAwaited) state.unreturned ??= notBack(state.last);
  },
  "closed-client"(state, { is, proof }) {
    state.lookedFor++;
    if (is === "back") state.cameBack ??= `a client that had closed is connected again${proof ? `: ${proof}` : ""}`;
  },
  "healed-link-lost"(state, { times, proof }) {
    state.lost = `everything had healed, and the client came back and lost its connection ${times} times: ${proof}`;
  },
  "awaits-notice"(state) {
    state.silent = true;
  },
  "not-awaited"(state, event) {
    if (event.byHarness === true) state.silent = false;
    else endWait(state, event);
  },
  step(state, event) {
    if (event.phase === "ended") endWait(state, event);
  },
} satisfies Hearing<Connection>;
export const trackConnection = onEach<Connection>(hearsConnection);

/** Its time is over. Later reports may come from the harness, which ends a silent link. */
function endWait(state: Connection, { step }: { readonly step: StepId }): void {
  if (state.silent) state.unnoticed ??= `the silence awaited at ${step} was not noticed in its time`;
  state.silent = false;
}

/** It gave up in an outage that was over before its last attempt. */
function closesTooSoon(state: Connection): void {
  state.isAwaited = false;
  state.unreturned ??= notBack("closed");
  state.miscounted ??= `it had closed in an outage that left some of its ${state.dialsMax} dials`;
}

const wrongCount = ({ dialsMax }: Connection, step: StepId, count: number, end: "gave-up" | "went-on"): string =>
  `${step}: it ${end === "gave-up" ? "gave up" : "went on"} after ${count} dial${count === 1 ? "" : "s"}; its attempts allow ${dialsMax}`;

const notBack = (last: ConnectionChange | undefined): string =>
  `settled, and the client's last word is ${last ?? "none"}`;

const givenUp = (last: ConnectionChange | undefined): string =>
  `its attempts are spent and its last word is ${last ?? "none"}`;

const ofConnection = (
  id: string,
  wording: Wording,
  expectation: "always" | "eventually",
  end: (state: Connection) => Ending,
): OwnedProperty =>
  ownedProperty<Connection>({
    id: `connection/${id}`,
    ...wording,
    expectation,
    start: startConnection,
    on: trackConnection,
    end,
  });

export const connection: readonly OwnedProperty[] = [
  ofConnection(
    "only-legal-transitions",
    {
      promise: "The client's status events follow the connection's states.",
      owner: "client",
      causes:
        "The client comes back after it has closed (F-200), or reports its states in another order. A wrapper that does not forward a report looks the same.",
    },
    "always",
    ({ words, illegal }) => ending(words, illegal),
  ),
  ofConnection(
    "every-healed-outage-ends-connected",
    {
      promise: "After an outage that heals while attempts are left the client is connected again, and stays so.",
      owner: "client",
      causes:
        "The client closes while it has attempts left, or loses the healed link again and again. A wrapper that closes the client in an outage looks the same.",
    },
    "eventually",
    ({ attemptsMax, outages, last, shutdown, settled, hasHeardError, survivable, unreturned, lost }) => {
      if (lost !== undefined) return ending(outages, lost);
      if (shutdown || !settled || (hasHeardError && last === "closed")) return { exercised: 0 };
      // A client that may give up is held to the outages whose dials were counted.
      if (attemptsMax >= 0) return ending(survivable, unreturned);
      const fine = outages === 0 || last === "reconnected";
      return ending(outages, fine ? undefined : notBack(last));
    },
  ),
  ofConnection(
    "giving-up-is-visible",
    {
      promise: "A client that has used up its attempts says that it is closed.",
      owner: "client",
      causes:
        "The client gives up without its closed event, or its wrapper does not forward it. nats.js never gives up before its first connection (F-69).",
    },
    "eventually",
    ({ attemptsMax, outages, survivable, hops, last, shutdown, settled, hasProcess, closures, unsaid }) => {
      if (hasProcess) return ending(closures, unsaid);
      // A case that was given up may have ended before the client had its time.
      if (attemptsMax < 0 || shutdown || !settled) return { exercised: 0 };
      const toGiveUp = Math.max(0, outages - survivable - hops);
      const fine = toGiveUp === 0 || last === "closed";
      return ending(toGiveUp, fine ? undefined : givenUp(last));
    },
  ),
  ofConnection(
    "it-gives-up-after-its-attempts",
    {
      promise:
        "A client gives up after the attempts that it was given: no dial sooner, no dial later, and every outage has all of them.",
      owner: "client",
      causes:
        "The bus sets another number than was meant: 0 gives up at once in nats.go (F-86) and never in nats-py (F-122). nats-py makes one dial more than its attempts (F-148).",
    },
    "always",
    ({ spent, survivable, attemptsMax, shutdown, hasHeardError, miscounted }) => {
      if (attemptsMax < 0 || shutdown || hasHeardError) return { exercised: 0 };
      return ending(spent + survivable, miscounted);
    },
  ),
  ofConnection(
    "a-silent-link-is-noticed",
    {
      promise: "A link that swallows everything is noticed by the client's own PINGs.",
      owner: "client",
      causes:
        "PINGs are switched off or rare. By default a client sends one every 2 minutes, and takes a link for dead when more than 2 are unanswered (F-87).",
    },
    "eventually",
    ({ noticed, unnoticed }) => ending(noticed + (unnoticed === undefined ? 0 : 1), unnoticed),
  ),
  ofConnection(
    "a-closed-client-stays-closed",
    {
      promise: "A client that has closed makes no connection any more.",
      owner: "client",
      causes:
        "The client does not give up the dial that it was at when it was closed, as nats-py now and then (F-200). A wrapper that makes a new client looks the same.",
    },
    "always",
    ({ lookedFor, cameBack }) => ending(lookedFor, cameBack),
  ),
  ofService(
    "connection/a-closed-client-leaves-no-ready-process",
    {
      promise:
        "A process whose client has closed for good, unasked, exits or says that it is not ready; it never lives on as a zombie.",
      owner: "service",
      causes:
        "The client closes for good, out of attempts (F-16) or refused (F-70). Nothing in the process listens for that, and its probe stays ready.",
    },
    "eventually",
    ({ lives, settled }) => {
      const closed = lives.filter(({ clientClosed, stopping }) => clientClosed && !stopping);
      const over = closed.filter(({ exit }) => exit !== undefined || settled);
      const zombie = over.find(({ exit, probe }) => exit === undefined && probe?.ready === true);
      return ending(over.length, zombie && `replica ${zombie.replica} says that it is ready, and its client is closed`);
    },
  ),
];
