/** The sentences about processes and probes that a reason is told in. */
import { expect, test } from "vitest";
import type { Disagreement } from "../../models/explanation.ts";
import type { ServiceTold } from "../../models/told.ts";
import { worded } from "../../models/words.ts";

const said = (lead: Disagreement): string =>
  worded({ kind: "disagreement", lead, at: "settle", matched: 1, deliveries: 2 }).replace(
    " (at settle, after 1 of 2 deliveries matched)",
    "",
  );
const exited = (change: Partial<Extract<ServiceTold, { kind: "process"; change: "exited" }>>): ServiceTold => ({
  kind: "process",
  change: "exited",
  replica: 0,
  because: "stopped",
  code: 0,
  tookMs: 40,
  forced: false,
  toldLost: 0,
  ...change,
});

test.each<[ServiceTold, string]>([
  [exited({}), "replica 0 exited stopped, with code 0 after 40 ms, 0 told lost"],
  [exited({ forced: true, toldLost: 3 }), "replica 0 exited stopped, forced, with code 0 after 40 ms, 3 told lost"],
  [exited({ because: "killed", code: 137 }), "replica 0 exited killed, with code 137 after 40 ms, 0 told lost"],
  [{ kind: "process", change: "started", replica: 1, by: "supervisor" }, "replica 1 started by its supervisor"],
  [{ kind: "process", change: "stopping", replica: 2 }, "replica 2 stopping"],
  [{ kind: "holds", stream: "JOBS", message: 4 }, "JOBS holds message 4"],
  [
    { kind: "handled", replica: 1, subject: "job.a", delivery: 2, outcome: "acked", message: 4 },
    "replica 1 is given, for the 2. time, on job.a, and acked: message 4",
  ],
  [
    { kind: "probe", replica: 0, ready: false, live: true, connected: false, durable: false },
    "ready false, live true, connected false, durable false",
  ],
])("%j", (told, sentence) => {
  expect(said({ kind: "service", says: told, observed: undefined })).toBe(
    `the model says: ${sentence}; observed nothing more`,
  );
  expect(said({ kind: "service-beyond", observed: told })).toBe(
    `observed: ${sentence}; but the model says nothing more`,
  );
});
