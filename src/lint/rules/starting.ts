/** Rules on the start of a process, its probes and its connection. */
import { failsForMs, questionOf } from "../../../models/policy/probes.ts";
import { longestRestartMs } from "../../../models/policy/restarts.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { advance, cut, type Draft, heal, publish, start } from "../../drills/drill.ts";
import { msText } from "../../text/durations.ts";
import { type Rule, when } from "../rule.ts";
import { durableStreams } from "./streams.ts";
import { coreSubject, storedSubject } from "./subjects.ts";

const askedOnce: Rule = {
  id: "P019",
  name: "jetstream-asked-once",
  says: "The process asks for JetStream once, at its start, and publishes durable subjects as core NATS if it is not there.",
  why: "One late start makes every durable family best-effort for the life of the process, and nothing reports it.",
  source: "F-71",
  hits: ({ policy }) => {
    const [first] = durableStreams(policy);
    return when(first !== undefined && policy.startup.jetStreamProbe === "once", () => ({
      message: `where JetStream comes late, ${first?.subject} goes out as core NATS for the life of the process`,
      remedy: 'Ask again until JetStream answers, and be ready only then (startup.jetStreamProbe "until-usable").',
      at: ["startup", "jetStreamProbe"],
      witness: {
        promise: "cold-start/a-late-jetstream-is-used-once-it-is-there",
        steps: () => [
          { kind: "fault", fault: { kind: "no-jetstream" } },
          start(),
          heal,
          publish(first?.subject ?? "", 1),
        ],
      },
    }));
  },
};

/** An outage that is longer than a probe takes to kill, and what comes after it. */
const outage = (forMs: number, restartMs: number): readonly Draft[] => [
  start(),
  cut,
  advance(forMs),
  heal,
  advance(restartMs),
];

const livenessAsksNats: Rule = {
  id: "P018",
  name: "liveness-depends-on-nats",
  says: "The liveness probe fails while NATS is away.",
  why: "An outage of NATS becomes an outage of the service: its pods are killed again and again, and come back under back-off.",
  source: "F-220; users-and-reliability A10",
  hits: ({ policy }) => {
    const { startup, supervisor } = policy;
    const { liveness } = supervisor;
    const asks = startup.liveness === "as-readiness" && startup.readiness !== "process";
    const kills =
      liveness === undefined ? "" : `, and the process is killed after ${msText(failsForMs(liveness))} of it`;
    return when(asks, () => ({
      message: `liveness is the readiness of the process, which fails while NATS is away${kills}`,
      remedy: "Let liveness look at the process alone, and readiness at NATS.",
      at: ["startup", "liveness"],
      witness: {
        promise: "cold-start/liveness-is-independent-of-nats",
        steps: ({ supervisor: scaled }) =>
          outage(
            scaled.liveness === undefined
              ? 1_000
              : (scaled.liveness.initialDelayMs ?? 0) + failsForMs(scaled.liveness) * 2,
            longestRestartMs(scaled),
          ),
      },
    }));
  },
};

const startupProbeKills: Rule = {
  id: "P024",
  name: "startup-probe-waits-for-nats",
  says: "The startup probe asks for NATS, and kills a process that only waits for it.",
  why: "A server that comes late is waited for in back-off, up to five minutes longer than it takes.",
  source: "F-220",
  hits: ({ policy }) => {
    const { startupProbe } = policy.supervisor;
    if (startupProbe === undefined || policy.startup.readiness === "process") return [];
    const asks = questionOf(startupProbe) === "readiness" || policy.startup.liveness === "as-readiness";
    return when(asks, () => ({
      message: `the startup probe kills a process that is not connected ${msText((startupProbe.initialDelayMs ?? 0) + failsForMs(startupProbe))} after its start`,
      remedy: "Let the startup probe look at the process alone, or give it more than the start may wait for NATS.",
      at: ["supervisor", "startupProbe"],
      witness: {
        promise: "cold-start/liveness-is-independent-of-nats",
        steps: ({ supervisor: { startupProbe: probe, restartMs: _, ...rest }, startup }: Policy) => [
          { kind: "fault", fault: { kind: "stop-server", signal: "TERM", awaits: "none" } },
          start(),
          advance(
            (probe?.initialDelayMs ?? 0) + (probe === undefined ? 0 : failsForMs(probe)) * 2 + startup.connectTimeoutMs,
          ),
          heal,
          advance(longestRestartMs({ ...rest, restartMs: policy.supervisor.restartMs })),
        ],
      },
    }));
  },
};

