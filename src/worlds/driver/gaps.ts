/**
 * Gaps as the harness measures them, under a policy that declares how long one may be. While a gap is open, the scenario's time takes as long by
 * the real clock, so that the client dials as it would. The harness itself may be late, with opening the link or starting a process: the gap may
 * have been shorter by that.
 */
import { outageSurvivedMs } from "../../../models/policy/attempts.ts";
import { familiesWithGap, type GapTrack, gapAgainst, newGapTrack, trackGaps } from "../../../models/policy/gaps.ts";
import type { Event, TookMs } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Course } from "./course.ts";
import { notAwaitedByHarness } from "./waits.ts";

export interface GapClock {
  readonly track: GapTrack;
  /** The moment on the rig's clock at which the open gap began. */
  beganMs: number;
  /** The harness did its last part in it so much later than the scenario says. */
  lateMs: number;
  /** The scenario's time has passed in it as long as it says. */
  isPaced: boolean;
}

/** Undefined where no gap is measured. */
export const newGapClock = (policy: Policy | undefined): GapClock | undefined =>
  policy === undefined || familiesWithGap(policy).length === 0
    ? undefined
    : { track: newGapTrack(), beganMs: 0, lateMs: 0, isPaced: true };

/** No run can afford a longer one. */
const pacedMsMax = 20_000;
/** The time that a busy machine may add to an outage. */
const roomMs = 2_000;

/** Takes in an event that was emitted, and emits what it says of a gap. */
export function noteGap(course: Course, event: Event): void {
  const { gaps, rig } = course;
  if (gaps === undefined) return;
  const wasOpen = gaps.track.open !== undefined;
  const gap = trackGaps(gaps.track, event);
  if (!wasOpen && gaps.track.open !== undefined) {
    gaps.beganMs = rig.clock.nowMs();
    gaps.lateMs = 0;
    gaps.isPaced = true;
  }
  if (gap !== undefined) sayGap(course, gaps, gap.outageMs);
}

function sayGap(course: Course, { beganMs, lateMs, isPaced }: GapClock, outageMs: number): void {
  const { emit, rig, at, service } = course;
  const declared = service === undefined ? [] : familiesWithGap(service.policy).map(({ gapMs }) => gapMs);
  const judged = declared.filter(gapMs => outageMs <= gapMs);
  const mostMs = Math.round(rig.clock.nowMs() - beganMs);
  const took: TookMs = { leastMs: mostMs - Math.round(lateMs), mostMs };
  emit(isPaced ? { kind: "gap", took } : { kind: "gap" });
  const unclear = judged.find(gapMs => !isPaced || gapAgainst(took, gapMs) === "unclear");
  if (unclear === undefined) return;
  const what = isPaced
    ? `a gap of ${took.leastMs} to ${mostMs} ms to be told from the ${unclear} ms that are declared, which takes a clearer difference`
    : "a gap that passes as the scenario says, which takes too long for a run or for the client's attempts";
  notAwaitedByHarness(course, at, what);
}

/** Waits until the real clock has reached that moment of the scenario, if a gap is open that will end. */
export async function keepPace(course: Course, atMs: number): Promise<void> {
  const { gaps, rig } = course;
  if (gaps?.track.open === undefined || !comesBack(course)) return;
  const spanMs = atMs - gaps.track.open.sinceMs;
  if (spanMs > pacedMsMax || spanMs > survivedMs(course) - roomMs) gaps.isPaced = false;
  if (!gaps.isPaced) return;
  const leftMs = realMsOf(gaps, atMs) - rig.clock.nowMs();
  if (leftMs > 0) await rig.clock.wait(Math.ceil(leftMs));
}

/** A client that counts its attempts must not run out of them while the harness waits. */
const survivedMs = ({ one: { profile, scenario } }: Course): number =>
  outageSurvivedMs(profile, scenario.options).least;

/** The link is about to open, or a process to be told to start: from here on the time is the client's. */
export function harnessIsThrough({ gaps, rig, nowMs }: Course): void {
  if (gaps?.track.open !== undefined) gaps.lateMs = Math.max(0, rig.clock.nowMs() - realMsOf(gaps, nowMs));
}

const realMsOf = ({ beganMs, track: { open } }: GapClock, atMs: number): number =>
  beganMs + atMs - (open?.sinceMs ?? atMs) + (open?.stopMs ?? 0);

/** True where the client is connected again in this step or in a later one. */
function comesBack({ one: { plan }, at }: Course): boolean {
  const here = plan.steps.findIndex(({ step }) => step.id === at);
  return plan.steps.slice(Math.max(0, here)).some(planned => {
    const passes = planned.kind === "settle" ? planned.passes.flatMap(({ life }) => life) : [];
    const isHealed = planned.kind === "settle" ? planned.heals : planned.step.kind === "heal";
    return (
      (isHealed && planned.before.started) || [...planned.life, ...passes].some(({ what }) => what === "connected")
    );
  });
}
