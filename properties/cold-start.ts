/**
 * Promises of the cold start: how long a process may wait for NATS, what it reports meanwhile, and what becomes of the messages that it
 * accepts.
 */
import { longestWaitMs } from "../models/policy/attempts.ts";
import { failsFast } from "../models/policy/restarts.ts";
import type { Fault } from "../models/vocabulary/scenario.ts";
import { messagesIn } from "./message-runs.ts";
import { type Declared, type Ending, ending, type OwnedProperty } from "./property.ts";
import { livenessText, unreadyForNothing } from "./service/probes.ts";
import { ofService } from "./service/promise.ts";
import { arrivedOf, canTell, type ProcessLife, type ServiceRecord } from "./service/record.ts";

/** The time that a busy machine may add to a bound. */
export const startMarginMs = 1_000;

const hindersDials: ReadonlySet<Fault["kind"]> = new Set([
  "cut",
  "blackhole",
  "stop-server",
  "pause-server",
  "power-loss",
  "refuse-credentials",
  "silent-handshake",
]);

/** The time that it ran, or has run by now, without a connection. */
function waitedMs({ startedAtMs, connectedAtMs, exit }: ProcessLife, nowMs: number): number {
  if (connectedAtMs !== undefined) return connectedAtMs - startedAtMs;
  return exit === undefined ? nowMs - startedAtMs : exit.tookMs;
}

const gaveUp = ({ connectedAtMs, exit }: ProcessLife): boolean =>
  connectedAtMs === undefined && (exit?.because === "startup" || exit?.because === "credentials");

/** Every process that met a hindrance is connected, or has exited with a failure, within its bound. */
function startsWithin({ lives, nowMs }: ServiceRecord, boundMs: number): Ending {
  let exercised = 0;
  let broken: string | undefined;
  for (const life of lives) {
    const ms = waitedMs(life, nowMs);
    const isOver = life.connectedAtMs !== undefined || gaveUp(life);
    const isLate = ms > boundMs + startMarginMs && (isOver || life.exit === undefined);
    if (!life.met.some(one => hindersDials.has(one)) && !gaveUp(life)) continue;
    if (!isOver && !isLate) continue;
    exercised++;
    if (isLate)
      broken ??= `replica ${life.replica} was neither connected nor gone ${ms} ms after its start; its bound is ${boundMs} ms`;
    else if (life.exit?.code === 0 && gaveUp(life))
      broken ??= `replica ${life.replica} gave up its start, and its exit code says that all went well`;
  }
  return ending(exercised, broken);
}

/** The times that the processes ran without a connection, as a sentence. */
const startsTook = ({ lives, nowMs }: ServiceRecord): string =>
  lives.length === 0
    ? "no process was started"
    : `without a connection the processes ran ${lives.map(life => `${waitedMs(life, nowMs)} ms`).join(", ")}`;

/** The time that a client may take to dial, be refused and dial again, as often as it may. One that never gives up has two dials, too. */
const refusalsMs = ({ profile, options, policy }: Declared): number =>
  Math.min(profile.firstConnect.authErrorsMax, 2) * ((policy?.startup.connectTimeoutMs ?? 0) + longestWaitMs(options));

/** The sentence on why a refusal looked like waiting; undefined: the process did what it should; false: too early to say. */
function whyLooksLikeWaiting(life: ProcessLife, nowMs: number, boundMs: number): string | false | undefined {
  const { replica, exit, clientClosed } = life;
  if (exit !== undefined) {
    if (exit.because === "credentials" || exit.because === "client-closed")
      return exit.tookMs > boundMs
        ? `replica ${replica} was refused its credentials, and said so only after ${exit.tookMs} ms`
        : undefined;
    return (
      exit.because === "startup" && `replica ${replica} was refused its credentials, and exited as if NATS were away`
    );
  }
  if (clientClosed)
    return `replica ${replica} was refused its credentials, its client has closed, and the process runs on`;
  const ms = waitedMs(life, nowMs);
  return ms > boundMs && `replica ${replica} was refused its credentials, and still waited after ${ms} ms`;
}

