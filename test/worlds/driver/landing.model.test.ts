/** What was published as core NATS for a handler has come to the server before the scenario's time goes on. */
import { expect, test } from "vitest";
import { planCase } from "../../../models/plan/plan.ts";
import { newView, type View } from "../../../models/plan/view.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import type { Event, Run } from "../../../models/vocabulary/event.ts";
import type { Course, ServiceCourse } from "../../../src/worlds/driver/course.ts";
import { awaitLanded, type Landing } from "../../../src/worlds/driver/landing.ts";
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

interface Looked {
  readonly before?: View;
  readonly after?: View;
  readonly members?: readonly string[];
  readonly told?: readonly Event[];
  readonly seen?: readonly Run[];
}

/** A case in which the server has the messages of `accepted`, once more than what was `seen`, after `comesMs` of real time. */
function newCase(comesMs: number, { members = ["job.a"], told = [accepted], seen = [] }: Looked) {
  let nowMs = 0;
  const landing: Landing = { told: 0, onTheirWay: [], seen };
  const course = {
    one,
    landing,
    observer: {
      flush: async () => {},
      arrived: () => ({ runs: nowMs >= comesMs ? [...seen, { first: 2, count: 2 }] : seen, foreign: 0 }),
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
  /** The real time for which it has waited so far. */
  return async (before: View, after: View): Promise<number> => {
    await awaitLanded(course as unknown as Course, service as unknown as ServiceCourse, before, after);
    return nowMs;
  };
}

const down: View = { ...calm, client: "disconnected", link: "down" };
const held: View = { ...calm, hindrance: "hold" };
const withoutJetStream: View = { ...calm, jetStream: false };
const dropped: Event = { ...accepted, durable: true } as Event;

test.each<[what: string, comesMs: number, looked: Looked, realMs: number]>([
  ["is waited for", 40, {}, 40],
  ["is waited for where it is published again", 40, { seen: [{ first: 2, count: 2 }] }, 40],
  [
    "is waited for without a handler while the server has no JetStream",
    40,
    { members: [], before: withoutJetStream, after: withoutJetStream },
    40,
  ],
  ["is given up after a second", 40_000, {}, 1_002],
  ["is not waited for while the client is down", 40, { after: down }, 0],
  ["is not waited for where it was called while the client was down", 40, { before: down }, 0],
  ["is not waited for where nothing consumes it", 40, { members: [] }, 0],
  ["is not waited for where another subject is consumed", 40, { members: ["job.b"] }, 0],
  ["is not waited for where nothing was published", 40, { told: [] }, 0],
  ["is not waited for where it went through JetStream, and its error was dropped", 40, { told: [dropped] }, 0],
])("what a client has accepted %s", async (_what, comesMs, looked, realMs) => {
  expect(await newCase(comesMs, looked)(looked.before ?? calm, looked.after ?? calm)).toBe(realMs);
});

test("what a link held is waited for once it lets go, and what a cut may have taken is not", async () => {
  const released = newCase(40, {});
  expect(await released(held, held)).toBe(0);
  expect(await released(held, calm)).toBe(40);
  const cutOff = newCase(40, {});
  expect(await cutOff(held, held)).toBe(0);
  expect(await cutOff(held, down)).toBe(0);
  expect(await cutOff(down, calm)).toBe(0);
});
