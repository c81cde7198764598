/** A flush or a drain that is pending while the next step is done: what comes of it, and when it is done. */
import { describe, expect, test } from "vitest";
import { expand, wholeRange } from "../../models/choice.ts";
import { observe } from "../../models/observation.ts";
import { admits } from "../../models/oracle.ts";
import { planCase } from "../../models/plan/plan.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { scenariosOf } from "../../properties/arbitraries/scenario.ts";
import { modelCapabilities, runAnswered } from "../../src/worlds/model.ts";
import {
  allProfiles,
  type Bare,
  blackhole,
  cut,
  fault,
  flush,
  heal,
  hold,
  pauseServer,
  profileNamed,
  profilesByName,
  publish,
  scenarioWith,
  skippedIn,
  start,
  stepsOf,
} from "./cases.ts";

const pendingFlush = (timeoutMs = 1_000): Bare => ({ kind: "flush", timeoutMs, overlap: true });
const pendingDrain: Bare = { kind: "drain", overlap: true };

function everyRun(scenario: Scenario, profile: Profile): readonly (readonly Event[])[] {
  const runs: (readonly Event[])[] = [];
  expand(
    choose => {
      const events: Event[] = [];
      const answering = { choose, at: () => {} };
      runAnswered(planCase(scenario, profile), { answering, emit: event => void events.push(event) });
      return events;
    },
    wholeRange,
    events => runs.push(events) > 0,
  );
  return runs;
}

/** What the call with `overlap` was told, whether everything arrived, and what the client said in the end. */
function endOf(events: readonly Event[], call: "flush" | "drain", messages: number): string {
  const told = events.findLast(event => event.kind === "called" && event.call === call && !event.step.endsWith("-1"));
  const outcome = told?.kind === "called" ? told.outcome : undefined;
  const arrived = events.reduce((sum, event) => sum + (event.kind === "delivered" ? event.count : 0), 0);
  const last = events.findLast(event => event.kind === "connection");
  const what = outcome?.is === "failed" ? outcome.kind : (outcome?.is ?? "nothing");
  return `${what}, ${arrived === messages ? "all" : arrived} arrived, ${last?.kind === "connection" ? last.change : ""}`;
}

const endsOf = (steps: readonly Bare[], profile: Profile, call: "flush" | "drain" = "flush"): readonly string[] => [
  ...new Set(everyRun(scenarioWith(steps), profile).map(events => endOf(events, call, 20))),
];

describe.each(profilesByName)("%s", (name, profile) => {
  const fails = name === "nats-py" ? "timeout" : "disconnected";

  test("a flush behind a hold fails when the link is cut, and succeeds when it is let go", () => {
    const held = [start, flush(), hold, publish(20), pendingFlush()];
    expect(endsOf([...held, cut(), heal()], profile)).toEqual([`${fails}, 0 arrived, reconnected`]);
    expect(endsOf([...held, heal()], profile)).toEqual(["ok, all arrived, connected"]);
  });

  test("a flush fails with the end of a silent link, and succeeds once a paused server goes on", () => {
    const ends = (one: Bare): readonly string[] =>
      endsOf([start, flush(), one, publish(20), pendingFlush(), heal()], profile);
    expect(ends(blackhole)).toEqual([`${fails}, 0 arrived, reconnected`]);
    expect(ends(pauseServer)).toEqual(["ok, all arrived, connected"]);
  });

  test("a flush that races with a cut succeeds only if everything has arrived", () => {
    const ends = endsOf([start, flush(), publish(20), pendingFlush(), cut(), heal()], profile);
    expect(ends).toContain("ok, all arrived, reconnected");
    expect(ends).toContain(`${fails}, all arrived, reconnected`);
    expect(ends).toContain(`${fails}, 7 arrived, reconnected`);
    expect(ends.filter(one => one.startsWith("ok"))).toEqual(["ok, all arrived, reconnected"]);
  });

  test("a drain behind a hold closes once it is let go, and everything has arrived", () => {
    const steps = [start, flush(), hold, publish(20), pendingDrain, heal()];
    expect(endsOf(steps, profile, "drain")).toEqual(["ok, all arrived, closed"]);
  });

  test("everything that can come of a pending call is permitted, and another answer is not", () => {
    const scenario = scenarioWith([
      start,
      flush(),
      hold,
      publish(3),
      pendingFlush(),
      cut(),
      publish(2),
      heal(),
      flush(),
    ]);
    for (const events of everyRun(scenario, profile)) {
      const answer = (all: readonly Event[]) => admits(planCase(scenario, profile), observe(all)).answer;
      expect(answer(events)).toBe("permitted");
      const lying = events.map(
        (event): Event =>
          event.kind === "called" && event.step === "flush-4" ? { ...event, outcome: { is: "ok" } } : event,
      );
      expect(answer(lying)).toBe("not-permitted");
    }
  });
});

