/** `faultline promises`: every promise, who must act when it breaks, what breaks it, and who makes it. Runs nothing. */
import type { PromiseOwner } from "../../properties/property.ts";
import { exitCodes } from "../errors.ts";
import type { CommandEnding } from "../findings/ending.ts";
import { chosenPromises, listedPromises } from "../findings/promises.ts";
import { type PromisesReport, renderPromises } from "../report/promises.ts";
import type { NamedPolicy } from "../runs/common.ts";
import type { Context } from "../runs/context.ts";
import { rendered } from "../text/clean.ts";

export interface AskedPromises {
  /** An id, or part of one. */
  readonly part: string | undefined;
  readonly owner: PromiseOwner | undefined;
  readonly policy: NamedPolicy | undefined;
}

export async function promises({ paint }: Context, { part, owner, policy }: AskedPromises): Promise<CommandEnding> {
  const all = listedPromises(policy?.policy);
  const document: PromisesReport = {
    policy: policy?.policy.name ?? null,
    promises: chosenPromises(all, part, owner),
  };
  return { kind: "promises", document, exitCode: exitCodes.holds, text: rendered(renderPromises, document, paint) };
}
