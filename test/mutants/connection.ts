/** Mutants of what a client says of its connection, and of how it gives up: tables 1 and 5 of docs/facts.md. */
import { closeForGood } from "../../models/connection.ts";
import { dialsBeforeGivingUp } from "../../models/policy/attempts.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs2 } from "../../models/profiles/nats-js-2.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import { natsPy } from "../../models/profiles/nats-py.ts";
import type { Options } from "../../models/vocabulary/scenario.ts";
import {
  type Bare,
  blackhole,
  close,
  counted,
  cut,
  fault,
  flush,
  heal,
  publish,
  scenarioWith,
  start,
} from "../models/cases.ts";
import {
  isConnection,
  isFault,
  isHeal,
  type Moment,
  type Mutant,
  rewriting,
  seeing,
  silentAbout,
  withoutLetter,
} from "./mutant.ts";
import { whileDown } from "./rows.ts";

const gaveUp = scenarioWith([start, publish(5), flush(), cut("gave-up"), publish(2)], { reconnectAttemptsMax: 3 });
const twice = scenarioWith([start, cut(), publish(2), heal(), flush(), cut(), publish(2), heal(), flush()]);
const outage = (dials: number): readonly Bare[] => [counted(dials), publish(2), heal(), flush()];
const attemptsOf = (max: number): Pick<Options, "reconnectAttemptsMax"> => ({ reconnectAttemptsMax: max });
const outagesOfThree = scenarioWith([start, flush(), ...outage(3), ...outage(3)], attemptsOf(5));

/** Closes for good at the heal of a counted outage, where `isSpent` says so of its number of dials. */
const closesAtHeal =
  (newSpender: (max: number) => (dials: number) => boolean): NonNullable<Mutant["does"]> =>
  () => {
    let isSpent: ((dials: number) => boolean) | undefined;
    return (moment, go) => {
      const { state, profile, options, emit } = moment;
      const { dialsAwaited } = moment.planned.before;
      isSpent ??= newSpender(dialsBeforeGivingUp(profile, options));
      const closes = isHeal(moment) && dialsAwaited > 0 && isSpent(dialsAwaited) && state.client !== "closed";
      if (closes) closeForGood(state, profile.close.events.down, "reconnect buffer", emit);
      go();
    };
  };

const givesUp = ({ planned }: Moment): boolean =>
  planned.step.kind === "fault" && "awaits" in planned.step.fault && planned.step.fault.awaits === "gave-up";

const lost = fault({ kind: "cut-server" });
const ended = fault({ kind: "cut-server", stays: true });

