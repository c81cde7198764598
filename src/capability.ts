/** Which capabilities a scenario needs: those of its steps and options, and those that it names itself. */
import type { Capability, Fault, Scenario, Step } from "../models/vocabulary/scenario.ts";

const ofFault: Readonly<Record<Fault["kind"], Capability>> = {
  cut: "cut",
  hold: "hold",
  limit: "limit",
  blackhole: "blackhole",
  "stop-server": "stop-server",
  "pause-server": "pause-server",
};

function ofStep(step: Step): readonly Capability[] {
  switch (step.kind) {
    case "start":
      return [];
    case "publish":
    case "flush":
    case "drain":
    case "close":
      return [step.kind];
    case "together":
      return ["together", ...step.steps.flatMap(ofStep)];
    case "fault":
      return [ofFault[step.fault.kind]];
    case "await-noticed":
      return ["stale-detection"];
    case "heal":
      return step.awaits === "handshake" ? ["handshake"] : [];
  }
}

export function requiredCapabilities(scenario: Scenario): readonly Capability[] {
  const { options } = scenario;
  const needed = new Set<Capability>([...scenario.requires, ...scenario.steps.flatMap(ofStep)]);
  if (options.reconnectBufferBytesMax !== undefined) needed.add("reconnect-buffer-limit");
  if (options.reconnectAttemptsMax >= 0) needed.add("reconnect-attempts-limit");
  if (options.pingIntervalMs !== undefined) needed.add("stale-detection");
  if (options.cutsWith === "rst") needed.add("cut-with-rst");
  return [...needed].sort();
}

export const missingCapabilities = (scenario: Scenario, has: ReadonlySet<Capability>): readonly Capability[] =>
  requiredCapabilities(scenario).filter(one => !has.has(one));
