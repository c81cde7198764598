/**
 * Answers that are worked out once. Every message asks its policy about its subject, and a policy never changes, so the first answer stays
 * true. The memory goes when the policy goes, and no other code can see it.
 */
import type { Policy } from "../vocabulary/policy.ts";

export function oncePerPolicy<Answer>(work: (policy: Policy) => Answer): (policy: Policy) => Answer {
  const known = new WeakMap<Policy, { readonly answer: Answer }>();
  return policy => {
    const found = known.get(policy) ?? { answer: work(policy) };
    known.set(policy, found);
    return found.answer;
  };
}

export function oncePerSubject<Answer>(
  work: (policy: Policy, subject: string) => Answer,
): (policy: Policy, subject: string) => Answer {
  const answersOf = oncePerPolicy(() => new Map<string, Answer>());
  return (policy, subject) => {
    const answers = answersOf(policy);
    const found = answers.get(subject);
    // An answer may be undefined: `has` tells it from one that was never worked out.
    if (found !== undefined || answers.has(subject)) return found as Answer;
    const answer = work(policy, subject);
    answers.set(subject, answer);
    return answer;
  };
}
