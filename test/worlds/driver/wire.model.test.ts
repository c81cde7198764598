/** The link's own counts of bytes: what it lost or made convicts no client, and what a fault of the case explains is no doubt. */
import { describe, expect, test } from "vitest";
import { planCase } from "../../../models/plan/plan.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import { parseScenario } from "../../../src/files/scenario-schema.ts";
import { judge } from "../../../src/judge/judge.ts";
import { runCase } from "../../../src/worlds/driver/case.ts";
import type { Carried, Rig } from "../../../src/worlds/driver/rig.ts";
import { noteLaid } from "../../../src/worlds/driver/wire.ts";
import { wireDoubt } from "../../../src/worlds/driver/witnesses.ts";
import { memoryRig } from "./memory-rig.ts";

const start = { id: "start", kind: "start" };
const flush = { id: "flush", kind: "flush", timeoutMs: 5_000 };
const publish = (id: string) => ({ id, kind: "publish", count: 5, bytes: 16 });
const fault = (of: object) => ({ id: "fault", kind: "fault", fault: of });
const cut = fault({ kind: "cut", awaits: "noticed" });
const heal = { id: "heal", kind: "heal", awaits: "connected" };

const plannedOf = (steps: readonly object[], options: object = {}) => {
  const data = { version: 1, id: "driver/wire", why: "A test.", options, steps };
  return planCase(parseScenario(JSON.stringify(data), "wire.model.test.ts"), natsGo);
};

async function eventsOf(steps: readonly object[], rig: Rig, options: object = {}): Promise<readonly Event[]> {
  const events: Event[] = [];
  await runCase({ ...plannedOf(steps, options), bus: "in memory", seed: "1" }, 1, rig, event => events.push(event));
  return events;
}

const run = async (steps: readonly object[], rig: Rig, options: object = {}) =>
  judge(plannedOf(steps, options), await eventsOf(steps, rig, options));

const whole: Carried = { taken: 100, given: 100 };
const less: Carried = { taken: 100, given: 99 };
const more: Carried = { taken: 100, given: 101 };
const doubt =
  /^faultline's own witnesses differ: the link took 100 bytes from the client and gave the server (99|101)\./;

const quiet = [start, publish("before"), flush, cut, publish("down"), heal, publish("after")];
const busy = [start, flush, publish("before"), cut, publish("down"), heal, publish("after")];

describe("the counts of a link", () => {
  test.each<[what: string, steps: readonly object[], carries: readonly Carried[]]>([
    ["less before a cut that follows a flush", quiet, [less, whole]],
    ["more before a cut that follows a flush", quiet, [more, whole]],
    ["more before a cut with bytes under way", busy, [more, whole]],
    ["less in the last opening", quiet, [whole, less]],
    ["more in the last opening", busy, [less, more]],
    ["less behind a hold that was released", [start, fault({ kind: "hold" }), publish("held"), heal], [less]],
    [
      "more where the server stopped",
      [start, flush, fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" }), heal],
      [more],
    ],
  ])("that tell of %s spare the client", async (_, steps, carries) => {
    const judgement = await run(steps, memoryRig({ carries, forgetsPending: true }));
    expect(judgement.verdict, judgement.reason).toBe("inconclusive");
    expect(judgement.reason).toMatch(doubt);
    expect(judgement.properties.filter(one => one.verdict === "violated")).toEqual([]);
  });

  test.each<[what: string, steps: readonly object[], carries: readonly Carried[]]>([
    ["the same at both ends", quiet, [whole, whole]],
    ["less before a cut with bytes under way", busy, [less, whole]],
    [
      "less where a server stopped",
      [start, flush, fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" }), publish("down"), heal],
      [less],
    ],
    [
      "less where a server was paused",
      [start, flush, fault({ kind: "pause-server" }), publish("paused"), heal],
      [less],
    ],
    ["more behind a blackhole", [start, flush, fault({ kind: "blackhole" }), publish("lost"), heal], [more]],
    ["nothing", quiet, []],
  ])("that tell of %s are no doubt", async (_, steps, carries) => {
    const judgement = await run(steps, memoryRig({ carries }));
    expect(judgement.verdict, judgement.reason).toBe("holds");
  });

  test.each(["hold", "limit", "blackhole"] as const)("leave out what a %s kept the proxy from reading", hindrance => {
    const wire = [{ mayLose: false, mayLackTaken: false }];
    const openings = [more, more];
    expect(wireDoubt(wire, { openings })).toMatch(/took 100 bytes .* gave the server 101/);
    noteLaid({ wire }, hindrance);
    expect(wireDoubt(wire, { openings })).toBeUndefined();
    expect(wireDoubt([...wire, { mayLose: true, mayLackTaken: false }], { openings })).toMatch(/gave the server 101/);
  });

  test("that agree leave a client that loses to be convicted", async () => {
    const judgement = await run(quiet, memoryRig({ carries: [whole, whole], forgetsPending: true }));
    expect(judgement.verdict).toBe("violated");
  });

  test("are asked again until the proxy has counted the last connection", async () => {
    const rig = memoryRig();
    let asked = 0;
    const carried = async () => ({ openings: ++asked < 4 ? [whole, less] : [whole, whole] });
    const judgement = await run(quiet, { ...rig, link: Object.assign(rig.link, { carried }) });
    expect(judgement.verdict, judgement.reason).toBe("holds");
    expect(asked).toBe(4);
  });

  test("of a case that was given up are taken once its link is cut", async () => {
    const rig = memoryRig();
    const { link } = rig;
    // The proxy counts a connection when it has ended, and a relay behind it at once.
    const carried = async () => ({ openings: [link.isOpen ? { taken: 0, given: 100 } : whole] });
    const shows = () => false;
    const events = await eventsOf([start, fault({ kind: "hold" }), publish("held"), heal], {
      ...rig,
      link: Object.assign(link, { carried, shows }),
    });
    expect(events.filter(({ kind }) => kind === "not-awaited")).toHaveLength(1);
    expect(events.at(-1)).toEqual({ kind: "observed", complete: false, why: "the case was given up there" });
  });
});
