/** Every rig has the same members: what one can be asked, all can. A member that only one of them has is not part of the seam. */
import { expect, test } from "vitest";
import { liveRig, type Parts } from "../../../src/worlds/live/rig.ts";
import { memoryRig } from "./memory-rig.ts";

/** The parts of a live rig are asked for nothing while it is made, except what the link and the server are called by. */
const noParts = { link: { port: 1 }, server: { port: 2 }, shared: { client: {} } } as unknown as Parts;

/** Own and inherited names, of the rig and of each of its interfaces; a process and its client stand for all of them. */
function membersOf(rig: ReturnType<typeof memoryRig>): readonly string[] {
  const { shared, ...processes } = rig.processes;
  const parts = { rig, clock: rig.clock, link: rig.link, server: rig.server, streams: rig.streams, processes, shared };
  return Object.entries(parts)
    .flatMap(([part, one]) => Object.keys(one).map(name => `${part}.${name}`))
    .toSorted();
}

test("the live rig and the rig in memory have the same members", () => {
  expect(membersOf(liveRig(noParts))).toEqual(membersOf(memoryRig()));
});

test("a member that one rig lacks is named", () => {
  const { pause: _pause, ...server } = memoryRig().server;
  const lacking = { ...memoryRig(), server } as ReturnType<typeof memoryRig>;
  expect(membersOf(memoryRig()).filter(one => !membersOf(lacking).includes(one))).toEqual(["server.pause"]);
});
