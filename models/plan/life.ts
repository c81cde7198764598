/**
 * The life of a process: what it does until its client is first connected, when it gives up, and how its supervisor starts it again. All of
 * it follows from the link and the policy; time is the scenario's own.
 */

import { outageSurvivedMs } from "../policy/attempts.ts";
import { failsFast, restartWaitMs, stableAfterMs } from "../policy/restarts.ts";
import type { ProbeName } from "../vocabulary/event.ts";
import type { Policy, SupervisorPolicy } from "../vocabulary/policy.ts";
import type { Profile } from "../vocabulary/profile.ts";
import { mayDeleteBesideHang } from "./hanging.ts";
import { newPool, type ServerPool } from "./pool.ts";
import { askProbes, dueKill, stopMs } from "./probes.ts";
import type { ServiceSetting, Setting } from "./setting.ts";
import { leaveSlow } from "./slow.ts";
import { connectPends, copyView, unsubscribe, type View } from "./view.ts";

/** An event in the life of the process. */
export type Life =
  | { readonly what: "started"; readonly by: "scenario" | "supervisor"; readonly atMs: number }
  /** The client is connected for the first time. */
  | { readonly what: "connected"; readonly path: View["path"]; readonly atMs: number }
  /** The client has closed for good, and the process runs on. */
  | { readonly what: "client-closed"; readonly atMs: number }
  | {
      readonly what: "exited";
      readonly because: "startup" | "credentials" | "client-closed";
      readonly tookMs: number;
      readonly atMs: number;
    }
  /** A probe has failed often enough, and the supervisor ends the process by a stop. `view`: before that. */
  | { readonly what: "killed"; readonly by: ProbeName; readonly view: Readonly<View>; readonly atMs: number };

/** The process starts and dials, or something outside waits for NATS in its place. A server that refuses credentials answers. */
export function beginStart(view: View, setting: ServiceSetting): Life[] {
  const waits = setting.policy.startup.strategy === "wait-outside" && view.link !== "up" && view.door !== "refuses";
  if (!waits) return startProcess(view, setting, "scenario");
  view.isOutside = true;
  view.client = "disconnected";
  return [];
}

/** The process starts and dials. */
export function startProcess(view: View, setting: ServiceSetting, by: "scenario" | "supervisor"): Life[] {
  const { policy, profile } = setting;
  const atMs = view.nowMs;
  view.started = true;
  view.isOutside = false;
  view.ended = "no";
  view.quiet = true;
  view.startedAtMs = atMs;
  view.exitedAtMs = undefined;
  if (by === "scenario") view.failures = 0;
  view.hasStarted = false;
  view.failsSinceMs = undefined;
  view.process = "waiting";
  view.client = "disconnected";
  view.path = "jetstream";
  endFirstPass(view, setting);
  view.givesUp = undefined;
  view.pool = view.link === "up" ? newPool(profile, setting.options) : unknownUnlessUnlimited(view.pool);
  if (view.link !== "up" && profile.firstConnect.countsAttempts) dialOn(view, setting);
  return [{ what: "started", by, atMs }, ...firstPass(view, policy, profile)];
}

/** The servers of a pool have an unknown number of attempts left, and one of them is dialled next, which is unknown too. */
export const unknownUnlessUnlimited = (pool: ServerPool): ServerPool => (pool === "unlimited" ? pool : "unknown");

/** One pass over the servers. A port that refuses answers at once, a server that never greets takes the connect timeout. */
function firstPass(view: View, policy: Policy, profile: Profile): Life[] {
  const { startup } = policy;
  if (view.link === "up") return firstConnected(view);
  if (view.door === "refuses") return refused(view, policy, profile);
  if (!failsFast(startup.strategy)) return [];
  const tookMs = view.door === "silent" ? startup.connectTimeoutMs * view.servers : 0;
  return [exit(view, policy, "startup", tookMs)];
}

/** A call to connect that goes on in the background may have returned. A bus that asks for JetStream then, without a connection, is not answered. */
function endFirstPass(view: View, { policy, profile }: ServiceSetting): void {
  const goesOn = !failsFast(policy.startup.strategy) && profile.firstConnect.retry === "background";
  if (goesOn && view.process === "waiting" && view.link !== "up" && !connectPends(view, profile))
    downgrade(view, policy);
}

/** Every dial is refused from now on. The client gives up between these two moments. */
export function dialOn(view: View, { profile, options }: Setting): void {
  const { least, most } = outageSurvivedMs(profile, options);
  if (least === Number.POSITIVE_INFINITY) return;
  view.givesUp = { fromMs: view.nowMs + least, byMs: view.nowMs + most };
}

/** The link lets a waiting process through. */
export function firstConnected(view: View): Life[] {
  view.process = "running";
  view.client = "connected";
  view.givesUp = undefined;
  if (!view.jetStream && view.policy !== undefined) downgrade(view, view.policy);
  return [{ what: "connected", path: view.path, atMs: view.nowMs }];
}

/** JetStream did not answer. A bus that asks once now publishes everything as core NATS. */
function downgrade(view: View, { startup }: Policy): void {
  if (startup.jetStreamProbe === "once") view.path = "core";
}

