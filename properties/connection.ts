/** Promises of the connection. One fold serves them all: it runs once, and each promise reads the parts that it needs. */
import type { ConnectionChange } from "../models/vocabulary/event.ts";
import type { StepId } from "../models/vocabulary/scenario.ts";
import { type Declared, type Ending, ending, type Hearing, onEach, type Property, property } from "./property.ts";
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
}

/** -1 where it never gives up. */
const attemptsOf = ({ options: { reconnectAttemptsMax }, profile: { reconnect } }: Declared): number =>
  reconnectAttemptsMax === 0 && reconnect.zeroMeans === "for-ever" ? -1 : reconnectAttemptsMax;

export const startConnection = (declared: Declared): Connection => ({
  attemptsMax: attemptsOf(declared),
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
});

export const hearsConnection = {
  connection(state, { change }) {
    if (!mayFollow(state.last, change)) state.illegal ??= `${change} after ${state.last ?? "nothing"}`;
    state.last = change;
    state.words++;
    if (change !== "disconnected") return;
    if (!state.shutdown) state.outages++;
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
  fault(state, { fault }) {
    if (fault === "server-error") state.hasHeardError = true;
  },
  phase(state, { phase }) {
    if (phase === "settled") state.settled = true;
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
  "not-awaited": endWait,
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

const givenUp = (last: ConnectionChange | undefined): string =>
  `its attempts are spent and its last word is ${last ?? "none"}`;

const ofConnection = (
  id: string,
  promise: string,
  expectation: "always" | "eventually",
  end: (state: Connection) => Ending,
): Property =>
  property<Connection>({
    id: `connection/${id}`,
    promise,
    expectation,
    start: startConnection,
    on: trackConnection,
    end,
  });

export const connection: readonly Property[] = [
  ofConnection(
    "only-legal-transitions",
    "The client's status events follow the connection's states.",
    "always",
    ({ words, illegal }) => ending(words, illegal),
  ),
  ofConnection(
    "every-healed-outage-ends-connected",
    "After an outage that heals while attempts are left the client is connected again, and stays so.",
    "eventually",
    ({ attemptsMax, outages, last, shutdown, settled, hasHeardError, lost }) => {
      if (lost !== undefined) return ending(outages, lost);
      if (shutdown || attemptsMax >= 0 || !settled || (hasHeardError && last === "closed")) return { exercised: 0 };
      const fine = outages === 0 || last === "reconnected";
      return ending(outages, fine ? undefined : `settled, and the client's last word is ${last}`);
    },
  ),
  ofConnection(
    "giving-up-is-visible",
    "A client that has used up its attempts says that it is closed.",
    "eventually",
    ({ attemptsMax, outages, last, shutdown, hasProcess, closures, unsaid }) => {
      if (hasProcess) return ending(closures, unsaid);
      if (attemptsMax < 0 || shutdown) return { exercised: 0 };
      const fine = outages === 0 || last === "closed";
      return ending(outages, fine ? undefined : givenUp(last));
    },
  ),
  ofConnection(
    "a-silent-link-is-noticed",
    "A link that swallows everything is noticed by the client's own PINGs.",
    "eventually",
    ({ noticed, unnoticed }) => ending(noticed + (unnoticed === undefined ? 0 : 1), unnoticed),
  ),
  ofConnection(
    "a-closed-client-stays-closed",
    "A client that has closed makes no connection any more.",
    "always",
    ({ lookedFor, cameBack }) => ending(lookedFor, cameBack),
  ),
  ofService(
    "connection/a-closed-client-leaves-no-ready-process",
    "A process whose client has closed for good, unasked, exits or says that it is not ready; it never lives on as a zombie.",
    "eventually",
    ({ lives, settled }) => {
      const closed = lives.filter(({ clientClosed, stopping }) => clientClosed && !stopping);
      const over = closed.filter(({ exit }) => exit !== undefined || settled);
      const zombie = over.find(({ exit, probe }) => exit === undefined && probe?.ready === true);
      return ending(over.length, zombie && `replica ${zombie.replica} says that it is ready, and its client is closed`);
    },
  ),
];
