/**
 * Clients of earlier cases. A bus is told to end its client with the case, and goes on to the next one in the same process. A client that
 * does not end dials the link of the next cases beside theirs: its dials would be counted as theirs, and its connections taken for theirs.
 * So it is looked for at the end of a case, and before dials are counted.
 */
import type { Course } from "./course.ts";
import type { ServerConnection } from "./rig.ts";

const goesMsMax = 1_000;
const lookEveryMs = 5;

/**
 * Looks for a client of an earlier case that is connected and stays. Nothing of this case is then held against its own client, and the
 * process of the bus serves no other case. A connection that has ended may stand in the server's list for a moment longer.
 * `open`: the server's connections, where they were asked for just now.
 */
export async function lookForStrangers(course: Course, open?: readonly ServerConnection[]): Promise<void> {
  const { clock, server, processes } = course.rig;
  if (!server.isRunning || server.isHalted) return;
  const beganMs = clock.nowMs();
  let stranger = strangerIn(course, open ?? (await server.connections()));
  while (stranger !== undefined && clock.nowMs() - beganMs < goesMsMax) {
    await clock.wait(lookEveryMs);
    stranger = strangerIn(course, await server.connections());
  }
  if (stranger === undefined) return;
  course.doubt ??= `a client of an earlier case, ${stranger}, is connected, though its bus was told to end it`;
  processes.retire();
}

/** The name of a client of another case that the server has a connection of. */
function strangerIn({ name }: Course, open: readonly ServerConnection[]): string | undefined {
  const names = open.map(one => one.name ?? "");
  return names.find(one => clientName.test(one) && one !== name && !one.startsWith(`${name}-`));
}

/** Clients of cases, and of their replicas, are named by the number of the case. */
const clientName = /^faultline-\d+(?:-r\d+)?$/;
