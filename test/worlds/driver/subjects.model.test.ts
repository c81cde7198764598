/** A subject is not observed where the observer would be the only listener of a publish that finds no stream. */
import { expect, test } from "vitest";
import { planCase } from "../../../models/plan/plan.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import { observedSubjects, unobservedSubjects } from "../../../src/worlds/driver/subjects.ts";
import { type Bare, cut, fault, heal, start } from "../../models/cases.ts";
import { job, policyWith, stream, term, underPolicy } from "../../models/policies.ts";

/** A service whose server had no JetStream at its first start publishes as core NATS until it is started again. */
const bothWays: readonly Bare[] = [fault({ kind: "no-jetstream" }), start, job(), heal(), term(), start, job()];
const loseStore = fault({ kind: "stop-server", signal: "KILL", awaits: "noticed", store: "lost" });
const stop = fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" });
const created = { ...stream, made: "created" as const };

test.each([
  ["its stream stays", [cut(), heal(), job()], [], []],
  ["its stream is lost, and something is published after that", [loseStore, heal(), job()], [], ["job.a"]],
  ["its stream is lost, and nothing is published after that", [loseStore, heal()], [], []],
  ["its server stops beside a burst", [job(9, { async: true, overlap: true }), stop, heal()], [], []],
  ["its stream is lost, and another service listens", [loseStore, heal(), job()], ["job.>"], []],
] as const)("published both ways, and %s", (_what, rest, taps, unobserved) => {
  const policy = { ...policyWith({ streams: [created], startup: { jetStreamProbe: "once" } }), taps };
  for (const id of ["a", "b", "c", "d", "e", "f", "g", "h"]) {
    const planned = planCase({ ...underPolicy(policy, [...bothWays, ...rest]), id }, natsJs3);
    expect(unobservedSubjects(planned, policy)).toEqual(unobserved);
    expect(observedSubjects(planned, policy)).toEqual(unobserved.length > 0 ? [] : ["job.a"]);
  }
});
