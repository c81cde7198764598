/**
 * A client that counts its attempts dials on while a publish waits for its acknowledgement. The scenario's time stands still meanwhile, so the
 * client gives up sooner by that time.
 */
import { outageSurvivedMs } from "../policy/attempts.ts";
import { attemptAtMs, callsMs, refusedMs, timedOutMs } from "../policy/publishing.ts";
import type { HealStep, PublishStep, Step } from "../vocabulary/scenario.ts";
import { refusesAll } from "./asking-again.ts";
import type { Setting } from "./setting.ts";
import { isDurable, type View } from "./view.ts";

/** True where a client may give up while a publish waits. `overlapped`: the step that comes while it waits, if one does. */
export function mayGiveUpWithin(
  view: View,
  step: PublishStep,
  overlapped: Step | undefined,
  setting: Setting,
): boolean {
  const isCut = overlapped?.kind === "fault";
  const fromMs = isCut
    ? view.nowMs + outageSurvivedMs(setting.profile, setting.options).least
    : (view.givesUp?.fromMs ?? Number.POSITIVE_INFINITY);
  const waitsMs = overlapped?.kind === "heal" ? untilHealMs(view, overlapped) : waitsWhileDownMs(view, step, setting);
  return waitsMs > 0 && view.nowMs + waitsMs >= fromMs;
}

/** The time until the attempt is over that a heal within the publish comes in. */
const untilHealMs = ({ policy }: View, { afterAttempts }: HealStep): number =>
  policy === undefined || afterAttempts === undefined ? 0 : attemptAtMs(policy.publish, afterAttempts + 1);

/** The client has dialled for that time. */
export function dialMeanwhile(view: View, step: PublishStep, setting: Setting): void {
  if (view.givesUp === undefined) return;
  const { fromMs, byMs } = view.givesUp;
  view.givesUp = { fromMs: fromMs - waitsWhileDownMs(view, step, setting), byMs };
}

function waitsWhileDownMs(view: View, step: PublishStep, { profile, options }: Setting): number {
  if (view.policy === undefined) return 0;
  const { publish } = view.policy;
  const isTimedOut = isDurable(view, step) && !refusesAll(profile, options);
  const callMs = isTimedOut ? timedOutMs(publish, step.async) : refusedMs(publish, step.async);
  return callsMs(callMs, step);
}
