/**
 * Things that a search must see for its `always` to mean anything. Each `sometimes` goal stands beside a property that would also hold if
 * there had been no trouble. A goal is data: its sentence, and how the events of one case show it.
 */
import type { Event, Run } from "../models/vocabulary/event.ts";
import type { Profile } from "../models/vocabulary/profile.ts";
import type { Fault } from "../models/vocabulary/scenario.ts";
import type { Declared } from "./property.ts";

export interface Goal {
  /** `<concern>/<what is seen>`. */
  readonly id: string;
  /** The thing to be seen, as one sentence. */
  readonly what: string;
  /** The id of the property beside which it stands. */
  readonly beside: string;
  /** True where a client of this profile can show it; absent: every client can. */
  readonly possible?: (profile: Profile) => boolean;
  /** Watches one case, event by event; returns true as soon as the goal is seen. */
  readonly watch: (declared: Declared) => (event: Event) => boolean;
}

type Is = (event: Event) => boolean;

/** These events in this order, with anything between them; where `not` holds it starts over. */
const inOrder =
  (events: readonly Is[], not: Is = () => false): Goal["watch"] =>
  () => {
    let next = 0;
    return event => {
      if (not(event)) next = 0;
      else if (events[next]?.(event)) next++;
      return next === events.length;
    };
  };

const says =
  (change: Extract<Event, { kind: "connection" }>["change"]): Is =>
  event =>
    event.kind === "connection" && event.change === change;
const fault =
  (phase: "installed" | "took-effect", kind?: Fault["kind"]): Is =>
  event =>
    event.kind === "fault" && event.phase === phase && (kind === undefined || event.fault === kind);
const arrives: Is = event => event.kind === "delivered";
const heals: Is = event => event.kind === "healed";
const isAccepted: Is = event => event.kind === "published" && event.outcome.is === "accepted";
const isRefused: Is = event => event.kind === "published" && event.outcome.is === "rejected";
const isRefusedAsFull: Is = event =>
  event.kind === "published" && event.outcome.is === "rejected" && event.outcome.kind === "buffer-full";
const isFlushed: Is = event => event.kind === "called" && event.call === "flush" && event.outcome.is === "ok";
const isDrained: Is = event => event.kind === "called" && event.call === "drain";
const beginsNotice: Is = event => event.kind === "awaits-notice";

const keepsWhileDown = ({ reconnectBuffer }: Profile): boolean => reconnectBuffer.kind === "kept";

/** Some of the accepted messages of one publish arrived and some did not. */
const aBurstInParts: Goal["watch"] = () => {
  const bursts = new Map<string, Run[]>();
  const arrived = new Set<number>();
  return event => {
    if (event.kind === "published" && event.outcome.is === "accepted")
      bursts.set(event.step, [...(bursts.get(event.step) ?? []), event]);
    if (event.kind === "delivered") for (let i = 0; i < event.count; i++) arrived.add(event.first + i);
    if (event.kind !== "observed") return false;
    return [...bursts.values()].some(runs => {
      const messages = runs.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));
      const lost = messages.filter(message => !arrived.has(message)).length;
      return lost > 0 && lost < messages.length;
    });
  };
};

/** An accepted message never arrived, and everything that did arrive was seen. */
const aSilentLoss: Goal["watch"] = () => {
  let accepted = 0;
  let arrived = 0;
  return event => {
    if (event.kind === "published" && event.outcome.is === "accepted") accepted += event.count;
    if (event.kind === "delivered") arrived += event.count;
    return event.kind === "observed" && event.complete && arrived < accepted;
  };
};

/**
 * A message accepted while the client reports that it is down arrives after the reconnect; with `andNewer`, so does one published after it.
 */
const keptArrives =
  (andNewer: boolean): Goal["watch"] =>
  () => {
    let down = false;
    let wasDown = false;
    const kept: Run[] = [];
    const newer: Run[] = [];
    let keptArrived = false;
    const isIn = (runs: readonly Run[], message: number): boolean =>
      runs.some(({ first, count }) => message >= first && message < first + count);
    return event => {
      if (event.kind === "connection") {
        wasDown ||= down;
        down = event.change === "disconnected";
      }
      if (event.kind === "published" && event.outcome.is === "accepted") {
        if (down) kept.push(event);
        else if (wasDown) newer.push(event);
      }
      if (event.kind !== "delivered") return false;
      keptArrived ||= isIn(kept, event.first);
      return keptArrived && (!andNewer || isIn(newer, event.first));
    };
  };

/** One outage accepts more bytes than the limit allows. */
const anOvershoot: Goal["watch"] = ({ options: { reconnectBufferBytesMax: limitBytes = 0 } }) => {
  let keptBytes = 0;
  let down = false;
  return event => {
    if (event.kind === "connection") {
      down = event.change === "disconnected";
      keptBytes = 0;
    }
    if (down && event.kind === "published" && event.outcome.is === "accepted")
      keptBytes += event.count * event.frameBytes;
    return limitBytes > 0 && keptBytes > limitBytes;
  };
};

