/** The buffer filled live with the same mix of messages: the case, and the prediction for its own order of publishes. */
import { inLiveTime } from "../../../models/policy/times.ts";
import { accepts, bufferBytesMax } from "../../../models/reconnect-buffer.ts";
import { frameBytes } from "../../../models/vocabulary/frame.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { cut, heal, publish, sketched, start } from "../../drills/drill.ts";
import type { Flow } from "./flows.ts";

export interface FillingCase {
  readonly scenario: Scenario;
  readonly published: number;
  /** The number of messages before the first that is refused; null: none is. */
  readonly predicted: number | null;
  readonly predictedLost: number;
}

/** The rounds in which the mix is published, each flow in its share. */
const rounds = 20;
const markBytes = 8;
/** Messages to publish where nothing is ever refused. */
const unboundedCount = 2_000;
/** The part by which the whole goes beyond the limit. */
const beyond = 1.02;

/** Undefined where nothing goes out as core NATS: a publish through JetStream waits for its timeout while down, each for itself. */
export function fillingCase(policy: Policy, profile: Profile, flows: readonly Flow[]): FillingCase | undefined {
  const core = flows.filter(({ durable }) => !durable).map(flow => marked(flow, profile));
  if (core.length === 0) return undefined;
  const live = aboutTheBuffer(inLiveTime(policy));
  const scenario = (runs: readonly FlowRun[]): Scenario =>
    sketched({
      id: "size/filled",
      why: "the reconnect buffer, filled with the declared load",
      policy: live,
      steps: [
        start(),
        { kind: "flush", timeoutMs: 5_000 },
        cut,
        ...runs.map(({ flow, count }) => publish(flow.subject, count, { bytes: flow.payloadBytes })),
        heal,
      ],
    });
  const { options } = scenario([]);
  const runs = runsOf(core, bufferBytesMax(profile, options));
  const published = runs.reduce((sum, { count }) => sum + count, 0);
  const isKept = profile.reconnectBuffer.kind === "kept";
  return {
    scenario: scenario(runs),
    published,
    predicted: isKept ? firstRefused(runs, profile, scenario([])) : null,
    predictedLost: isKept ? 0 : published,
  };
}

/** The payload of a live run has room for its mark, by which it is known again. */
function marked(flow: Flow, profile: Profile): Flow {
  const payloadBytes = Math.max(markBytes, flow.payloadBytes);
  return { ...flow, payloadBytes, frameBytes: frameBytes(flow.subject, payloadBytes, profile) };
}

/** The policy with nothing of JetStream: a stream that takes the mix, or a probe of it, would only be busy with that many messages. */
const aboutTheBuffer = (policy: Policy): Policy => ({
  ...policy,
  ...{ streams: [], classifier: [], taps: [], demands: [] },
  startup: { ...policy.startup, jetStreamProbe: "none", readiness: "process" },
});

interface FlowRun {
  readonly flow: Flow;
  readonly count: number;
}

function runsOf(flows: readonly Flow[], limitBytes: number): readonly FlowRun[] {
  const perSecond = flows.reduce((sum, flow) => sum + flow.perSecond, 0);
  const bytesPerSecond = flows.reduce((sum, flow) => sum + flow.perSecond * flow.frameBytes, 0);
  const seconds = Number.isFinite(limitBytes) ? (beyond * limitBytes) / bytesPerSecond : unboundedCount / perSecond;
  const round = flows.map((flow): FlowRun => ({ flow, count: Math.ceil((seconds * flow.perSecond) / rounds) + 1 }));
  return Array.from({ length: rounds }, () => round).flat();
}

function firstRefused(runs: readonly FlowRun[], profile: Profile, { options }: Scenario): number | null {
  let pendingBytes = 0;
  let before = 0;
  for (const { flow, count } of runs) {
    const { subject, payloadBytes, durable } = flow;
    const taken = accepts(
      pendingBytes,
      { first: 0, count, frameBytes: flow.frameBytes, via: { subject, payloadBytes, durable } },
      profile,
      options,
    );
    if (taken < count) return before + taken;
    pendingBytes += count * flow.frameBytes;
    before += count;
  }
  return null;
}
