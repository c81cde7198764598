/** Which capabilities a scenario needs: those of its steps and options, and those that it names itself. */
import type { Capability, Fault, Scenario, Step } from "../models/vocabulary/scenario.ts";

const ofFault: Readonly<Record<Fault["kind"], Capability>> = {
  cut: "cut",
  hold: "hold",
  limit: "limit",
  blackhole: "blackhole",
  "stop-server": "stop-server",
  "pause-server": "pause-server",
  "lose-ack": "lose-ack",
  "power-loss": "power-loss",
  "no-jetstream": "no-jetstream",
  "refuse-credentials": "refuse-credentials",
  "silent-handshake": "silent-handshake",
};

function ofStep(step: Step): readonly Capability[] {
  switch (step.kind) {
    case "start":
      return (step.replica ?? 0) > 0 ? ["replicas"] : [];
    case "publish":
    case "flush":
    case "drain":
    case "close":
    case "exit":
    case "advance":
      return [step.kind];
    case "subscribe":
    case "signal":
      return step.replica > 0 ? [step.kind, "replicas"] : [step.kind];
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
  if (scenario.policy !== undefined) needed.add("policy");
  if (scenario.steps.findIndex(one => one.kind === "fault") < scenario.steps.findIndex(one => one.kind === "start"))
    if (scenario.steps.some(one => one.kind === "fault")) needed.add("cold-start");
  if (options.reconnectBufferBytesMax !== undefined) needed.add("reconnect-buffer-limit");
  if (options.reconnectAttemptsMax >= 0) needed.add("reconnect-attempts-limit");
  if (options.pingIntervalMs !== undefined) needed.add("stale-detection");
  if (options.cutsWith === "rst") needed.add("cut-with-rst");
  return [...needed].sort();
}

export const missingCapabilities = (scenario: Scenario, has: ReadonlySet<Capability>): readonly Capability[] =>
  requiredCapabilities(scenario).filter(one => !has.has(one));
