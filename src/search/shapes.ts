/**
 * Which of the known shapes of trouble a scenario contains, read from its plan: what a case with all its steps done has met. The
 * shapes are the rows of tables 1, 3 and 4 of docs/facts.md; `compare` and `search` count them, so that nobody takes a thousand
 * runs of one shape for a thousand runs.
 */
import { type PlannedStep, plan } from "../../models/plan.ts";
import { frameBytes } from "../../models/vocabulary/frame.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { PublishStep, Scenario, Step } from "../../models/vocabulary/scenario.ts";

export const shapeNames = [
  "published while down",
  "published during the handshake",
  "burst then cut",
  "held, then cut",
  "held, then released",
  "cut at a frame's end",
  "cut a byte before a frame's end",
  "cut with RST",
  "blackhole, noticed",
  "blackhole, removed before it was noticed",
  "server paused",
  "server stopped",
  "close or drain while down",
  "close or drain right after a burst",
] as const;
export type Shape = (typeof shapeNames)[number];

export function shapesOf(scenario: Scenario, profile: Profile): ReadonlySet<Shape> {
  const done = plan(scenario, profile).steps.filter(one => one.skipped === undefined);
  const found = new Set<Shape>();
  let hinderedPublishes = 0;
  done.forEach((one, i) => {
    if (one.before.hindrance === "none") hinderedPublishes = 0;
    for (const shape of shapesOfStep(one, done[i + 1], scenario, hinderedPublishes)) found.add(shape);
    if (one.step.kind === "publish") hinderedPublishes++;
  });
  return found;
}

/** `hinderedPublishes`: publishes made since the hindrance in force began. */
function* shapesOfStep(
  planned: PlannedStep,
  next: PlannedStep | undefined,
  scenario: Scenario,
  hinderedPublishes: number,
): Generator<Shape> {
  const { step, before } = planned;
  switch (step.kind) {
    case "publish":
      yield* shapesOfPublish(planned, step, next, scenario);
      return;
    case "close":
    case "drain":
      if (before.link === "down" && before.client === "disconnected") yield "close or drain while down";
      return;
    case "together":
      if (!endsAfterBurst(step.steps)) return;
      if (before.link === "up" && before.client === "connected") yield "close or drain right after a burst";
      if (before.link === "down" && before.client === "disconnected") yield "close or drain while down";
      return;
    case "fault":
      if (step.fault.kind === "cut") {
        if (before.hindrance === "hold" && hinderedPublishes > 0) yield "held, then cut";
        if (scenario.options.cutsWith === "rst") yield "cut with RST";
      }
      if (step.fault.kind === "pause-server") yield "server paused";
      if (step.fault.kind === "stop-server") yield "server stopped";
      return;
    case "await-noticed":
      if (before.hindrance === "blackhole") yield "blackhole, noticed";
      return;
    case "heal":
      if (hinderedPublishes === 0) return;
      if (before.hindrance === "hold") yield "held, then released";
      if (before.hindrance === "blackhole" && before.client === "connected")
        yield "blackhole, removed before it was noticed";
      return;
    case "start":
    case "flush":
      return;
  }
}

function* shapesOfPublish(
  { before, after, overlapping }: PlannedStep,
  step: PublishStep,
  next: PlannedStep | undefined,
  { options }: Scenario,
): Generator<Shape> {
  const goesOn = before.ended === "no";
  if (goesOn && before.link === "down" && before.client === "disconnected") yield "published while down";
  if (goesOn && before.link === "handshake" && overlapping) yield "published during the handshake";
  if (overlapping && next?.step.kind === "fault" && next.step.fault.kind === "cut") yield "burst then cut";
  if (goesOn && before.hindrance === "limit" && after.link === "down") {
    const frame = frameBytes(options.subject, step.bytes);
    const beyond = before.limitBytesLeft % frame;
    if (before.limitBytesLeft >= frame && beyond <= 1) yield "cut at a frame's end";
    if (beyond === frame - 1) yield "cut a byte before a frame's end";
  }
}

function endsAfterBurst(steps: readonly Step[]): boolean {
  const end = steps.findIndex(one => one.kind === "close" || one.kind === "drain");
  return end > 0 && steps[end - 1]?.kind === "publish";
}
