/** Buses that follow another policy than the one they declare. */
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Options } from "../../models/vocabulary/scenario.ts";
import { coldStart } from "../../properties/cold-start.ts";
import { durablePath } from "../../properties/durable-path.ts";
import { shutdown } from "../../properties/shutdown.ts";
import type { Bare } from "../models/cases.ts";
import { policyWith, underPolicy } from "../models/policies.ts";
import type { Mutant } from "./mutant.ts";

const demands = [...durablePath, ...shutdown, ...coldStart]
  .map(({ id }) => id)
  .concat(
    "connection/a-closed-client-leaves-no-ready-process",
    "core-path/a-best-effort-gap-is-no-longer-than-declared",
  );

export type Parts = Parameters<typeof policyWith>[0];
export const demanding = (parts: Parts = {}): Policy => policyWith({ ...parts, demands });

/** A part of the policy that the bus does not follow. */
const instead =
  (parts: Parts) =>
  (policy: Policy): Policy => {
    const changed = Object.entries(parts).map(([name, part]) => {
      const declared = policy[name as keyof Policy];
      return [name, Array.isArray(part) || typeof part !== "object" ? part : { ...(declared as object), ...part }];
    });
    return { ...policy, ...Object.fromEntries(changed) };
  };

interface Unfaithful {
  readonly name: string;
  readonly row: string;
  readonly steps: readonly Bare[];
  readonly killedBy: readonly string[];
  readonly declared?: Parts;
  /** Demands that the declared policy does not meet. */
  readonly notDemanded?: readonly string[];
  readonly options?: Partial<Options>;
  readonly beyond?: string;
}

/** It follows another policy than the one it declares. */
export function follows(parts: Parts, one: Unfaithful): Mutant {
  const policy = demanding(one.declared);
  const judged = { ...policy, demands: policy.demands.filter(id => one.notDemanded?.includes(id) !== true) };
  return {
    name: one.name,
    row: one.row,
    declared: natsGo,
    follows: instead(parts),
    where: underPolicy(judged, one.steps, one.options),
    killedBy: [...one.killedBy, "conformance"],
    ...(one.beyond === undefined ? {} : { beyond: one.beyond }),
  };
}
