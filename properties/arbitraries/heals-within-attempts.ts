/**
 * A fault that ends while a publish makes another attempt than its first. Drawn from a stream of its own: the rest of a scenario is the same
 * with it and without.
 */
import { attemptsInAll } from "../../models/policy/publishing.ts";
import { durableSubject, fault, type PolicyDraft, publish } from "./policy-draft.ts";
import { randomOf } from "./random.ts";

const share = 0.15;
/** Each costs a live run a timeout. */
const mostTimedOut = 3;

export function healWithinAttempts(word: string, whole: PolicyDraft): void {
  const { policy, capabilities, subjects, options, steps } = whole;
  const attempts = attemptsInAll(policy.publish);
  const random = randomOf(word, "heal-within-attempts");
  const draft: PolicyDraft = { ...whole, random };
  const isPossible = capabilities.has("attempts-told") && attempts > 1 && subjects.durable.length > 0;
  if (!random.chance(share) || !isPossible || whole.isDowngraded) return;
  // A buffer with a limit may refuse an attempt.
  const isKept = options.reconnectBufferBytesMax === undefined;
  const kinds = (["hold", "cut"] as const).filter(one => capabilities.has(one) && (one === "hold" || isKept));
  if (kinds.length === 0) return;
  const kind = random.pick(kinds);
  fault(draft, kind === "hold" ? { kind } : { kind, awaits: "noticed" });
  const at = steps.length;
  const { async: _async, ...alone } = publish(draft, { subject: durableSubject(draft), count: 1, overlap: true });
  steps[at] = alone;
  const afterAttempts = random.int(1, Math.min(attempts - 1, mostTimedOut));
  steps.push({ id: `heal-${steps.length}`, kind: "heal", awaits: "connected", afterAttempts });
}
