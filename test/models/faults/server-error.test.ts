/** What the server says to a client that is connected: each client does what was measured, and what was not measured is not judged. */
import { describe, expect, test } from "vitest";
import { observe } from "../../../models/observation.ts";
import { admits } from "../../../models/oracle.ts";
import { planCase } from "../../../models/plan/plan.ts";
import { type Scenario, type ServerErrorText, serverErrorTexts } from "../../../models/vocabulary/scenario.ts";
import { scenarioOf } from "../../../properties/arbitraries/scenario.ts";
import { judge } from "../../../src/judge/judge.ts";
import { modelCapabilities } from "../../../src/worlds/model.ts";
import {
  allProfiles,
  type Bare,
  close,
  cut,
  eventsOf,
  fault,
  flush,
  hold,
  profileNamed,
  publish,
  scenarioWith,
  skippedIn,
  start,
  times,
} from "../cases.ts";
import { sound, underPolicy } from "../policies.ts";

const says = (text: ServerErrorText, closes = false): Bare => fault({ kind: "server-error", text, closes });
const wordsAt = (name: string, text: ServerErrorText, closes: boolean): string =>
  eventsOf(scenarioWith([start, says(text, closes), publish(1)]), profileNamed(name))
    .flatMap(event => (event.kind === "connection" ? [event.change] : []))
    .join(" ");

const kept = "connected";
const anew = "connected disconnected reconnected";
const closed = "connected disconnected closed";

/** F-138 to F-141: with the connection left as it is, and ended. */
test.each<[name: string, text: ServerErrorText, left: string, ended: string]>([
  ["nats-go", "unknown", closed, closed],
  ["nats-go", "stale", anew, anew],
  ["nats-go", "authorization", kept, anew],
  ["nats-go", "permissions", kept, anew],
  ["nats-js-2", "unknown", kept, anew],
  ["nats-js-2", "stale", kept, anew],
  ["nats-js-2", "authorization", anew, anew],
  ["nats-js-2", "permissions", kept, anew],
  ["nats-js-3", "unknown", kept, anew],
  ["nats-js-3", "stale", kept, anew],
  ["nats-js-3", "authorization", anew, anew],
  ["nats-js-3", "permissions", kept, anew],
  ["nats-py", "unknown", closed, closed],
  ["nats-py", "stale", anew, anew],
  ["nats-py", "authorization", closed, closed],
  ["nats-py", "permissions", kept, anew],
])("%s, told an error of the kind %s", (name, text, left, ended) => {
  expect([wordsAt(name, text, false), wordsAt(name, text, true)]).toEqual([left, ended]);
});

test("a client that does otherwise is not permitted", () => {
  const [go, js] = [profileNamed("nats-go"), profileNamed("nats-js-3")];
  for (const text of serverErrorTexts) {
    const scenario = scenarioWith([start, publish(2), flush(), says(text), publish(1)]);
    const answer = admits(planCase(scenario, go), observe(eventsOf(scenario, js))).answer;
    expect([text, answer]).toEqual([text, text === "permissions" ? "permitted" : "not-permitted"]);
  }
});

test.each<[reason: string, steps: readonly Bare[], options?: object]>([
  ["the bus is not started", [says("stale")]],
  ["another fault is in force", [start, hold, says("stale")]],
  ["the link is down already", [start, cut(), says("stale")]],
  ["the connection has ended", [start, close, says("stale")]],
  ["what is under way as the server says it may be lost or not", [start, publish(1), says("stale")]],
  ["what is under way as the server says it may be lost or not", [start, says("stale", true), says("stale")]],
  [
    "what a client makes of a second refusal depends on the first",
    [start, says("authorization"), flush(), says("authorization")],
  ],
  ["the client's own PINGs or its giving up would race with it", [start, says("stale")], { pingIntervalMs: 150 }],
  ["the client's own PINGs or its giving up would race with it", [start, says("stale")], { reconnectAttemptsMax: 3 }],
  [
    "the proxy would reset the server's side too, and drop what is on its way",
    [start, says("stale", true)],
    { cutsWith: "rst" },
  ],
])("it is refused where %s", (reason, steps, options = {}) => {
  expect(skippedIn(scenarioWith(steps, options), profileNamed("nats-js-3")).at(-1)).toBe(reason);
});

test("it is refused under a policy", () => {
  expect(skippedIn(underPolicy(sound, [start, says("stale")]), profileNamed("nats-go")).at(-1)).toBe(
    "what a service does at it was not measured",
  );
});

describe.each(allProfiles.map(profile => [profile.name, profile] as const))("random scenarios of %s", (_, profile) => {
  const isSaid = ({ steps }: Scenario): boolean =>
    steps.some(one => one.kind === "fault" && one.fault.kind === "server-error");
  const capabilities = modelCapabilities(profile);

  test("have it now and then, can do it, and end in a verdict that holds", () => {
    const all = Array.from({ length: times(1_600) }, (_, i) => scenarioOf(`said-${i}`, { profile, capabilities }));
    const said = all.filter(isSaid);
    expect(said.length / all.length).toBeGreaterThan(0.02);
    expect(said.length / all.length).toBeLessThan(0.08);
    for (const scenario of said) {
      const planned = planCase(scenario, profile);
      const judgement = judge(planned, eventsOf(scenario, profile));
      expect([scenario.id, judgement.verdict, judgement.reason]).toEqual([scenario.id, "holds", judgement.reason]);
    }
  });

  test("are otherwise what they are without it, unless they lose the servers of a pool, on the same draws", () => {
    const less = new Set([...capabilities].filter(one => one !== "server-error"));
    for (let i = 0; i < times(300); i++) {
      const scenario = scenarioOf(`said-${i}`, { profile, capabilities });
      const isPooled = scenario.options.servers !== undefined;
      if (!isSaid(scenario) && !isPooled)
        expect(scenario).toEqual(scenarioOf(`said-${i}`, { profile, capabilities: less }));
    }
  });
});