const readyWithoutNats: Rule = {
  id: "P046",
  name: "ready-while-not-usable",
  says: "The process says that it is ready while it cannot publish.",
  why: "Traffic is sent to a replica that refuses it or loses it.",
  source: "F-71, F-72",
  hits: ({ policy }) => {
    const durable = durableStreams(policy)[0]?.subject;
    const { readiness } = policy.startup;
    const lacks = readiness === "process" || (readiness === "connected" && durable !== undefined);
    return when(lacks, () => ({
      message:
        readiness === "process"
          ? "readiness says only that the process runs"
          : "readiness says that the client is connected, and not that a durable publish would be acknowledged",
      remedy: `Be ready only while the client is connected${durable === undefined ? "" : " and JetStream answers"}.`,
      at: ["startup", "readiness"],
      witness: {
        promise: "cold-start/ready-means-usable",
        steps: () =>
          readiness === "process"
            ? [start(), cut, heal]
            : [{ kind: "fault", fault: { kind: "no-jetstream" } }, start(), heal],
      },
    }));
  },
};

const givesUp: Rule = {
  id: "P015",
  name: "client-that-gives-up-and-stays",
  says: "The client gives up after some attempts, and the process lives on.",
  why: "The process never connects again, refuses everything, and may even be ready.",
  source: "F-16, lixpi#290, magistrala#1686",
  hits: ({ policy, profile }) => {
    const { reconnectAttemptsMax } = policy.client;
    const subject = coreSubject(policy) ?? storedSubject(policy);
    const mayGiveUp =
      reconnectAttemptsMax !== undefined &&
      (reconnectAttemptsMax > 0 || (reconnectAttemptsMax === 0 && profile.reconnect.zeroMeans !== "for-ever"));
    return when(mayGiveUp && policy.startup.whenClosed === "ignore" && subject !== undefined, () => ({
      message: `the client gives up after ${reconnectAttemptsMax} attempts, and nothing in the process listens for that`,
      remedy: "Set reconnectAttemptsMax to -1, or end the process when its client closes (startup.whenClosed).",
      at: ["client", "reconnectAttemptsMax"],
      witness: {
        promise: "connection/a-closed-client-leaves-no-ready-process",
        steps: () => [start(), { kind: "fault", fault: { kind: "cut", awaits: "gave-up" } }, publish(subject ?? "", 1)],
      },
    }));
  },
};

const refusedCredentials: Rule = {
  id: "P047",
  name: "refused-credentials-look-like-waiting",
  says: "A process whose credentials are refused runs on.",
  why: "It looks as if it waited for NATS, and waits for ever.",
  source: "F-70, F-261",
  hits: ({ policy }) => {
    const { strategy, whenClosed } = policy.startup;
    return when(strategy === "retry-forever" && whenClosed === "ignore", () => ({
      message: "the start retries for ever, and nothing ends it where the credentials are refused",
      remedy: 'End the process when its client closes (startup.whenClosed "exit").',
      at: ["startup", "whenClosed"],
      witness: {
        promise: "cold-start/wrong-credentials-never-look-like-waiting",
        steps: () => [{ kind: "fault", fault: { kind: "refuse-credentials" } }, start(), advance(2_000), heal],
      },
    }));
  },
};

export const startingRules: readonly Rule[] = [
  givesUp,
  livenessAsksNats,
  askedOnce,
  startupProbeKills,
  readyWithoutNats,
  refusedCredentials,
];
