/**
 * A handler that says something else to the server than an acknowledgement at the end of its work: naks, terminates, acknowledges early, has
 * its acknowledgement lost, or says that it is at work. As a slow handler it comes first after the start, and is drawn from a stream of its own.
 */
import type { Capability, Handler } from "../../models/vocabulary/scenario.ts";
import { advanceAround, durableSubject, type PolicyDraft, publish, signal, start, subscribe } from "./policy-draft.ts";
import { type Random, randomOf } from "./random.ts";

const share = 0.15;
const others: readonly Handler[] = ["naks", "naks", "terminates", "acks-early", "loses-ack", "in-progress"];
const workMsMax = 10_000;
/** A real clock tells shorter waits from none no better than a busy machine does. */
const waitMsMin = 1_000;

export function otherHandler(word: string, whole: PolicyDraft): void {
  const { policy, capabilities, subjects } = whole;
  const random = randomOf(word, "other-handlers");
  const draft: PolicyDraft = { ...whole, random };
  const isPossible = (["subscribe", "slow-handlers", "all-handlers", "signal", "advance"] as const).every(one =>
    capabilities.has(one),
  );
  if (!random.chance(share) || !isPossible || subjects.durable.length === 0) return;
  const subject = durableSubject(draft);
  const isTouched = draft.steps.some(
    one => (one.kind === "publish" || one.kind === "subscribe") && one.subject === subject,
  );
  if (isTouched) return;
  const replica = capabilities.has("replicas") && random.chance(0.3) ? 1 : 0;
  const isRunning = draft.steps.some(one => one.kind === "start" && (one.replica ?? 0) === replica);
  if (replica > 0 && !isRunning) start(draft, replica);
  if (replica === 0) whole.isSubscribed = true;
  const { ackWaitMs } = policy.consume;
  switch (random.pick(others)) {
    case "naks":
      naks(draft, replica, subject);
      // What stands between the handler and the server may hold a nak, and the plan refuses it.
      whole.capabilities = new Set([...capabilities].filter(one => !holdingNaks.includes(one)));
      return;
    case "acks-early":
      works(draft, replica, subject, "acks-early");
      return;
    case "in-progress":
      works(draft, replica, subject, "in-progress");
      return;
    case "terminates":
      subscribe(draft, replica, subject, "terminates");
      break;
    default:
      subscribe(draft, replica, subject, "loses-ack");
  }
  publish(draft, { subject, most: 5 });
  for (let left = random.int(0, 2); left > 0; left--) advanceAround(draft, ackWaitMs);
}

/** The faults that may hold a nak: all but a cut. */
const holdingNaks: readonly Capability[] = [
  ...(["stop-server", "hold", "limit", "blackhole", "pause-server", "lose-ack", "power-loss", "no-jetstream"] as const),
  ...(["refuse-credentials", "silent-handshake", "server-error"] as const),
];

/** One message after the other, and the delay or the ack wait after each. */
function naks(draft: PolicyDraft, replica: number, subject: string): void {
  const { random, policy } = draft;
  const { ackWaitMs, deliverMax } = policy.consume;
  const delays = [ackWaitMs / 2, ackWaitMs * 1.5].map(Math.round).filter(ms => ms >= waitMsMin && ms <= workMsMax);
  const isDelayed = delays.length > 0 && (deliverMax < 0 || random.chance(0.5));
  const nakDelayMs = isDelayed ? random.pick(delays) : undefined;
  draft.steps.push({
    ...{ id: `subscribe-${draft.steps.length}`, kind: "subscribe", replica, subject, handler: "naks" },
    ...(nakDelayMs === undefined ? {} : { nakDelayMs }),
  });
  for (let left = random.int(1, 2); left > 0; left--) publish(draft, { subject, count: 1 });
  for (let left = random.int(0, 2); left > 0; left--) advanceAround(draft, nakDelayMs ?? ackWaitMs);
}

/** Through with its message, stopped within the work or killed; the next handler is given what is left. */
function works(draft: PolicyDraft, replica: number, subject: string, handler: "acks-early" | "in-progress"): void {
  const { random, policy } = draft;
  const takesMs = timeOf(random, draft, handler);
  subscribe(draft, replica, subject, handler, takesMs);
  publish(draft, { subject, count: 1 });
  if (random.chance(0.4)) draft.steps.push({ id: `work-${draft.steps.length}`, kind: "advance", ms: takesMs });
  signal(draft, replica, random.chance(0.5) ? "TERM" : "KILL");
  start(draft, replica);
  subscribe(draft, replica, subject, "acks");
  if (random.chance(0.7)) advanceAround(draft, policy.consume.ackWaitMs);
}

/** Well below a stop's bound; for a handler that says so, now and then above the ack wait. */
function timeOf(random: Random, { policy }: PolicyDraft, handler: "acks-early" | "in-progress"): number {
  const { shutdown, supervisor, consume } = policy;
  const boundMs = Math.min(shutdown.budgetMs, supervisor.killAfterMs, consume.ackWaitMs);
  const isLong = handler === "in-progress" && random.chance(0.5);
  const ms = Math.round(isLong ? consume.ackWaitMs * 1.3 : boundMs / 2);
  return Math.max(1, Math.min(workMsMax, ms));
}