test("a drain that a cut meets ends as the client's profile says", () => {
  const steps = [start, flush(), hold, publish(20), pendingDrain, cut(), heal()];
  expect(endsOf(steps, profileNamed("nats-go"), "drain")).toEqual(["ok, 0 arrived, closed"]);
  expect(endsOf(steps, profileNamed("nats-js-2"), "drain")).toEqual(["ok, 0 arrived, reconnected"]);
  expect(endsOf(steps, profileNamed("nats-js-3"), "drain")).toEqual(["disconnected, 0 arrived, reconnected"]);
});

describe("what cannot be judged is skipped, or done alone", () => {
  const natsGo = profileNamed("nats-go");
  const reasons = (steps: readonly Bare[], profile: Profile = natsGo) => skippedIn(scenarioWith(steps), profile);

  test("a drain that only the client's timers would end", () => {
    const held = [start, flush(), hold, publish(20), pendingDrain];
    expect(reasons([...held, cut(), heal()], profileNamed("nats-py"))[4]).toMatch(/client's own timers/);
    expect(reasons([...held, publish(1), heal()])[4]).toMatch(/client's own timers/);
    expect(reasons([...held, cut(), heal()])[4]).toBeUndefined();
  });

  test("a flush that may end by its own timeout", () => {
    const steps = (ms: number): readonly Bare[] => [start, flush(), hold, publish(20), pendingFlush(ms), heal()];
    expect(reasons(steps(900))[4]).toMatch(/busy machine/);
    expect(reasons(steps(1_000))[4]).toBeUndefined();
  });

  test("a flush into silence that no heal follows, or that PINGs would end", () => {
    expect(reasons([start, flush(), blackhole, pendingFlush(), publish(1), heal()])[3]).toMatch(/timers/);
    const pinged = scenarioWith([start, flush(), blackhole, pendingFlush(), heal()], { pingIntervalMs: 150 });
    expect(skippedIn(pinged, natsGo)[3]).toMatch(/timers/);
  });

  test("where the next step is neither a cut nor a heal the call is done alone", () => {
    const stop = fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" });
    for (const next of [publish(1), stop, cut("none")]) {
      const steps = stepsOf(scenarioWith([start, pendingFlush(), next, heal()]), natsGo);
      expect([next, steps[1]?.overlapping, steps[1]?.skipped]).toEqual([next, false, undefined]);
    }
    const [, drained] = stepsOf(scenarioWith([start, pendingDrain, cut(), heal()]), natsGo);
    expect([drained?.overlapping, drained?.skipped]).toEqual([false, undefined]);
  });
});

test("random scenarios have calls that are pending at a cut and at a heal, for every client", () => {
  for (const profile of allProfiles) {
    const of = scenariosOf("pending", { profile, capabilities: modelCapabilities(profile) });
    const met = new Set<string>();
    for (let i = 0; i < 3_000; i++) {
      const { steps } = planCase(of(i), profile).plan;
      steps.forEach((one, at) => {
        if (one.kind !== "step" || !one.overlapping || one.step.kind === "publish") return;
        const next = steps[at + 1]?.step;
        met.add(`${one.step.kind} over ${next?.kind === "fault" ? next.fault.kind : next?.kind}`);
      });
    }
    const drains = profile.drain.atDisconnect.tells === "timers" ? [] : ["drain over cut"];
    expect([...met].sort()).toEqual([...drains, "drain over heal", "flush over cut", "flush over heal"]);
  }
});
