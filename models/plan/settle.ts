/** The last step of every case, appended by the harness: heal all, settle, observe. */
import type { Policy } from "../vocabulary/policy.ts";
import type { StepId } from "../vocabulary/scenario.ts";
import { advance } from "./advance.ts";
import { type Life, passTime } from "./life.ts";
import { hasPolicy, type Setting } from "./setting.ts";
import { copyView, isCalm, type View } from "./view.ts";

export const settleId: StepId = "settle";

/** A stretch of time that is waited for, since something comes to pass by itself once nothing is wrong any more. */
export interface Pass {
  readonly ms: number;
  readonly life: readonly Life[];
  readonly after: Readonly<View>;
}

/** What is done to settle from `before` on. */
export interface Settling {
  readonly before: Readonly<View>;
  /** Something is wrong still, or the client may not be connected: all is healed first. */
  readonly heals: boolean;
  /** What befalls the process by the heal. */
  readonly life: readonly Life[];
  readonly healed: Readonly<View>;
  /** None without a policy. */
  readonly passes: readonly Pass[];
  readonly after: Readonly<View>;
}

const heal = { id: settleId, kind: "heal", awaits: "connected" } as const;
const nothing: readonly never[] = [];

export function settling(before: Readonly<View>, setting: Setting): Settling {
  const heals = needsHeal(before);
  const healed = heals ? copyView(before) : before;
  const life = heals ? advance(healed, heal, false, setting) : nothing;
  if (!hasPolicy(setting)) return { before, heals, life, healed, passes: nothing, after: healed };
  const view = copyView(healed);
  const passes = settleWaitsMs(setting.policy).map((ms): Pass => {
    const life = passTime(view, ms, setting);
    return { ms, life, after: copyView(view) };
  });
  return { before, heals, life, healed, passes, after: passes.at(-1)?.after ?? healed };
}

/** Before the first start there is nothing that a heal could bring back. */
function needsHeal(view: Readonly<View>): boolean {
  if (!view.started) return view.process === "exited" && !isCalm(view);
  return !isCalm(view) || view.client !== "connected";
}

/** The supervisor's restart, and as many redeliveries as there can be, or a few where nothing bounds them. */
const settleWaitsMs = ({ supervisor, consume }: Policy): readonly number[] => [
  supervisor.restartMs,
  ...Array.from({ length: consume.deliverMax < 0 ? redeliveriesSettled : consume.deliverMax }, () => consume.ackWaitMs),
];
const redeliveriesSettled = 3;
