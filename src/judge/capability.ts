/**
 * The capabilities that a scenario needs: those of its steps and options, and those that it names itself. Also the consequence of a missing
 * one: a case that the bus could run and the harness could not is inconclusive, never "not run".
 */
import { kindOf } from "../../models/faults/index.ts";
import type { Capability, Handler, Scenario, Step } from "../../models/vocabulary/scenario.ts";

/** Those that every bus with a policy has. */
const oldHandlers: ReadonlySet<Handler> = new Set(["acks", "fails", "hangs"]);

function ofStep(step: Step): readonly Capability[] {
  switch (step.kind) {
    case "start":
      return (step.replica ?? 0) > 0 ? ["replicas"] : [];
    case "publish":
      return step.publishers === undefined ? ["publish"] : ["publish", "publishers"];
    case "flush":
    case "drain":
    case "close":
    case "advance":
      return [step.kind];
    case "exit":
      return step.after === undefined ? [step.kind] : [step.kind, "exit-after-drain"];
    case "subscribe":
      return [
        step.kind,
        ...(step.replica > 0 ? (["replicas"] as const) : []),
        ...(step.takesMs === undefined ? [] : (["slow-handlers"] as const)),
        ...(oldHandlers.has(step.handler) ? [] : (["all-handlers"] as const)),
      ];
    case "signal":
      return [
        step.kind,
        ...(step.replica > 0 ? (["replicas"] as const) : []),
        ...(step.meanwhile === undefined ? [] : (["publish", "publish-while-stopping"] as const)),
      ];
    case "together":
      return ["together", ...step.steps.flatMap(ofStep)];
    case "fault":
      return "dials" in step.fault && step.fault.dials !== undefined
        ? [kindOf(step.fault).capability, "count-dials"]
        : [kindOf(step.fault).capability];
    case "await-noticed":
      return ["stale-detection"];
    case "heal":
      return [
        ...(step.awaits === "handshake" ? (["handshake"] as const) : []),
        ...(step.afterAttempts === undefined ? [] : (["attempts-told"] as const)),
      ];
  }
}

export function requiredCapabilities(scenario: Scenario): readonly Capability[] {
  const { options } = scenario;
  const needed = new Set<Capability>([...scenario.requires, ...scenario.steps.flatMap(ofStep)]);
  if (scenario.policy !== undefined) needed.add("policy");
  if (scenario.steps.findIndex(one => one.kind === "fault") < scenario.steps.findIndex(one => one.kind === "start"))
    if (scenario.steps.some(one => one.kind === "fault")) needed.add("cold-start");
  if (setsOwnBuffer(scenario)) needed.add("reconnect-buffer-limit");
  if (options.reconnectAttemptsMax >= 0) needed.add("reconnect-attempts-limit");
  if (options.reconnectJitterMs !== undefined) needed.add("reconnect-jitter");
  if (options.pingIntervalMs !== undefined) needed.add("stale-detection");
  if (options.cutsWith === "rst") needed.add("cut-with-rst");
  return [...needed].sort();
}

/** A size that the policy sets too is as it is in production, where a client without the option ignores it. */
const setsOwnBuffer = ({ options, policy }: Scenario): boolean =>
  options.reconnectBufferBytesMax !== undefined &&
  options.reconnectBufferBytesMax !== policy?.client.reconnectBufferBytesMax;

/** The part of bus and world that decides which cases can be run. */
export interface Able {
  readonly capabilities: ReadonlySet<Capability>;
  /** Capabilities that the fault injector should have, and did not show in its self-test. */
  readonly unproven?: ReadonlySet<Capability>;
}

export type Shortfall =
  | { readonly kind: "none" }
  /** The bus does not claim it, or this world can never do it: the case is not run. */
  | { readonly kind: "lacks"; readonly missing: readonly Capability[] }
  /** The injector alone is at fault: the case is inconclusive. */
  | { readonly kind: "unproven"; readonly missing: readonly Capability[] };

export const shortfallOf = (scenario: Scenario, able: Able): Shortfall =>
  shortfallFrom(missingCapabilities(scenario, able.capabilities), able);

/** The same for capabilities known to be needed and missing. */
export function shortfallFrom(missing: readonly Capability[], { unproven }: Able): Shortfall {
  if (missing.length === 0) return { kind: "none" };
  const lacks = missing.filter(one => unproven?.has(one) !== true);
  return lacks.length > 0 ? { kind: "lacks", missing: lacks } : { kind: "unproven", missing };
}

/** The claims of bus and world together, whether or not the injector has shown its part today. */
export const claimedBy = ({ capabilities, unproven = new Set() }: Able): ReadonlySet<Capability> =>
  new Set([...capabilities, ...unproven]);

/** The reason for a case that is inconclusive only because the injector could not run it. */
export const unprovenReason = (missing: readonly string[]): string =>
  `the fault injector failed its self-test for ${missing.join(", ")}, so this case was not run`;

export const missingCapabilities = (scenario: Scenario, has: ReadonlySet<Capability>): readonly Capability[] =>
  requiredCapabilities(scenario).filter(one => !has.has(one));
