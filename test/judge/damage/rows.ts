/**
 * What is not compared: each row takes out of a run what two runs may differ in. A run that was damaged and still holds is, without what the
 * rows name, a run that the model makes. docs/compared.md has the same rows for a reader.
 */
import type { Event } from "../../../models/vocabulary/event.ts";

export interface Row {
  readonly name: string;
  readonly reason: string;
  /** The run without what this row is about. */
  readonly without: (events: readonly Event[]) => readonly Event[];
}

export const rows: readonly Row[] = [
  {
    name: "the order across actors between two barriers",
    reason:
      "Application, client, observer, streams, handlers, processes and probes are read one after the other. Only what the harness waits for has a place: the end of each step for answers, processes and probes, a flush that said ok for arrivals, an awaited report of the client, the end of the case.",
    without: events => [...events].sort((a, b) => (actorOf(a) < actorOf(b) ? -1 : actorOf(a) > actorOf(b) ? 1 : 0)),
  },
  {
    name: "how often a client repeats that it is disconnected, up to a bound",
    reason:
      "A dial that the server has greeted and that then dies makes nats.js and nats-py say so once more; only a blackhole and a paused server let a dial get so far. A close while down, and giving up, say so once more in nats-py, and in nats.go where the last dial got a socket. The profile states which (`reconnect.reports`): up to 31 such dials in an outage, fewer where attempts are finite, none in a scenario without such a fault. How often it says that it is reconnected is compared: no more than once for a connection, in nats.js no more than it was said to be disconnected.",
    without: events =>
      events.filter((event, i) => {
        if (event.kind !== "connection" || event.change !== "disconnected") return true;
        const before = events.slice(0, i).findLast(one => one.kind === "connection" || isFirstStart(one));
        return before?.kind !== "connection" || before.change !== event.change;
      }),
  },
  {
    name: "dials refused beyond those that a heal waits for",
    reason:
      "The client dials while the heal is on its way. Where that may have used up its attempts, the case is inconclusive.",
    without: events =>
      events.map(event => (event.kind === "dialled" && event.end === "healed" ? { ...event, count: 0 } : event)),
  },
  {
    name: "the scenario's own clock on processes and probes",
    reason: "The harness moves it, and no bus sees it. Every time that a bus takes is measured beside it (`tookMs`).",
    without: events =>
      events.map(event => (event.kind === "process" || event.kind === "probe" ? { ...event, atMs: 0 } : event)),
  },
  {
    name: "the time that a publish, an end or a handler took, between the bounds that hold for it",
    reason:
      "It varies with the machine. It is never shorter than the model says by more than 50 ms, less the time for which a handler was at work before the stop. The promises of start and stop hold an end below what the policy states and a margin; a publish, a handler, and a stop beside one, takes at most a second more than the model says. A live run measures how long durable publishes take where the client stays connected, on average over a step whose calls all ended alike. An end by SIGKILL or from within has no time that a policy states.",
    without: events =>
      events.map(event => {
        if (event.kind === "handled" || event.kind === "published") {
          const { tookMs: _, ...rest } = event;
          return rest;
        }
        if (event.kind !== "process" || event.change !== "exited") return event;
        const { handlerRanMs: _, ...exited } = event;
        return { ...exited, tookMs: 0 };
      }),
  },
  {
    name: "the length of a gap of a best-effort family",
    reason:
      "It is measured in live runs alone, and the promise holds it from above: broken where its lower bound is more than a second longer than declared, kept where its upper bound is no longer, and the case is inconclusive between the two.",
    without: events => events.filter(({ kind }) => kind !== "gap"),
  },
  {
    name: "the word of a bus on what its drain has left unsent",
    reason:
      "A bus may say it or not. The promise that a drain tells of all that it leaves unsent holds it from one side: what was surely kept while down and did not arrive must be among it, and more may be.",
    without: events =>
      events.map(event => {
        if (event.kind !== "called") return event;
        const { unsent: _, ...rest } = event;
        return rest;
      }),
  },
  {
    name: "the headers of a message",
    reason:
      "No world shows them, so a run has none. A wrapper may add its own, and an id in a header is judged by what its stream does with it. Where messages of a bare client have headers, what rests on bytes is not judged, and the reason says so.",
    without: events => events,
  },
];

const isFirstStart = (event: Event): boolean =>
  event.kind === "process" && event.change === "started" && event.replica === 0;

/** Events of one actor have an order among themselves. */
function actorOf(event: Event): string {
  switch (event.kind) {
    case "published":
    case "called":
      return "application";
    case "handled":
      return `handler ${event.replica} ${event.subject}`;
    case "connection":
    case "delivered":
    case "holds":
    case "process":
    case "probe":
      return event.kind;
    default:
      return "harness";
  }
}

/** The first row without which the two are one run; undefined where no row is enough. `order` alone comes first, and the others add to it. */
export function rowOf(one: readonly Event[], other: readonly Event[]): string | undefined {
  const [order, ...others] = rows as [Row, ...Row[]];
  const isSame = (without: Row["without"]): boolean =>
    text(order.without(without(one))) === text(order.without(without(other)));
  if (isSame(events => events)) return order.name;
  return others.find(({ without }) => isSame(without))?.name;
}

/** The text of a run in which it does not matter how equal neighbours were put together. */
export const text = (events: readonly Event[]): string =>
  events
    .filter(event => event.kind !== "ended")
    .flatMap(event => {
      if (!("first" in event)) return [JSON.stringify(sorted(event))];
      const { first, count, ...rest } = event;
      return Array.from({ length: count }, (_, i) => `${first + i} ${JSON.stringify(sorted(rest))}`);
    })
    .join("\n");

const sorted = (event: object): object =>
  Object.fromEntries(Object.entries(event).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
