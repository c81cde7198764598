/** The beginning of a bare client's scenario in which a flush or a drain is pending while a fault falls or ends. */
import type { Capability } from "../../models/vocabulary/scenario.ts";
import { fault, flush, heal, id, publish, type ScenarioDraft, whileDown } from "./draft.ts";

/** The share of scenarios that begin with a pending call. */
export const pendingChance = 1 / 24;
/** Enough for a round trip wherever one comes, and soon over where none does. */
const pendingMs = 1_000;

/**
 * A call that waits for its round trip at a cut or a heal. It comes first, and uses separate draws: the rest of a scenario is what its seed
 * made before. Returns true where the client goes on.
 */
export function pendingCall(draft: ScenarioDraft, capabilities: ReadonlySet<Capability>): boolean {
  const { random, profile } = draft;
  const has = (...all: readonly Capability[]): boolean => all.every(one => capabilities.has(one));
  publish(draft);
  const mayDrain = has("drain", "hold");
  if (mayDrain && random.chance(0.3)) {
    const endsAtCut = has("cut") && profile.drain.atDisconnect.tells !== "timers";
    behindAHold(draft, "drain", endsAtCut && random.chance(0.5));
    return false;
  }
  const kinds = (["hold", "blackhole", "pause-server", "cut"] as const).filter(kind => has("flush", kind));
  if (kinds.length === 0) return true;
  const kind = random.pick(kinds);
  if (kind === "hold") behindAHold(draft, "flush", has("cut") && random.chance(0.5));
  else if (kind === "cut") cutWhilePending(draft, "flush");
  else {
    fault(draft, { kind });
    publish(draft);
    pending(draft, "flush");
    heal(draft);
  }
  return true;
}

function behindAHold(draft: ScenarioDraft, call: "flush" | "drain", isCut: boolean): void {
  if (draft.random.chance(0.5)) flush(draft);
  fault(draft, { kind: "hold" });
  publish(draft);
  if (isCut) cutWhilePending(draft, call);
  else {
    pending(draft, call);
    heal(draft);
  }
  if (call === "drain") publish(draft, 3);
}

function cutWhilePending(draft: ScenarioDraft, call: "flush" | "drain"): void {
  pending(draft, call);
  fault(draft, { kind: "cut", awaits: "noticed" });
  // A client may have closed, and then no flush is possible.
  if (call === "drain") publish(draft);
  else whileDown(draft);
  heal(draft);
}

function pending(draft: ScenarioDraft, call: "flush" | "drain"): void {
  if (call === "drain") draft.steps.push({ id: id(draft, call), kind: call, overlap: true });
  else draft.steps.push({ id: id(draft, call), kind: call, timeoutMs: pendingMs, overlap: true });
}
