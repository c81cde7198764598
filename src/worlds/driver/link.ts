/** The link, opened and opened again: in such a way that nothing of the connection before it comes late, and no dial either. */
import type { StepId } from "../../../models/vocabulary/scenario.ts";
import { type Course, mustBe } from "./course.ts";
import { bringServerBack } from "./faults/stop-server.ts";
import type { Hindrance, Opening } from "./rig.ts";
import { awaitConnections, awaitNoDial } from "./waits.ts";

/** Ends the case where the hindrance was not laid as it was asked for. */
export function mustShow({ rig: { link } }: Course, step: StepId, hindrance: Hindrance, amount?: number): void {
  mustBe(step, hindrance, link.shows(hindrance, amount));
}

/** Ends the case where the hindrances are not there any more, or others are. Asked before a fault is ended. */
export async function mustStillShow(
  { rig: { link } }: Course,
  step: StepId,
  ...hindrances: readonly Hindrance[]
): Promise<void> {
  mustBe(step, hindrances.join(" and "), await link.stillShows(...hindrances));
}

export async function openLink(
  course: Course,
  step: StepId,
  held: Pick<Opening, "heldDownstream" | "silentHandshake"> = {},
): Promise<void> {
  const closesWith = course.one.scenario.options.cutsWith;
  const speaks = course.one.scenario.steps.some(one => one.kind === "fault" && one.fault.kind === "server-error");
  await course.rig.link.open({ closesWith, ...held, ...(speaks ? { speaks } : {}) });
  if (closesWith === "rst") mustShow(course, step, "closes-with-rst");
  if (held.heldDownstream === true) mustShow(course, step, "hold-downstream");
  if (held.silentHandshake === true) mustShow(course, step, "silent-handshake");
}

/** After a cut, and after a stop of the server, which is brought back first. */
export async function openLinkAgain(course: Course, step: StepId, heldDownstream: boolean): Promise<void> {
  const { clock } = course.rig;
  if (course.harm.serverDown) await bringServerBack(course, step);
  else await awaitConnections(course, step, open => open.every(one => one.name !== course.name));
  await awaitNoDial(course, step);
  course.harm.handshakeAtMs = clock.nowMs();
  await openLink(course, step, { heldDownstream });
}
