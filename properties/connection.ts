/** Promises of the connection. */
import type { ConnectionChange } from "../models/vocabulary/event.ts";
import { type Declared, type Property, property } from "./property.ts";

/** A repeated word is no transition: nats.js says "disconnected" again for a dial that failed midway. */
const successors: Readonly<Record<ConnectionChange, readonly ConnectionChange[]>> = {
  connected: ["connected", "disconnected", "closed"],
  disconnected: ["disconnected", "reconnected", "closed"],
  reconnected: ["reconnected", "disconnected", "closed"],
  closed: [],
};

const onlyLegalTransitions = property<{ last: ConnectionChange | undefined; seen: number; broken: string | undefined }>(
  {
    id: "connection/only-legal-transitions",
    promise: "The client's status events follow the connection's states.",
    expectation: "always",
    start: () => ({ last: undefined, seen: 0, broken: undefined }),
    on(state, event) {
      if (event.kind !== "connection") return;
      const legal =
        state.last === undefined ? event.change === "connected" : successors[state.last].includes(event.change);
      if (!legal) state.broken ??= `${event.change} after ${state.last ?? "nothing"}`;
      state.last = event.change;
      state.seen++;
    },
    end: state => ({ exercised: state.seen, ...(state.broken === undefined ? {} : { broken: state.broken }) }),
  },
);

interface Outage {
  readonly attemptsMax: number;
  outages: number;
  last: ConnectionChange | undefined;
  shutdown: boolean;
  settled: boolean;
}
const followOutage = {
  start: ({ options }: Declared): Outage => ({
    attemptsMax: options.reconnectAttemptsMax,
    outages: 0,
    last: undefined,
    shutdown: false,
    settled: false,
  }),
  on(state: Outage, event: Parameters<Property["on"]>[1]): void {
    if (event.kind === "connection") {
      if (event.change === "disconnected" && !state.shutdown) state.outages++;
      state.last = event.change;
    }
    if (event.kind === "called" && (event.call === "close" || event.call === "drain")) state.shutdown = true;
    if (event.kind === "phase" && event.phase === "settled") state.settled = true;
  },
};

const everyHealedOutageEndsConnected = property<Outage>({
  id: "connection/every-healed-outage-ends-connected",
  promise: "After an outage that heals while attempts are left the client is connected again.",
  expectation: "eventually",
  ...followOutage,
  end({ attemptsMax, outages, last, shutdown, settled }) {
    if (shutdown || attemptsMax >= 0 || !settled) return { exercised: 0 };
    return outages === 0 || last === "reconnected"
      ? { exercised: outages }
      : { exercised: outages, broken: `settled, and the client's last word is ${last}` };
  },
});

const givingUpIsVisible = property<Outage>({
  id: "connection/giving-up-is-visible",
  promise: "A client that has used up its attempts says that it is closed.",
  expectation: "eventually",
  ...followOutage,
  end({ attemptsMax, outages, last, shutdown }) {
    if (attemptsMax < 0 || shutdown) return { exercised: 0 };
    return outages === 0 || last === "closed"
      ? { exercised: outages }
      : { exercised: outages, broken: `its attempts are spent and its last word is ${last}` };
  },
});

interface Silent {
  readonly pings: boolean;
  silent: boolean;
  noticed: number;
  broken: string | undefined;
}
const aSilentLinkIsNoticed = property<Silent>({
  id: "connection/a-silent-link-is-noticed",
  promise: "A link that swallows everything is noticed by the client's own PINGs.",
  expectation: "eventually",
  start: ({ options }) => ({
    pings: options.pingIntervalMs !== undefined,
    silent: false,
    noticed: 0,
    broken: undefined,
  }),
  on(state, event) {
    if (!state.pings) return;
    if (event.kind === "fault" && event.phase === "installed")
      state.silent = event.fault === "blackhole" || event.fault === "pause-server";
    if (event.kind === "connection" && event.change === "disconnected" && state.silent) {
      state.noticed++;
      state.silent = false;
    }
    if (event.kind === "healed" && state.silent) {
      state.broken ??= `the silence before ${event.step} was never noticed`;
      state.silent = false;
    }
  },
  end: state => ({
    exercised: state.noticed + (state.broken ? 1 : 0),
    ...(state.broken === undefined ? {} : { broken: state.broken }),
  }),
});

export const connection: readonly Property[] = [
  onlyLegalTransitions,
  everyHealedOutageEndsConnected,
  givingUpIsVisible,
  aSilentLinkIsNoticed,
];