export const coldStart: readonly OwnedProperty[] = [
  ofService(
    "cold-start/fail-fast-ends-within-its-bound",
    {
      promise: `A process that fails fast is connected, or exits with a failure, after one pass over its servers: servers times connect timeout, and a margin of ${startMarginMs} ms.`,
      owner: "service",
      causes:
        "The client retries by itself: nats-py makes up to 60 attempts for each server (F-91). Or its connect timeout is not set, which is 20 s in nats.js (F-66).",
      appliesUnder: ({ startup }) => failsFast(startup.strategy),
    },
    "always",
    (service, { startup }) =>
      failsFast(startup.strategy)
        ? startsWithin(service, (service.declared.options.servers ?? 1) * startup.connectTimeoutMs)
        : { exercised: 0 },
    startsTook,
  ),
  ofService(
    "cold-start/retry-with-deadline-connects-or-exits",
    {
      promise: `A process that retries with a deadline is connected, or exits with a failure, by then and a margin of ${startMarginMs} ms.`,
      owner: "service",
      causes:
        "Nothing but the client ends the wait, and nats.js counts no attempts before its first connection (F-69).",
      appliesUnder: ({ startup }) => startup.strategy === "retry-with-deadline",
    },
    "always",
    (service, { startup }) =>
      startup.strategy === "retry-with-deadline" && startup.deadlineMs !== undefined
        ? startsWithin(service, startup.deadlineMs)
        : { exercised: 0 },
    startsTook,
  ),
  ofService(
    "cold-start/ready-means-usable",
    {
      promise:
        "A process says that it is ready only while its client is connected and, where a family is declared durable, a durable publish would be acknowledged; and when all has settled so, it does say it.",
      owner: "service",
      causes:
        "The readiness probe asks neither the client nor JetStream, or asks for JetStream at the start only (F-71, F-72).",
    },
    "always",
    (service, policy) => {
      const { count, broken } = service.readiness;
      const idle = service.settled ? unreadyForNothing(service, policy) : undefined;
      return ending(count + (idle === undefined ? 0 : 1), broken ?? idle);
    },
  ),
  ofService(
    "cold-start/liveness-is-independent-of-nats",
    {
      promise: "A process never says that it is not alive, and is never killed by a probe, only because NATS is away.",
      owner: "service",
      causes:
        "The liveness or the startup probe asks for the connection, or is the readiness probe. The supervisor then kills processes that only wait for NATS, again and again.",
    },
    "always",
    service => ending(service.liveness.count, livenessText(service)),
  ),
  ofService(
    "cold-start/wrong-credentials-never-look-like-waiting",
    {
      promise: "A process whose credentials are refused ends and says why; it does not look as if it waited for NATS.",
      owner: "service",
      causes:
        "The client closes for good after a refusal (F-70), and the process runs on, or exits as if NATS were away. Or the client goes on dialling, as nats-py does (F-261).",
    },
    "always",
    service => {
      const boundMs = refusalsMs(service.declared) + startMarginMs;
      const said = service.lives
        .filter(({ met }) => met.includes("refuse-credentials"))
        .map(life => whyLooksLikeWaiting(life, service.nowMs, boundMs))
        .filter(one => one !== false);
      return ending(
        said.length,
        said.find(one => one !== undefined),
      );
    },
    startsTook,
  ),
  ofService(
    "cold-start/nothing-is-lost-before-the-first-connection",
    {
      promise:
        "Every core message accepted before a process is connected for the first time arrives, or is counted as lost by the process that gives up.",
      owner: "service",
      causes:
        "The process accepts messages before it is connected (F-67), gives up its start, and does not count what it drops.",
      // Another client hands over no connection to publish on.
      appliesUnder: (_policy, profile) => profile === undefined || profile.firstConnect.retry === "background",
    },
    "eventually",
    service => {
      let exercised = 0;
      let broken: string | undefined;
      for (const { early, earlyFate, exit } of service.lives) {
        const isGivenUp = earlyFate === "waiting" && exit !== undefined && canTell(exit);
        if (!(earlyFate === "flushed" || isGivenUp) || !service.complete) continue;
        const accepted = messagesIn(early);
        const lost = accepted - arrivedOf(service, early);
        const told = exit?.toldLost ?? 0;
        exercised += accepted;
        if (lost > told)
          broken ??= `${lost} of ${accepted} messages accepted before the first connection were lost, and ${told} told of`;
      }
      return ending(exercised, broken);
    },
  ),
  ofService(
    "cold-start/a-late-jetstream-is-used-once-it-is-there",
    {
      promise:
        "A process that was started before NATS or JetStream was there publishes what is durable through JetStream once it is; it is not core NATS for life.",
      owner: "service",
      causes: "The bus asks for JetStream once, at its start, and takes its absence as final (F-71).",
    },
    "always",
    ({ late }) => ending(late.count, late.broken),
  ),
];
