/**
 * The known shapes of trouble in a scenario, read from its plan: what a case with all its steps done has met. The shapes are the rows of
 * tables 1, 3 and 4 of docs/facts.md. `compare` and `search` count them, so that a thousand runs of one shape are not taken for a thousand
 * shapes.
 */
import { type PlannedStep, plan, type ScenarioStep } from "../../../models/plan/plan.ts";
import { frameBytes } from "../../../models/vocabulary/frame.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { PublishStep, Scenario, Step } from "../../../models/vocabulary/scenario.ts";

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

export const shapesOf = (scenario: Scenario, profile: Profile): ReadonlySet<Shape> => {
  const met = shapesIn(scenario, profile);
  return new Set(shapeNames.filter((_, i) => (met & (1 << i)) !== 0));
};

/** The same as a bit set, for a search: bit i for shape i. */
export function shapesIn(scenario: Scenario, profile: Profile): number {
  const { steps } = plan(scenario, profile);
  let met = 0;
  let hinderedPublishes = 0;
  for (let i = 0; i < steps.length; i++) {
    const one = steps[i] as PlannedStep;
    if (one.kind === "settle" || one.skipped !== undefined) continue;
    if (one.before.hindrance === "none") hinderedPublishes = 0;
    if (one.step.kind === "publish") {
      hinderedPublishes++;
      met |= shapesOfPublish(one, one.step, steps[i + 1], scenario, profile);
    } else met |= shapesOfStep(one.step, one.before, scenario, hinderedPublishes);
  }
  return met;
}

const bit = (shape: Shape): number => 1 << shapeNames.indexOf(shape);
const none = 0;
const publishedWhileDown = bit("published while down");
const publishedDuringHandshake = bit("published during the handshake");
const burstThenCut = bit("burst then cut");
const heldThenCut = bit("held, then cut");
const heldThenReleased = bit("held, then released");
const cutAtFrameEnd = bit("cut at a frame's end");
const cutBeforeFrameEnd = bit("cut a byte before a frame's end");
const cutWithRst = bit("cut with RST");
const blackholeNoticed = bit("blackhole, noticed");
const blackholeUnnoticed = bit("blackhole, removed before it was noticed");
const serverPaused = bit("server paused");
const serverStopped = bit("server stopped");
const endedWhileDown = bit("close or drain while down");
const endedAfterBurst = bit("close or drain right after a burst");

type Before = ScenarioStep["before"];

const isKnownDown = ({ link, client }: Before): boolean => link === "down" && client === "disconnected";

/** `hinderedPublishes`: publishes made since the hindrance in force began. */
function shapesOfStep(step: Step, before: Before, scenario: Scenario, hinderedPublishes: number): number {
  switch (step.kind) {
    case "close":
    case "drain":
      return isKnownDown(before) ? endedWhileDown : none;
    case "together":
      if (!endsAfterBurst(step.steps)) return none;
      if (before.link === "up" && before.client === "connected") return endedAfterBurst;
      return isKnownDown(before) ? endedWhileDown : none;
    case "fault":
      switch (step.fault.kind) {
        case "cut": {
          const held = before.hindrance === "hold" && hinderedPublishes > 0 ? heldThenCut : none;
          return scenario.options.cutsWith === "rst" ? held | cutWithRst : held;
        }
        case "pause-server":
          return serverPaused;
        case "stop-server":
          return serverStopped;
        default:
          return none;
      }
    case "await-noticed":
      return before.hindrance === "blackhole" ? blackholeNoticed : none;
    case "heal":
      if (hinderedPublishes === 0) return none;
      if (before.hindrance === "hold") return heldThenReleased;
      return before.hindrance === "blackhole" && before.client === "connected" ? blackholeUnnoticed : none;
    default:
      return none;
  }
}

function shapesOfPublish(
  { before, after, overlapping }: ScenarioStep,
  step: PublishStep,
  next: PlannedStep | undefined,
  { options }: Scenario,
  profile: Profile,
): number {
  // Nearly every publish that meets no trouble.
  if (before.link === "up" && before.hindrance !== "limit" && !overlapping) return none;
  let met = none;
  const goesOn = before.ended === "no";
  if (goesOn && isKnownDown(before)) met |= publishedWhileDown;
  if (goesOn && before.link === "handshake" && overlapping) met |= publishedDuringHandshake;
  if (overlapping && next?.step.kind === "fault" && next.step.fault.kind === "cut") met |= burstThenCut;
  if (goesOn && before.hindrance === "limit" && after.link === "down") {
    const frame = frameBytes(options.subject, step.bytes, profile);
    const beyond = before.limitBytesLeft % frame;
    if (before.limitBytesLeft >= frame && beyond <= 1) met |= cutAtFrameEnd;
    if (beyond === frame - 1) met |= cutBeforeFrameEnd;
  }
  return met;
}

function endsAfterBurst(steps: readonly Step[]): boolean {
  const end = steps.findIndex(one => one.kind === "close" || one.kind === "drain");
  return end > 0 && steps[end - 1]?.kind === "publish";
}
