/** `faultline budget`: the times of a start and of a stop, whether they fit their deployment, and what the pod does where they do not. Runs the model alone. */

import { type Misfit, misfitsIn } from "../desk/budget/fit.ts";
import { kubernetesFragment, systemdFragment } from "../desk/budget/fragments.ts";
import { startedInOutage } from "../desk/budget/moments.ts";
import { startBudget } from "../desk/budget/start.ts";
import { stopBudget } from "../desk/budget/stop.ts";
import { trapsOf } from "../desk/budget/traps.ts";
import { exitCodes } from "../errors.ts";
import { placeText } from "../files/json.ts";
import type { PolicySource } from "../files/policy-source.ts";
import type { CommandEnding } from "../findings/ending.ts";
import { type BudgetReport, type MisfitShown, renderBudget } from "../report/budget.ts";
import type { Context } from "../runs/context.ts";
import { knownProfile } from "../runs/profiles.ts";
import { rendered } from "../text/clean.ts";

export interface AskedBudget {
  readonly source: PolicySource;
  readonly profile: string;
  /** True where anything that does not fit fails the command. */
  readonly check: boolean;
  /** The deployment to hold the policy's times against, in place of its own supervisor. */
  readonly manifest: PolicySource | undefined;
}

export async function budgetOf({ paint }: Context, asked: AskedBudget): Promise<CommandEnding> {
  const source = asked.manifest === undefined ? asked.source : under(asked.source, asked.manifest);
  const { policy } = source;
  const profile = knownProfile(asked.profile);
  const start = startBudget(policy, profile);
  const stop = stopBudget(policy, profile);
  const document: BudgetReport = {
    ...{ policy: policy.name, profile: profile.name },
    start: { ...start, inOutage: startedInOutage(policy, profile) },
    stop,
    traps: trapsOf(profile),
    kubernetes: kubernetesFragment(start, stop),
    systemd: systemdFragment(policy, start, stop),
    misfits: misfitsIn(policy, profile, start, stop).map(one => shown(source, one)),
  };
  const exitCode = asked.check && document.misfits.length > 0 ? exitCodes.violated : exitCodes.holds;
  return { kind: "budget", document, exitCode, text: rendered(renderBudget, document, paint) };
}

/** The policy with the supervisor of another deployment. */
function under(source: PolicySource, manifest: PolicySource): PolicySource {
  const sourceOf = ([part]: readonly PropertyKey[]): PolicySource => (part === "supervisor" ? manifest : source);
  return {
    ...source,
    policy: { ...source.policy, supervisor: manifest.policy.supervisor },
    placeOf: path => sourceOf(path).placeOf(path),
    isWritten: path => sourceOf(path).isWritten(path),
    assumedAt: path => sourceOf(path).assumedAt(path),
  };
}

function shown(source: PolicySource, { at, ...misfit }: Misfit): MisfitShown {
  const place = source.placeOf(at);
  return {
    ...misfit,
    place: placeText(at),
    file: place === undefined ? null : `${place.file}:${place.line}:${place.column}`,
    assumed: source.assumedAt(at)?.why ?? null,
  };
}
