/** The beginning of a scenario under a policy: what stands in the way of the first connection, and what becomes of the process. */
import { killsAfterMs } from "../../models/policy/probes.ts";
import { failsFast, longestRestartMs, restartWaitsMs } from "../../models/policy/restarts.ts";
import type { Capability, Fault } from "../../models/vocabulary/scenario.ts";
import { advanceAround, fault, heal, id, type PolicyDraft, publish, signal, sometimes, start } from "./policy-draft.ts";

const coldFaults: readonly (readonly [needs: Capability, fault: Fault])[] = [
  ["cut", { kind: "cut", awaits: "none" }],
  ["stop-server", { kind: "stop-server", signal: "TERM", awaits: "none" }],
  ["no-jetstream", { kind: "no-jetstream" }],
  ["refuse-credentials", { kind: "refuse-credentials" }],
  ["silent-handshake", { kind: "silent-handshake" }],
];

export function begin(draft: PolicyDraft): void {
  const { random, capabilities } = draft;
  const possible = coldFaults.filter(([needs]) => capabilities.has(needs));
  if (!capabilities.has("cold-start") || possible.length === 0 || random.chance(0.65)) {
    start(draft);
    return;
  }
  const [, cold] = random.pick(possible);
  fault(draft, cold);
  start(draft);
  sometimes(draft, 0.6, () => publish(draft));
  sometimes(draft, 0.6, () => advanceAround(draft, startupEdge(draft)));
  sometimes(draft, 0.3, () => publish(draft));
  heal(draft);
  sometimes(draft, 0.5, () => advanceAround(draft, startupEdge(draft)));
  sometimes(draft, 0.7, () => publish(draft));
  runAfter(draft, cold);
}

/** Replica 0 runs after it, whatever became of it, so that later steps can happen to it. */
function runAfter(draft: PolicyDraft, cold: Fault): void {
  const { random, policy, profile, capabilities } = draft;
  const { strategy, jetStreamProbe, whenClosed } = policy.startup;
  // A connect that returns before it is connected is followed by a probe that fails.
  const runsAhead = !failsFast(strategy) && profile.firstConnect.retry === "background";
  draft.isDowngraded = jetStreamProbe === "once" && (cold.kind === "no-jetstream" || runsAhead);
  if (cold.kind === "no-jetstream") return;
  if (cold.kind === "refuse-credentials" && runsAhead && whenClosed === "ignore") {
    // Its client is closed for good, and only another process can help.
    draft.isOver = !capabilities.has("signal") || random.chance(0.5);
    if (draft.isOver) return;
    signal(draft, 0, "TERM");
    start(draft);
    return;
  }
  // One that has exited is started by its supervisor, or else by hand; one that runs is none the worse for either.
  if (capabilities.has("advance") && random.chance(0.7)) {
    const ms = Math.max(1, longestRestartMs(policy.supervisor));
    draft.steps.push({ id: id(draft, "advance"), kind: "advance", ms });
  } else start(draft);
}

function startupEdge({ random, policy, options }: PolicyDraft): number {
  const { startup, supervisor } = policy;
  const waits = restartWaitsMs(supervisor);
  const passMs = startup.connectTimeoutMs * (options.servers ?? 1);
  return random.pick([
    startup.connectTimeoutMs,
    passMs,
    ...waits.map(ms => passMs + ms),
    ...waits,
    startup.deadlineMs ?? passMs,
    ...waits.map(ms => (startup.deadlineMs ?? passMs) + ms),
    options.reconnectWaitMs,
    ...killsAfterMs(supervisor),
  ]);
}
