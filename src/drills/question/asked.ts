/** A question as it is asked of one bus under one policy, and its cases: each in the policy's own time and in that of a live run. */
import { inLiveTimeOf } from "../../../models/policy/times.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import { backendOption } from "../../findings/again.ts";
import type { Common, NamedPolicy } from "../../runs/common.ts";
import type { DrillCase, Question } from "../drill.ts";
import { casesOf } from "../index.ts";

/** The longest wait between two dials that a drill takes as it is, to measure how long a recovery takes. */
const reconnectWaitMsMax = 2_000;

export interface AskedQuestion {
  readonly question: Question;
  readonly bus: string;
  readonly policy: NamedPolicy;
  readonly common: Common;
}

/** The options of a case and of the question alike. */
export const askedWith = ({ bus, common: { profile, require, backend } }: AskedQuestion) =>
  ({ bus, profile, require, backend: backendOption(backend) }) as const;

/** One case in the policy's own time, and in that of a live run. */
export interface CasePair {
  readonly own: DrillCase;
  readonly scaled: DrillCase;
}

/** Every case of the question. */
export function pairsOf({ question, policy }: AskedQuestion, profile: Profile): readonly CasePair[] {
  const scaled = casesOf(question, liveTime(question, policy.policy, profile), profile);
  return casesOf(question, policy.policy, profile).map((own, i) => ({ own, scaled: scaled[i] ?? own }));
}

/** A policy's live time. The buffer's recovery is measured, so its wait between dials stays the policy's own. */
function liveTime(question: Question, policy: Policy, profile: Profile): Policy {
  const scaled = inLiveTimeOf(policy, profile);
  const { reconnectWaitMs } = policy.client;
  if (question !== "buffer" || reconnectWaitMs === undefined) return scaled;
  return { ...scaled, client: { ...scaled.client, reconnectWaitMs: Math.min(reconnectWaitMs, reconnectWaitMsMax) } };
}
