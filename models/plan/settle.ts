/** The last step of every case, appended by the harness: heal all, settle, observe. */
import { waitMsOf } from "../policy/deliveries.ts";
import { ageMsOf } from "../policy/limits.ts";
import { restartWaitMs } from "../policy/restarts.ts";
import { effective } from "../policy/two-sides.ts";
import type { StepId } from "../vocabulary/scenario.ts";
import { advance } from "./advance.ts";
import { type Life, passTime } from "./life.ts";
import { hasPolicy, type ServiceSetting, type Setting } from "./setting.ts";
import { trackUses } from "./unused.ts";
import { copyView, isCalm, type View } from "./view.ts";

export const settleId: StepId = "settle";

/** A span of time to wait for, after which something happens by itself once nothing is wrong any more. */
export interface Pass {
  readonly ms: number;
  readonly life: readonly Life[];
  readonly after: Readonly<View>;
}

/** The end of the case as it is planned. */
export interface SettleStep {
  readonly kind: "settle";
  readonly step: { readonly id: StepId; readonly kind: "settle" };
  readonly skipped: undefined;
  readonly overlapping: false;
  /** The events that the heal causes in the life of the process. */
  readonly life: readonly Life[];
  readonly before: Readonly<View>;
  readonly after: Readonly<View>;
  /** True where something is still wrong, or the client may not be connected: all is healed first. */
  readonly heals: boolean;
  readonly healed: Readonly<View>;
  /** Empty without a policy. */
  readonly passes: readonly Pass[];
}

const settle = { id: settleId, kind: "settle" } as const;
const heal = { id: settleId, kind: "heal", awaits: "connected" } as const;
const nothing: readonly never[] = [];

export function planSettle(before: Readonly<View>, setting: Setting): SettleStep {
  const heals = needsHeal(before);
  const healed = heals ? copyView(before) : before;
  const life = heals ? advance(healed, heal, false, setting) : nothing;
  const passes = hasPolicy(setting) ? passesFrom(healed, setting) : nothing;
  const after = passes.at(-1)?.after ?? healed;
  return {
    kind: "settle",
    step: settle,
    skipped: undefined,
    overlapping: false,
    life,
    before,
    after,
    heals,
    healed,
    passes,
  };
}

function passesFrom(healed: Readonly<View>, setting: ServiceSetting): readonly Pass[] {
  const view = copyView(healed);
  return settleWaitsMs(view, setting).map((ms): Pass => {
    // Nothing is wrong any more, so no probe is asked.
    const life = passTime(view, ms, setting, false);
    trackUses(view, { kind: "advance" });
    return { ms, life, after: copyView(view) };
  });
}

/** A heal before the first start could bring nothing back. */
function needsHeal(view: Readonly<View>): boolean {
  if (view.isOutside) return true;
  if (!view.started) return view.process === "exited" && !isCalm(view);
  return !isCalm(view) || view.client !== "connected";
}

/** Up to this many are all waited for, so that a message comes to its last delivery. */
const deliveriesFew = 10;

/** The waits for the supervisor's restart and for as many redeliveries as there can be, or a few where there can be many. */
function settleWaitsMs({ failures, exitedAtMs, consumed }: View, { policy }: ServiceSetting): readonly number[] {
  const { supervisor, streams } = policy;
  const consume = effective(policy.consume);
  const { deliverMax } = consume;
  const isMany = deliverMax < 0 || deliverMax > deliveriesFew;
  const length = isMany ? redeliveriesSettled : deliverMax;
  const restart = restartWaitMs(supervisor, failures);
  const deliveries = Array.from({ length }, (_, i) => waitMsOf(consume, i + 1));
  if (streams.every(one => ageMsOf(one) === undefined)) return [restart, ...deliveries];
  // Messages grow older in each wait, so only what is still to come is waited for.
  return [...(exitedAtMs === undefined ? [] : [restart]), ...(consumed.length === 0 ? [] : deliveries)];
}
const redeliveriesSettled = 3;
