/** Rules on the stop of a process. */
import { lameDuckMsOf, termToKillMs } from "../../../models/policy/stops.ts";
import { cut, type Draft, heal, publish, signal, start } from "../../drills/drill.ts";
import { msText } from "../../text/durations.ts";
import { type Rule, when } from "../rule.ts";
import { durableStreams } from "./streams.ts";
import { coreSubject, storedSubject } from "./subjects.ts";

/** The stops of the client's own drain, after which a library deletes the durable that it has made. */
const drains: readonly string[] = ["drain", "four-steps", "subscriptions-waited-then-close"];

const trap: Rule = {
  id: "P008",
  name: "drain-deletes-the-shared-durable",
  says: "The library makes the durable that replicas share, and a replica drains when it stops.",
  why: "The drain deletes the durable: the other replicas are given nothing, and a restart handles everything again.",
  source: "F-83, nats.go#874",
  hits: ({ policy, profile }) => {
    const [first] = durableStreams(policy);
    const deletes = policy.consume.durables === "created" && drains.includes(policy.shutdown.strategy);
    return when(first !== undefined && deletes && policy.consume.stands === undefined, () => ({
      message: `a stop by ${policy.shutdown.strategy} ${profile.name === "nats-go" ? "deletes" : "may delete"} the durable that the other replicas share`,
      remedy: 'Make the consumer before the service starts, and let the code bind to it (consume.durables "bound").',
      at: ["consume", "durables"],
      witness: {
        promise: "shutdown/stopping-one-replica-harms-no-other",
        steps: () => sharedDurable(first?.subject ?? ""),
      },
    }));
  },
};

const handles = (replica: number, subject: string): Draft => ({ kind: "subscribe", replica, subject, handler: "acks" });

const sharedDurable = (subject: string): readonly Draft[] => [
  start(),
  start(1),
  handles(1, subject),
  handles(0, subject),
  publish(subject, 3),
  signal("TERM", 1),
  publish(subject, 3),
];

const lostByAStop: Rule = {
  id: "P023",
  name: "stop-loses-what-was-accepted",
  says: "A stop drops messages that were accepted, and says nothing of them.",
  why: "What the client had in its buffer is gone, though every publish returned without an error.",
  source: "F-79, F-145",
  hits: ({ policy }) => {
    const subject = coreSubject(policy);
    const { strategy, tellsLoss } = policy.shutdown;
    const how =
      strategy === "drain-not-awaited"
        ? "calls the client's drain and ends without waiting for it"
        : `stops by ${strategy}, which drops what the client has kept while down`;
    return when(subject !== undefined && !(tellsLoss && policy.shutdown.forced), () => ({
      message: `the process ${how}, and does not say what it has lost`,
      remedy:
        strategy === "drain-not-awaited"
          ? "Wait for the client's closed event before the process ends, and report what is still unsent (shutdown.tellsLoss)."
          : "Count what is still unsent at the end of the stop, and report it as lost (shutdown.tellsLoss).",
      at: strategy === "drain-not-awaited" ? ["shutdown", "strategy"] : ["shutdown", "tellsLoss"],
      witness: {
        promise: "shutdown/nothing-accepted-is-lost-in-silence-by-a-stop",
        steps: () => [start(), cut, publish(subject ?? "", 3), signal("TERM"), heal],
      },
    }));
  },
};

const lostOnAHealthyLink: Rule = {
  id: "P043",
  name: "drain-that-nobody-waits-for",
  says: "The process calls the client's drain, and ends without waiting for it.",
  why: "Messages are lost on a healthy link, in a stop that was meant to save them.",
  source: "F-145",
  hits: ({ policy }) => {
    const subject = coreSubject(policy);
    // Whether the client has written by then is a race, so no case shows it every time.
    return when(subject !== undefined && policy.shutdown.strategy === "drain-not-awaited", () => ({
      message:
        "what is published right before SIGTERM is lost in part or as a whole, though nothing is wrong with the link",
      remedy: "Wait for the client's closed event before the process ends.",
      at: ["shutdown", "strategy"],
    }));
  },
};