export const goals: readonly Goal[] = [
  {
    id: "core-path/messages-arrive-on-both-sides-of-a-reconnect",
    what: "Messages arrive before an outage and after it.",
    beside: "core-path/no-message-is-delivered-twice",
    watch: inOrder([arrives, says("disconnected"), says("reconnected"), arrives]),
  },
  {
    id: "core-path/what-was-kept-and-what-is-newer-arrive",
    what: "A message kept while down arrives, and so does one published after the reconnect.",
    beside: "core-path/order-is-kept",
    possible: keepsWhileDown,
    watch: keptArrives(true),
  },
  {
    id: "core-path/a-message-arrives-in-spite-of-a-fault",
    what: "A message arrives while a fault is in force.",
    beside: "core-path/nothing-is-fabricated",
    watch: inOrder([fault("installed"), arrives], heals),
  },
  {
    id: "core-path/a-burst-is-cut-in-its-midst",
    what: "Of the messages of one publish step some arrive and some are lost.",
    beside: "core-path/loss-around-one-cut-is-one-block",
    watch: aBurstInParts,
  },
  {
    id: "core-path/a-fault-comes-after-a-flush",
    what: "A flush succeeds, and then a fault comes.",
    beside: "core-path/flushed-messages-arrive",
    watch: inOrder([isAccepted, isFlushed, fault("took-effect")]),
  },
  {
    id: "core-path/an-accepted-message-is-lost-in-silence",
    what: "A message that was accepted does not arrive.",
    beside: "core-path/silent-loss-only-inside-a-disturbance",
    watch: aSilentLoss,
  },
  {
    id: "core-path/a-publish-is-refused",
    what: "A publish is refused with an error that proves that nothing was handed on.",
    beside: "core-path/an-error-that-proves-nothing-happened-is-true",
    watch: inOrder([isRefused]),
  },
  {
    id: "reconnect-buffer/what-was-kept-arrives",
    what: "A message kept while down arrives after the reconnect.",
    beside: "reconnect-buffer/below-the-limit-all-arrive-in-order",
    possible: keepsWhileDown,
    watch: keptArrives(false),
  },
  {
    id: "reconnect-buffer/the-buffer-refuses-after-it-has-kept",
    what: "In one outage the buffer keeps messages until it is full, and then refuses.",
    beside: "reconnect-buffer/the-first-refusal-is-where-predicted",
    possible: keepsWhileDown,
    watch: inOrder([says("disconnected"), isAccepted, isRefusedAsFull], says("reconnected")),
  },
  {
    id: "reconnect-buffer/a-disabled-buffer-meets-an-outage",
    what: "A client without a buffer refuses what is published while it is down.",
    beside: "reconnect-buffer/disabled-refuses-every-publish",
    possible: keepsWhileDown,
    watch: ({ options }) => ((options.reconnectBufferBytesMax ?? 0) < 0 ? isRefusedAsFull : () => false),
  },
  {
    id: "reconnect-buffer/the-last-frame-overshoots-the-limit",
    what: "The last message that the buffer takes goes beyond its limit.",
    beside: "reconnect-buffer/never-holds-more-than-limit-and-one-frame",
    possible: keepsWhileDown,
    watch: anOvershoot,
  },
  {
    id: "reconnect-buffer/a-message-is-accepted-while-down",
    what: "A client that is down accepts a message, and is connected again.",
    beside: "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
    watch: inOrder([says("disconnected"), isAccepted, says("reconnected")]),
  },
  {
    id: "reconnect-buffer/a-drain-meets-what-was-kept",
    what: "A client is drained while it is down and keeps messages.",
    beside: "reconnect-buffer/a-drain-tells-of-all-that-it-leaves-unsent",
    possible: keepsWhileDown,
    watch: inOrder([says("disconnected"), isAccepted, isDrained], says("reconnected")),
  },
  {
    id: "connection/a-second-outage",
    what: "A client that has come back is disconnected again.",
    beside: "connection/only-legal-transitions",
    watch: inOrder([says("disconnected"), says("reconnected"), says("disconnected")]),
  },
  {
    id: "connection/a-server-comes-back",
    what: "The server stops, and the client is connected again.",
    beside: "connection/every-healed-outage-ends-connected",
    watch: inOrder([fault("installed", "stop-server"), says("disconnected"), says("reconnected")]),
  },
  {
    id: "connection/a-client-gives-up",
    what: "A client uses up its attempts and closes.",
    beside: "connection/giving-up-is-visible",
    // At a server error a client closes with attempts left.
    // A client that a cut meets in the midst of its drain may close, too.
    watch: inOrder(
      [fault("installed"), says("closed"), fault("took-effect")],
      event => fault("installed", "server-error")(event) || isDrained(event),
    ),
  },
  {
    id: "connection/an-outage-of-some-attempts-is-survived",
    what: "A client whose attempts are finite is connected again after two outages that took some of them.",
    beside: "connection/it-gives-up-after-its-attempts",
    watch: declared => {
      const isCounted: Is = event => event.kind === "dialled" && event.end === "healed";
      const mayGiveUp = declared.options.reconnectAttemptsMax >= 0;
      const watched = inOrder([isCounted, says("reconnected"), isCounted, says("reconnected")])(declared);
      return event => mayGiveUp && watched(event);
    },
  },
  {
    id: "connection/a-silent-link-is-noticed",
    what: "A client says that it is disconnected from a link that swallows everything.",
    beside: "connection/a-silent-link-is-noticed",
    watch: inOrder([beginsNotice, says("disconnected")]),
  },
  {
    id: "connection/a-client-closes-after-a-fault",
    what: "A client has had a fault, and has closed by the end of the case.",
    beside: "connection/a-closed-client-stays-closed",
    watch: inOrder([fault("took-effect"), event => event.kind === "closed-client"]),
  },
];
