/**
 * Clients of earlier cases. A bus is told to end its client with the case, and goes on to the next one in the same process. A client that
 * does not end dials the link of the next cases beside theirs: its dials would be counted as theirs, and its connections taken for theirs.
 * So it is looked for at the end of a case, and before dials are counted.
 */
import type { Course } from "./course.ts";

const goesMsMax = 1_000;
const lookEveryMs = 5;

/**
 * Looks for a client of an earlier case that is connected and stays. Nothing of this case is then held against its own client, and the
 * process of the bus serves no other case. A connection that has ended may stand in the server's list for a moment longer.
 */
export async function lookForStrangers(course: Course): Promise<void> {
  const { clock, server, processes } = course.rig;
  if (!server.isRunning || server.isHalted) return;
  const beganMs = clock.nowMs();
  let stranger = await strangerIn(course);
  while (stranger !== undefined && clock.nowMs() - beganMs < goesMsMax) {
    await clock.wait(lookEveryMs);
    stranger = await strangerIn(course);
  }
  if (stranger === undefined) return;
  course.doubt ??= `a client of an earlier case, ${stranger}, is connected, though its bus was told to end it`;
  processes.retire();
}

/** The name of a client of another case that the server has a connection of. */
async function strangerIn({ rig: { server }, name }: Course): Promise<string | undefined> {
  const names = (await server.connections()).map(one => one.name ?? "");
  return names.find(one => clientName.test(one) && one !== name && !one.startsWith(`${name}-`));
}

/** Clients of cases, and of their replicas, are named by the number of the case. */
const clientName = /^faultline-\d+(?:-r\d+)?$/;