const noTimeToStop: Rule = {
  id: "P017",
  name: "grace-shorter-than-the-stop",
  says: "SIGKILL comes before the stop is through.",
  why: "A handler at work is killed, and what is unsent is lost and counted by nobody.",
  source: "F-81; users-and-reliability A3",
  hits: ({ policy }) => {
    const { shutdown, supervisor, server } = policy;
    const leftMs = termToKillMs(supervisor);
    const subject = storedSubject(policy);
    const { killAfterMs: serverGraceMs } = server ?? {};
    const lameDuckMs = lameDuckMsOf(server);
    return [
      ...when(leftMs < shutdown.budgetMs, () => ({
        message: `SIGKILL comes ${msText(leftMs)} after SIGTERM, and the stop may take ${msText(shutdown.budgetMs)}`,
        remedy: `Set the grace period to ${msText(shutdown.budgetMs + (supervisor.preStopMs ?? 0))} or more, or the budget of the stop below ${msText(leftMs)}.`,
        at: ["supervisor", "killAfterMs"],
        ...(subject === undefined
          ? {}
          : {
              witness: {
                promise: "shutdown/a-stop-waits-for-its-handlers",
                steps: scaled => [
                  start(),
                  {
                    kind: "subscribe",
                    replica: 0,
                    subject,
                    handler: "acks",
                    takesMs: Math.round((termToKillMs(scaled.supervisor) + scaled.shutdown.budgetMs) / 2),
                  },
                  publish(subject, 1),
                  signal("TERM"),
                ],
              },
            }),
      })),
      ...when(serverGraceMs !== undefined && serverGraceMs < lameDuckMs, () => ({
        message: `a server has ${msText(serverGraceMs ?? 0)} to stop, and lame duck mode takes ${msText(lameDuckMs)}`,
        remedy: `Set the grace period of the servers above ${msText(lameDuckMs)}, or lame_duck_duration below ${msText(serverGraceMs ?? 0)}.`,
        at: ["server", "killAfterMs"],
      })),
    ];
  },
};

const noEnd: Rule = {
  id: "P044",
  name: "stop-without-an-end-of-its-own",
  says: "Nothing but SIGKILL ends a stop that hangs.",
  why: "A handler that hangs takes the whole grace period, and the killed process tells nobody what it lost.",
  source: "F-81, F-82",
  hits: ({ policy }) => {
    const { shutdown } = policy;
    const subject = storedSubject(policy);
    const waits = ["drain", "four-steps"].includes(shutdown.strategy);
    return when(subject !== undefined && waits && !shutdown.forced, () => ({
      message: `the stop waits for its handlers, and nothing ends it after its budget of ${msText(shutdown.budgetMs)}`,
      remedy: "End the process when the budget of its stop is over (shutdown.forced), and say so.",
      at: ["shutdown", "forced"],
      witness: {
        promise: "shutdown/a-stop-ends-within-its-budget",
        steps: () => [
          start(),
          { kind: "subscribe", replica: 0, subject: subject ?? "", handler: "hangs" },
          publish(subject ?? "", 1),
          signal("TERM"),
        ],
      },
    }));
  },
};

const openIntake: Rule = {
  id: "P045",
  name: "publishes-accepted-while-stopping",
  says: "The process takes publishes after it was told to stop.",
  why: "What comes late may be accepted, and lost with the connection.",
  source: "F-144",
  hits: ({ policy }) => {
    const stored = storedSubject(policy);
    const subject = coreSubject(policy) ?? stored;
    return when(policy.shutdown.intake === "open" && subject !== undefined && stored !== undefined, () => ({
      message: "publishes between SIGTERM and the end of the process go to the client as before",
      remedy: "Refuse publishes from SIGTERM on.",
      at: ["shutdown", "intake"],
      witness: {
        promise: "shutdown/nothing-is-accepted-after-intake-stopped",
        steps: scaled => [
          start(),
          {
            kind: "subscribe",
            replica: 0,
            subject: stored ?? "",
            handler: "acks",
            takesMs: Math.round(0.4 * Math.min(scaled.shutdown.budgetMs, termToKillMs(scaled.supervisor))),
          },
          publish(stored ?? "", 1),
          {
            kind: "signal",
            replica: 0,
            signal: "TERM",
            meanwhile: [{ id: "meanwhile", kind: "publish", count: 1, bytes: 64, subject: subject ?? "" }],
          },
        ],
      },
    }));
  },
};

export const shutdownRules: readonly Rule[] = [trap, noTimeToStop, lostByAStop, lostOnAHealthyLink, noEnd, openIntake];
