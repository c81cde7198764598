/** Durable publishes for which nobody answers, in a race with a cut: every run of the model is one that the oracle admits. */
import { describe, expect, test } from "vitest";
import { observe } from "../../models/observation.ts";
import { admits } from "../../models/oracle.ts";
import { planCase } from "../../models/plan/plan.ts";
import { cut, eventsOf, fault, heal, profilesByName, start, times } from "./cases.ts";
import { job, policyWith, stream, underPolicy } from "./policies.ts";

/** Without a stream the server says that there are no responders; a listener that is no stream says nothing at all. */
const listeners = [
  ["no listener", []],
  ["a listener that never answers", ["job.>"]],
] as const;
const buffers = [
  ["the client's own buffer", undefined],
  ["a buffer of 100 bytes", 100],
  ["no buffer", -1],
] as const;

describe.each(profilesByName)("%s", (_name, profile) => {
  describe.each(listeners)("with %s", (_listener, taps) => {
    test.each(buffers)("and %s may go each way that the model goes", (_buffer, reconnectBufferBytesMax) => {
      const client = reconnectBufferBytesMax === undefined ? {} : { reconnectBufferBytesMax };
      for (const attemptsMax of [1, 2])
        for (const async of [{}, { async: true as const }]) {
          const policy = policyWith({ streams: [], taps, publish: { attemptsMax }, client });
          const steps = [start, job(4, { overlap: true, ...async }), cut(), heal()];
          const planned = planCase(underPolicy(policy, steps, client), profile);
          const reasons = Array.from({ length: times(80) }, (_, seed) =>
            admits(planned, observe(eventsOf(planned.scenario, profile, String(seed)))),
          ).filter(one => one.answer !== "permitted");
          expect(reasons).toEqual([]);
        }
    });
  });

  test("a bus that drops its errors tells by its waits which calls of a burst were answered", () => {
    for (const async of [{}, { async: true as const }]) {
      const policy = policyWith({
        publish: { attemptsMax: 1, onError: "dropped" },
        streams: [{ ...stream, messagesMax: 2, discard: "new" }],
      });
      const steps = [
        start,
        job(8, { overlap: true, ...async }),
        fault({ kind: "stop-server", signal: "KILL", awaits: "noticed" }),
        heal(),
      ];
      const planned = planCase(underPolicy(policy, steps), profile);
      for (let seed = 0; seed < times(80); seed++)
        expect(admits(planned, observe(eventsOf(planned.scenario, profile, String(seed)))).answer).toBe("permitted");
    }
  });
});
