/** The cases of a question. */
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { bufferCases } from "./buffer.ts";
import { coldStartCases } from "./cold-start.ts";
import type { DrillCase, Question } from "./drill.ts";
import { durabilityCases } from "./durability.ts";
import { shutdownCases } from "./shutdown.ts";

export function casesOf(question: Question, policy: Policy, profile: Profile): readonly DrillCase[] {
  switch (question) {
    case "durability":
      return durabilityCases(policy);
    case "buffer":
      return bufferCases(policy, profile);
    case "shutdown":
      return shutdownCases(policy);
    case "cold-start":
      return coldStartCases(policy);
  }
}
