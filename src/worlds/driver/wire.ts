/**
 * The second opinion on the link: the bytes that it took from the client and those that it gave the server, by opening. What it loses by
 * the faults of the case cannot be told from what it loses without being asked. So an opening counts as whole only where nothing was laid on
 * it that drops bytes, the server ran throughout, and the client had nothing under way when it was cut: its last call was a flush. In any
 * other opening the link may have given less, but never more.
 */
import type { Course } from "./course.ts";
import type { Hindrance } from "./rig.ts";
import { wireDoubt } from "./witnesses.ts";

/** One opening of the link. */
export interface OpeningSoFar {
  /** The case may have dropped bytes in it. */
  mayLose: boolean;
  /** The count of what the link took may lack whole connections. */
  mayLackTaken: boolean;
}

/** The proxy counts a connection a moment after its end. */
const countBoundMs = 1_000;
const lookEveryMs = 2;

/** A hindrance that keeps bytes and gives them on loses none. */
const drops: readonly Hindrance[] = ["limit", "blackhole", "lose-downstream", "silent-handshake"];

/** A hold keeps more than a thousand chunks from being read, and the two others end connections. */
const blocksReading: readonly Hindrance[] = ["hold", "limit", "blackhole"];

/** A service, and a client's own PINGs, write at any time. */
export function noteOpening({ wire, service, one }: Course): void {
  const mayLose = service !== undefined || one.scenario.options.pingIntervalMs !== undefined;
  wire.push({ mayLose, mayLackTaken: false });
}

export function noteLaid(course: Pick<Course, "wire">, hindrance: Hindrance): void {
  if (drops.includes(hindrance)) noteLosses(course);
  const opening = course.wire.at(-1);
  if (opening !== undefined && blocksReading.includes(hindrance)) opening.mayLackTaken = true;
}

/** Connections end, or are about to, while something may be under way on them. */
export function noteLosses({ wire }: Pick<Course, "wire">): void {
  const opening = wire.at(-1);
  if (opening !== undefined) opening.mayLose = true;
}

/**
 * Holds the counts of the link against each other, after the last step. It cuts the link, since only ended connections are counted.
 * `isQuiet`: the client has nothing under way.
 */
export async function lookAtWire(course: Course, isQuiet: boolean): Promise<void> {
  const { rig, wire } = course;
  if (!isQuiet) noteLosses(course);
  if (rig.link.isOpen) await rig.link.cut();
  const untilMs = rig.clock.nowMs() + countBoundMs;
  let doubt = wireDoubt(wire, await rig.link.carried());
  while (doubt !== undefined && rig.clock.nowMs() < untilMs) {
    await rig.clock.wait(lookEveryMs);
    doubt = wireDoubt(wire, await rig.link.carried());
  }
  course.linkSpoilt = doubt !== undefined;
  course.doubt ??= doubt;
}