/**
 * The server refuses the credentials. A client that is set to retry closes for good after `authErrorsMax` equal refusals, if it ever does; a
 * call to connect that is still pending fails with it.
 */
function refused(view: View, policy: Policy, { firstConnect }: Profile): Life[] {
  if (failsFast(policy.startup.strategy)) return [exit(view, policy, "credentials", 0)];
  if (firstConnect.authErrorsMax === Number.MAX_SAFE_INTEGER) return [];
  return firstConnect.retry === "pending"
    ? [exit(view, policy, "credentials", 0)]
    : clientClosed(view, policy, "credentials");
}

/** The attempts are spent. A call to connect that is still pending fails with that, and the process with it. */
function spent(view: View, policy: Policy, { firstConnect }: Profile): Life[] {
  const pends = view.process === "waiting" && firstConnect.retry === "pending";
  if (!pends || view.givesUp === undefined) return clientClosed(view, policy, "client-closed");
  return [exit(view, policy, "startup", view.givesUp.fromMs - view.startedAtMs)];
}

/** The client has closed for good without having been asked to. */
export function clientClosed(view: View, policy: Policy, because: "credentials" | "client-closed"): Life[] {
  view.givesUp = undefined;
  if (policy.startup.whenClosed === "exit") return [exit(view, policy, because, 0)];
  view.process = "running";
  view.ended = "closed";
  view.client = "disconnected";
  return [{ what: "client-closed", atMs: view.nowMs }];
}

function exit(
  view: View,
  { supervisor }: Policy,
  because: "startup" | "credentials" | "client-closed",
  tookMs: number,
): Life {
  endFailed(view, supervisor, view.nowMs);
  return { what: "exited", because, tookMs, atMs: view.nowMs };
}

/** The process ends at that moment, and its supervisor counts from there. */
function endFailed(view: View, supervisor: SupervisorPolicy, atMs: number): void {
  const isStable = atMs - view.startedAtMs > stableAfterMs(supervisor);
  view.failures = isStable ? 1 : view.failures + 1;
  endProcess(view);
  view.exitedAtMs = atMs;
}

function kill(view: View, setting: ServiceSetting, by: ProbeName): Life {
  const { policy } = setting;
  const before = copyView(view);
  if (mayDeleteBesideHang(view, 0, setting)) view.mayLackDurables = true;
  endFailed(view, policy.supervisor, view.nowMs + stopMs(view, policy));
  return { what: "killed", by, view: before, atMs: view.nowMs };
}

/** The process is gone, and is started again only if it failed. */
export function endProcess(view: View): void {
  view.started = false;
  view.process = "exited";
  view.client = "disconnected";
  view.exitedAtMs = undefined;
  view.failsSinceMs = undefined;
  view.ended = "no";
  unsubscribe(view, 0);
  leaveSlow(view, 0);
  view.givesUp = undefined;
}

/** Time passes: deadlines and attempts run out, failed processes are started again. `kills`: those that fail a probe are killed. */
export function passTime(view: View, ms: number, setting: ServiceSetting, kills: boolean): Life[] {
  const untilMs = view.nowMs + ms;
  const life: Life[] = [];
  for (;;) {
    const due = nextDue(view, setting.policy, kills);
    if (due === undefined || due.atMs > untilMs) break;
    view.nowMs = Math.max(view.nowMs, due.atMs);
    life.push(...due.happens(view, setting));
    askProbes(view, setting.policy);
  }
  view.nowMs = untilMs;
  endFirstPass(view, setting);
  return life;
}

interface Due {
  readonly atMs: number;
  readonly happens: (view: View, setting: ServiceSetting) => Life[];
}

/** A pass that ends in an exit takes at least this long on the supervisor's clock, or a crash loop would never let time pass. */
const passMsMin = 1;

function nextDue(view: View, policy: Policy, kills: boolean): Due | undefined {
  const { startup, supervisor } = policy;
  if (view.exitedAtMs !== undefined)
    return {
      atMs: view.exitedAtMs + Math.max(passMsMin, restartWaitMs(supervisor, view.failures)),
      happens: (at, setting) => startProcess(at, setting, "supervisor"),
    };
  const deadlineMs =
    view.process === "waiting" && startup.strategy === "retry-with-deadline"
      ? view.startedAtMs + (startup.deadlineMs ?? 0)
      : Number.POSITIVE_INFINITY;
  const givesUpMs = view.givesUp?.byMs ?? Number.POSITIVE_INFINITY;
  const killed = kills ? dueKill(view, policy) : undefined;
  if (killed !== undefined && killed.atMs < Math.min(deadlineMs, givesUpMs))
    return { atMs: killed.atMs, happens: (at, setting) => [kill(at, setting, killed.by)] };
  if (Math.min(deadlineMs, givesUpMs) === Number.POSITIVE_INFINITY) return undefined;
  if (givesUpMs < deadlineMs) return { atMs: givesUpMs, happens: (at, { profile }) => spent(at, policy, profile) };
  return { atMs: deadlineMs, happens: at => [exit(at, policy, "startup", at.nowMs - at.startedAtMs)] };
}
