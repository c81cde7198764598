/** What was published as core NATS for a handler has come to the server before the scenario's time goes on. */
import { expect, test } from "vitest";
import { planCase } from "../../../models/plan/plan.ts";
import { newView, type View } from "../../../models/plan/view.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Course, ServiceCourse } from "../../../src/worlds/driver/course.ts";
import { awaitLanded } from "../../../src/worlds/driver/landing.ts";
import { fault, heal, start } from "../../models/cases.ts";
import { job, policyWith, subscribe, underPolicy } from "../../models/policies.ts";

const policy = policyWith({ startup: { jetStreamProbe: "once" } });
/** A service that publishes as core NATS what a stream takes. */
const steps = [fault({ kind: "no-jetstream" }), start, job(2), heal(), subscribe(0), job(2)];
const one = planCase(underPolicy(policy, steps), natsJs3);
const calm: View = { ...newView(policy), client: "connected" };
const accepted: Event = {
  ...{ kind: "published", step: "s", first: 2, count: 2, frameBytes: 60, subject: "job.a" },
  outcome: { is: "accepted" },
};

/** The real time for which it waits; the server has the messages after `comesMs`. */
async function waited(comesMs: number, more: { view?: View; members?: readonly string[]; told?: readonly Event[] }) {
  let nowMs = 0;
  const { view = calm, members = ["job.a"], told = [accepted] } = more;
  const course = {
    one,
    observer: {
      flush: async () => {},
      arrived: () => ({ runs: nowMs >= comesMs ? [{ first: 2, count: 2 }] : [], foreign: 0 }),
    },
    rig: {
      clock: {
        nowMs: () => nowMs,
        wait: async (ms: number) => {
          nowMs += ms;
        },
      },
    },
  };
  const service = { policy, told, members: new Map(members.map(subject => [subject, new Set([0])])) };
  await awaitLanded(course as unknown as Course, service as unknown as ServiceCourse, view, 0);
  return nowMs;
}

test.each([
  ["is waited for", 40, {}, 40],
  ["is given up after a second", 40_000, {}, 1_002],
  ["is not waited for while the client is down", 40, { view: { ...calm, client: "disconnected" as const } }, 0],
  ["is not waited for where nothing consumes it", 40, { members: [] }, 0],
  ["is not waited for where another subject is consumed", 40, { members: ["job.b"] }, 0],
  ["is not waited for where nothing was published", 40, { told: [] }, 0],
])("what a calm client has accepted %s", async (_what, comesMs, more, realMs) => {
  expect(await waited(comesMs, more)).toBe(realMs);
});
