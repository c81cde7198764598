/** Opening and reopening the link, such that nothing of the previous connection comes late, not even a dial. */
import type { Fault, StepId } from "../../../models/vocabulary/scenario.ts";
import { noteClosed } from "./closed.ts";
import { type Course, mustBe } from "./course.ts";
import { bringServerBack } from "./faults/stop-server.ts";
import { harnessIsThrough } from "./gaps.ts";
import type { Hindrance, Opening } from "./rig.ts";
import { awaitConnections, awaitNoDial } from "./waits.ts";
import { noteLaid, noteLosses, noteOpening } from "./wire.ts";

/** Ends the case where the hindrance was not laid as it was asked for. */
export function mustShow({ rig: { link } }: Course, step: StepId, hindrance: Hindrance, amount?: number): void {
  mustBe(step, hindrance, link.shows(hindrance, amount));
}

/** Ends the case where the hindrances are gone, or others are there. Asked before a fault is ended. */
export async function mustStillShow(
  { rig: { link } }: Course,
  step: StepId,
  ...hindrances: readonly Hindrance[]
): Promise<void> {
  mustBe(step, hindrances.join(" and "), await link.stillShows(...hindrances));
}

export async function lay(course: Course, step: StepId, hindrance: Hindrance, amount?: number): Promise<void> {
  noteLaid(course, hindrance);
  await course.rig.link.lay(hindrance, amount);
  mustShow(course, step, hindrance, amount);
}

/** Ends every connection and refuses dials. `isQuiet`: the scenario leaves nothing under way to the server. */
export async function cutLink(course: Course, isQuiet: boolean): Promise<void> {
  if (!isQuiet) noteLosses(course);
  await course.rig.link.cut();
}

export async function openLink(
  course: Course,
  step: StepId,
  held: Pick<Opening, "heldDownstream" | "silentHandshake"> = {},
): Promise<void> {
  const closesWith = course.one.scenario.options.cutsWith;
  const speaks = course.one.scenario.steps.some(one => one.kind === "fault" && one.fault.kind === "server-error");
  const countsDials = course.one.scenario.steps.some(one => one.kind === "fault" && countsItsDials(one.fault));
  await course.rig.link.open({
    closesWith,
    ...held,
    ...(speaks ? { speaks } : {}),
    ...(countsDials ? { countsDials } : {}),
  });
  noteOpening(course);
  if (held.silentHandshake === true) noteLaid(course, "silent-handshake");
  if (closesWith === "rst") mustShow(course, step, "closes-with-rst");
  if (held.heldDownstream === true) mustShow(course, step, "hold-downstream");
  if (held.silentHandshake === true) mustShow(course, step, "silent-handshake");
}

const countsItsDials = (fault: Fault): boolean => fault.kind === "cut" && fault.dials !== undefined;

/** Opens the link again after a cut, or after a stop of the server, which is brought back first. */
export async function openLinkAgain(course: Course, step: StepId, heldDownstream: boolean): Promise<void> {
  const { clock } = course.rig;
  if (course.harm.serverDown) await bringServerBack(course, step);
  else await awaitConnections(course, step, open => open.every(one => one.name !== course.name));
  await awaitNoDial(course, step);
  await noteClosed(course);
  course.harm.handshakeAtMs = clock.nowMs();
  harnessIsThrough(course);
  await openLink(course, step, { heldDownstream });
}