export const connectionMutants: readonly Mutant[] = [
  {
    name: "never says that it is connected again",
    row: "F-1: wait for the client's own disconnect event, restore, reconnect",
    declared: natsGo,
    does: rewriting(silentAbout("reconnected")),
    where: whileDown(),
    killedBy: ["connection/every-healed-outage-ends-connected", "conformance"],
  },
  {
    name: "says of its first outage only that it is disconnected",
    row: "F-1: wait for the client's own disconnect event",
    declared: natsJs3,
    does: () => {
      let outages = 0;
      return rewriting(event => (isConnection(event, "disconnected") && outages++ > 0 ? [] : event))();
    },
    where: twice,
    killedBy: ["conformance"],
  },
  {
    name: "says that it is connected for the first time after each outage",
    row: "F-1: restore, reconnect",
    declared: natsJs2,
    does: rewriting(event =>
      isConnection(event, "reconnected") ? { kind: "connection", change: "connected" } : event,
    ),
    where: twice,
    killedBy: ["connection/only-legal-transitions", "conformance"],
  },
  {
    name: "says twice that it is connected again",
    row: "F-201: nats.go says it once for each connection that it makes",
    declared: natsGo,
    does: rewriting(event => (isConnection(event, "reconnected") ? [event, event] : event)),
    where: twice,
    killedBy: ["conformance"],
  },
  {
    name: "says more often that it is connected again than that it was not",
    row: "F-201: nats.js says the one as often as the other",
    declared: natsJs2,
    does: rewriting(event => (isConnection(event, "reconnected") ? [event, event] : event)),
    where: scenarioWith([start, flush(), blackhole, publish(2), heal(), flush()]),
    killedBy: ["conformance"],
  },
  {
    name: "says each of its reports of a cut twice",
    row: "F-201: only a dial that was greeted is told once more, and a cut lets none of them get so far",
    declared: natsJs3,
    does: rewriting(event => (isConnection(event, "disconnected", "reconnected") ? [event, event] : event)),
    where: twice,
    killedBy: ["conformance"],
  },
  {
    name: "says that it is disconnected after it has closed",
    row: "F-38: close: closed",
    declared: natsJs3,
    does: rewriting(event =>
      isConnection(event, "closed") ? [event, { kind: "connection", change: "disconnected" }] : event,
    ),
    where: scenarioWith([start, publish(3), flush(), close]),
    killedBy: ["connection/only-legal-transitions", "conformance"],
  },
  {
    name: "connects again after it has closed",
    row: "F-38: close: closed",
    declared: natsGo,
    does: rewriting(event => (event.kind === "closed-client" ? { ...event, is: "back" } : event)),
    where: scenarioWith([start, publish(3), cut(), heal(), close]),
    killedBy: ["connection/a-closed-client-stays-closed", "conformance"],
  },
  {
    name: "closes for good when its server stops",
    row: "F-40: SIGTERM or SIGKILL of the server: clients see EOF at once",
    declared: natsJs3,
    does: () => {
      let isClosed = false;
      return (moment, go) => {
        const { state, profile, emit } = moment;
        go({ emit: event => (isClosed && event.kind === "connection" ? undefined : emit(event)) });
        if (!isFault(moment, "stop-server") || state.client !== "disconnected") return;
        closeForGood(state, profile.close.events.down, "reconnect buffer", emit);
        isClosed = true;
      };
    },
    where: scenarioWith([
      start,
      flush(),
      fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" }),
      publish(5),
      heal(),
    ]),
    killedBy: ["connection/every-healed-outage-ends-connected", "conformance"],
  },
  {
    name: "never says that it has given up",
    row: "F-16: three attempts × 50 ms, and every client is closed after 150 ms",
    declared: natsGo,
    does: rewriting(silentAbout("closed"), givesUp),
    where: gaveUp,
    killedBy: ["connection/giving-up-is-visible", "conformance"],
  },
  {
    name: "comes back after it has given up",
    row: "F-16: three attempts × 50 ms, and every client is closed after 150 ms",
    declared: natsJs3,
    does: () => {
      let spent = false;
      return (moment, go) => {
        go();
        if (givesUp(moment)) spent = true;
        if (spent && moment.planned.kind === "settle") moment.emit({ kind: "connection", change: "reconnected" });
      };
    },
    where: gaveUp,
    killedBy: ["connection/only-legal-transitions", "connection/giving-up-is-visible", "conformance"],
  },
  {
    name: "accepts what is published after it has given up",
    row: "F-16: every client is closed; a publish then says so",
    declared: natsJs3,
    does: () => {
      let spent = false;
      return (moment, go) => {
        if (givesUp(moment)) spent = true;
        if (!spent) return go();
        go({
          emit: event => moment.emit(event.kind === "published" ? { ...event, outcome: { is: "accepted" } } : event),
        });
      };
    },
    where: gaveUp,
    killedBy: ["conformance"],
  },
  {
    name: "counts its attempts on from one outage to the next",
    row: "F-148: the count of failed dials begins anew when it is connected again",
    declared: natsGo,
    does: closesAtHeal(max => {
      let spent = 0;
      return dials => {
        spent += dials;
        return spent >= max;
      };
    }),
    where: outagesOfThree,
    killedBy: [
      "connection/every-healed-outage-ends-connected",
      "connection/it-gives-up-after-its-attempts",
      "conformance",
    ],
  },
  {
    name: "gives up one attempt early",
    row: "F-148: it is still dialling after all but the last of its attempts",
    declared: natsJs3,
    does: closesAtHeal(max => dials => dials >= max - 1),
    where: scenarioWith([start, flush(), ...outage(4)], attemptsOf(5)),
    killedBy: [
      "connection/every-healed-outage-ends-connected",
      "connection/it-gives-up-after-its-attempts",
      "conformance",
    ],
  },
  {
    name: "gives up one attempt late",
    row: "F-148: it closes after its last attempt",
    declared: natsPy,
    does: rewriting(event =>
      event.kind === "dialled" && event.end === "gave-up" ? { ...event, count: event.count + 1 } : event,
    ),
    where: scenarioWith([start, flush(), counted("all"), publish(2)], attemptsOf(3)),
    killedBy: ["connection/it-gives-up-after-its-attempts", "conformance"],
  },
  {
    name: "dials on when its attempts are spent",
    row: "F-148: it closes after its last attempt",
    declared: natsGo,
    does: rewriting(event => {
      if (isConnection(event, "closed")) return [];
      return event.kind === "dialled" ? { ...event, count: event.count + 1, end: "went-on" } : event;
    }, givesUp),
    where: scenarioWith([start, flush(), counted("all"), publish(2)], attemptsOf(2)),
    killedBy: ["connection/giving-up-is-visible", "connection/it-gives-up-after-its-attempts", "conformance"],
  },
  {
    name: "dials only the server that it has lost",
    row: "F-290: each client is connected to the next server of its pool",
    declared: natsGo,
    does: () => (moment, go) => go(isFault(moment, "cut-server") ? seeing(moment, { servers: 1 }) : {}),
    where: scenarioWith([start, flush(), fault({ kind: "cut-server" }), publish(5)], { servers: 2 }),
    killedBy: ["connection/every-healed-outage-ends-connected", "conformance"],
    beyond: withoutLetter("the loss of one server of a pool without a policy"),
  },
  {
    name: "keeps a server in its pool whose attempts are spent",
    row: "F-291: it closes beside a server that is open",
    declared: natsJs3,
    does: () => (moment, go) => go(isFault(moment, "cut-server") ? seeing(moment, { pool: "unlimited" }) : {}),
    where: scenarioWith(
      [start, flush(), lost, ...Array.from({ length: 2 }, () => [publish(1), ended]).flat(), heal(), publish(1), lost],
      { servers: 2, reconnectAttemptsMax: 2 },
    ),
    killedBy: ["conformance"],
    beyond: withoutLetter("the loss of one server of a pool without a policy"),
  },
];
