/** Cold start, process ends and probes in the model, row by row of what was measured. */

import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { dialsBeforeGivingUp, outageSurvivedMs, staleAfterMs } from "../../models/policy/attempts.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs2 } from "../../models/profiles/nats-js-2.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import { natsPy } from "../../models/profiles/nats-py.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { permittedLedgers } from "../../src/judge/permitted.ts";
import { type Bare, cut, eventsOf, fault, heal, hold, publish, scenarioWith, start, together } from "./cases.ts";
import {
  advance,
  job,
  kill,
  news,
  policyWith,
  replica,
  sound,
  subscribe,
  subscribeSlow,
  term,
  underPolicy,
} from "./policies.ts";

type Exited = Extract<Event, { kind: "process"; change: "exited" }>;

const said = (policy: Policy, steps: readonly Bare[], profile: Profile = natsGo): Event[] =>
  eventsOf(underPolicy(policy, steps), profile);
const exits = (policy: Policy, steps: readonly Bare[], profile: Profile = natsGo): Exited[] =>
  said(policy, steps, profile).filter(
    (event): event is Exited => event.kind === "process" && event.change === "exited",
  );
const probes = (policy: Policy, steps: readonly Bare[]): string[] =>
  said(policy, steps).flatMap(event =>
    event.kind === "probe" ? [`${event.ready ? "ready" : "not ready"}, ${event.live ? "live" : "not live"}`] : [],
  );
const delivered = (events: readonly Event[]): number =>
  events.reduce((sum, event) => sum + (event.kind === "delivered" ? event.count : 0), 0);

const coldCut = cut("none");
const silent = fault({ kind: "silent-handshake" });
const refuses = fault({ kind: "refuse-credentials" });
const noJetStream = fault({ kind: "no-jetstream" });
const failFast = policyWith({ startup: { strategy: "fail-fast" } });
const forEver = policyWith({ startup: { strategy: "retry-forever" } });

describe("cold start", () => {
  test("fail fast: a refused port ends the process at once, a silent server after the connect timeout of every server", () => {
    expect(exits(failFast, [coldCut, start])).toMatchObject([{ because: "startup", code: 1, tookMs: 0 }]);
    const events = eventsOf(underPolicy(failFast, [silent, start], { servers: 3 }), natsGo);
    expect(events.find(event => event.kind === "process" && event.change === "exited")).toMatchObject({
      tookMs: 30_000,
    });
  });

  test("the supervisor starts a failed process again until it is connected", () => {
    const life = said(failFast, [coldCut, start, advance(2_500), heal("none"), advance(1_000)]).flatMap(event =>
      event.kind === "process" ? [event.change] : event.kind === "connection" ? [event.change] : [],
    );
    expect(life).toEqual(["started", "exited", "started", "exited", "started", "exited", "started", "connected"]);
  });

  test("retry with a deadline: connected when the server comes, or gone at the deadline", () => {
    expect(exits(sound, [coldCut, start, advance(104_999), heal()])).toEqual([]);
    expect(exits(sound, [coldCut, start, advance(105_000)])).toMatchObject([{ because: "startup", tookMs: 105_000 }]);
    expect(exits(forEver, [coldCut, start, advance(1_000_000), heal()])).toEqual([]);
  });

  test("published before the first connection: nats.go keeps it, nats.js cannot be asked", () => {
    const steps = [coldCut, start, news(2), heal()];
    expect(delivered(said(sound, steps))).toBe(2);
    expect(said(sound, steps, natsJs3).find(event => event.kind === "published")).toMatchObject({
      outcome: { is: "rejected", kind: "not-connected" },
    });
  });

  test("a message id needs headers, which nats.go refuses before it has met its server", () => {
    expect(said(sound, [coldCut, start, job(), heal()]).find(event => event.kind === "published")).toMatchObject({
      outcome: { is: "rejected", kind: "no-headers" },
    });
  });

  test("refused credentials: said and ended; a policy that ignores it is left with a process that does nothing", () => {
    expect(exits(failFast, [refuses, start])).toMatchObject([{ because: "credentials" }]);
    expect(exits(forEver, [refuses, start])).toMatchObject([{ because: "credentials" }]);
    const zombie = policyWith({ startup: { strategy: "retry-forever", whenClosed: "ignore", readiness: "process" } });
    expect(exits(zombie, [refuses, start, advance(60_000)])).toEqual([]);
    expect(probes(zombie, [refuses, start, advance(60_000)])).toEqual(["ready, live"]);
  });

  test("refused credentials: nats-py goes on for as long as it may, and looks as if it waited for a server", () => {
    expect(exits(failFast, [refuses, start], natsPy)).toMatchObject([{ because: "credentials" }]);
    expect(exits(sound, [refuses, start, advance(105_000)], natsPy)).toMatchObject([{ because: "startup" }]);
    expect(exits(forEver, [refuses, start, advance(1_000_000), heal()], natsPy)).toEqual([]);
  });

  test("one probe at the start: where JetStream comes late, durable subjects are published as core for good", () => {
    const once = policyWith({ startup: { jetStreamProbe: "once" } });
    const outcomes = (policy: Policy): string[] =>
      said(policy, [noJetStream, start, heal(), job()]).flatMap(event =>
        event.kind === "published" ? [event.outcome.is] : [],
      );
    expect(outcomes(once)).toEqual(["accepted"]);
    expect(outcomes(sound)).toEqual(["acked"]);
  });

  test("readiness follows its policy", () => {
    const steps = [start, cut(), heal()];
    expect(probes(sound, steps)).toEqual(["ready, live", "not ready, live", "ready, live"]);
    const one = policyWith({ startup: { liveness: "as-readiness" } });
    expect(probes(one, steps)).toEqual(["ready, live", "not ready, not live", "ready, live"]);
    expect(probes(sound, [noJetStream, start, heal()])).toEqual(["not ready, live", "ready, live"]);
  });
});

describe("attempts", () => {
  const attempts = (reconnectAttemptsMax: number, servers = 1) => ({
    reconnectAttemptsMax,
    reconnectWaitMs: 50,
    servers,
  });
  const changes = (ms: number, options: object): string[] =>
    eventsOf(underPolicy(sound, [start, cut(), advance(ms), heal()], options), natsGo).flatMap(event =>
      event.kind === "connection"
        ? [event.change]
        : event.kind === "process" && event.change === "exited"
          ? [event.because]
          : [],
    );

  test("an outage within the attempts ends connected; one beyond them ends the client, and the process that needs it", () => {
    expect(changes(149, attempts(3))).toEqual(["connected", "disconnected", "reconnected"]);
    expect(changes(200, attempts(3))).toEqual(["connected", "disconnected", "closed", "client-closed", "connected"]);
  });

  test("attempts count for each server of the pool, and a round over it is waited for once", () => {
    const { reconnect } = natsGo;
    const ofConnection = { ...natsGo, reconnect: { ...reconnect, attemptsScope: "connection" as const } };
    const options = { ...scenarioWith([]).options, ...attempts(6, 3) };
    expect(dialsBeforeGivingUp(natsGo, options)).toBe(18);
    expect(outageSurvivedMs(natsGo, options)).toEqual({ least: 300, most: 400 });
    expect(outageSurvivedMs(natsGo, { ...options, servers: 2 })).toEqual({ least: 300, most: 350 });
    expect(outageSurvivedMs(ofConnection, options)).toEqual({ least: 100, most: 200 });
    expect(outageSurvivedMs(natsJs3, options)).toEqual({ least: 250, most: 350 });
    // Jitter may come with each wait, or not.
    expect(outageSurvivedMs(natsGo, { ...options, reconnectJitterMs: 30 })).toEqual({ least: 300, most: 640 });
    expect(dialsBeforeGivingUp(natsGo, { ...options, reconnectAttemptsMax: 0 })).toBe(0);
    expect(dialsBeforeGivingUp(natsGo, { ...options, reconnectAttemptsMax: -1 })).toBe(Number.POSITIVE_INFINITY);
  });

  test("before the first connection nats-py counts them too, and its start fails with the last", () => {
    const events = eventsOf(underPolicy(forEver, [coldCut, start, advance(250)], attempts(3)), natsPy);
    expect(events.filter(event => event.kind === "connection" && event.change === "closed")).toEqual([]);
    expect(events.find(event => event.kind === "process" && event.change === "exited")).toMatchObject({
      because: "startup",
      tookMs: 150,
    });
  });

  test("before the first connection nats.go counts them, nats.js does not", () => {
    const steps = [coldCut, start, advance(200)];
    const ended = (profile: Profile): number =>
      eventsOf(underPolicy(sound, steps, attempts(3)), profile).filter(
        event => event.kind === "process" && event.change === "exited",
      ).length;
    expect([ended(natsGo), ended(natsJs3)]).toEqual([1, 0]);
  });

  test("silence is noticed after the PINGs that may be unanswered, and one more interval", () => {
    const options = { ...scenarioWith([]).options, pingIntervalMs: 100, pingsOutMax: 2 };
    expect(staleAfterMs(natsGo, options)).toBe(300);
    expect(staleAfterMs(natsGo, scenarioWith([]).options)).toBe(360_000);
  });
});

describe("the end of a process", () => {
  const closes = policyWith({ shutdown: { strategy: "close", forced: false, tellsLoss: false } });
  const drains = policyWith({ shutdown: { strategy: "drain", forced: false, tellsLoss: false } });
  const flush: Bare = { kind: "flush", timeoutMs: 5_000 };

  test("four steps: everything arrives, and what could not is told", () => {
    expect(delivered(said(sound, [start, news(5), term()]))).toBe(5);
    expect(exits(sound, [start, news(5), term()])).toMatchObject([
      { because: "stopped", tookMs: 0, forced: false, toldLost: 0 },
    ]);
    expect(exits(sound, [start, flush, cut(), news(5), term()])).toMatchObject([
      { tookMs: 20_000, forced: true, toldLost: 5 },
    ]);
  });

  test("close while down: what was kept is gone without a word", () => {
    const events = said(closes, [start, flush, cut(), news(5), term(), heal("none")]);
    expect(delivered(events)).toBe(0);
    expect(exits(closes, [start, flush, cut(), news(5), term()])).toMatchObject([{ tookMs: 0, toldLost: 0 }]);
  });

  test("drain behind a link that holds: nats.go gives up after 5 s, nats.js is killed by its supervisor", () => {
    expect(exits(drains, [start, hold, news(5), term()])).toMatchObject([{ because: "stopped", tookMs: 5_000 }]);
    expect(exits(drains, [start, hold, news(5), term()], natsJs3)).toMatchObject([
      { because: "killed", tookMs: 30_000 },
    ]);
  });

  test("drain while down: a stop believes the drain of nats.js 2, which says ok, and tells of no loss", () => {
    const tells = policyWith({ shutdown: { strategy: "drain" } });
    const told = (profile: Profile) =>
      exits(tells, [start, flush, cut(), news(5), term()], profile).map(({ toldLost }) => toldLost);
    expect([natsGo, natsJs2, natsJs3].map(told)).toEqual([[5], [0], [5]]);
    expect(delivered(said(tells, [start, flush, cut(), news(5), term(), heal("none")], natsJs2))).toBe(0);
  });

  test("drain and exit in the tick of a burst: nats.js has written all where it has a subscription, and nothing without", () => {
    const inOneBreath = together(publish(5), { kind: "exit", after: "drain" });
    const arrived = (policy: Policy, steps: readonly Bare[], profile: Profile) =>
      delivered(said(policy, [start, ...steps, inOneBreath], profile));
    const asksNothing = policyWith({
      startup: { jetStreamProbe: "none", readiness: "connected" },
      consume: { durables: "bound" },
    });
    expect([natsJs2, natsJs3].map(profile => arrived(sound, [], profile))).toEqual([5, 5]);
    expect(arrived(asksNothing, [], natsJs3)).toBe(0);
    expect(arrived(asksNothing, [job()], natsJs3)).toBe(5);
    const racy = permittedLedgers(planCase(underPolicy(sound, [start, inOneBreath]), natsGo));
    expect(racy.ledgers.map(({ classes }) => classes.kept)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("what a held link has taken arrives when it is let go, and not when the process ends", () => {
    const held = [start, flush, hold, news(5), kill()];
    const healed = said(sound, [...held, heal("none")]);
    const landed = healed.findIndex(event => event.kind === "delivered");
    expect(landed).toBeGreaterThan(healed.findIndex(event => event.kind === "healed"));
    expect(delivered(healed)).toBe(5);
  });

  test("a stop that takes just as long as its supervisor waits ends by itself, and one that takes longer is killed", () => {
    const killedAfter = (killAfterMs: number): Policy =>
      policyWith({
        shutdown: { strategy: "drain", budgetMs: 60_000, forced: false },
        supervisor: { restartMs: 1_000, killAfterMs },
      });
    const steps = [start, hold, news(5), term()];
    expect(exits(killedAfter(5_000), steps)).toMatchObject([{ because: "stopped", code: 0, tookMs: 5_000 }]);
    expect(exits(killedAfter(4_999), steps)).toMatchObject([{ because: "killed", tookMs: 4_999 }]);
  });

  test("a stop that is forced has not flushed, and tells of what the server has not confirmed", () => {
    const steps = [start, subscribe(0, "hangs"), job(), news(3), term()];
    expect(exits(sound, steps)).toMatchObject([{ forced: true, toldLost: 3 }]);
    expect(exits(sound, [start, job(), news(3), term()])).toMatchObject([{ forced: false, toldLost: 0 }]);
  });

  test("what raced with a cut is not confirmed either, whether it arrived or not", () => {
    const racing: Bare = { kind: "publish", count: 2, bytes: 16, subject: "other", overlap: true };
    const stopped = underPolicy(sound, [start, flush, racing, cut(), news(1), term()]);
    const seeds = Array.from({ length: 20 }, (_, i) => String(i));
    const runs = seeds.map(seed => eventsOf(stopped, natsGo, seed));
    expect(new Set(runs.map(delivered))).toEqual(new Set([0, 1, 2]));
    for (const events of runs) {
      const [exited] = events.filter(event => event.kind === "process" && event.change === "exited");
      expect(exited).toMatchObject({ forced: true, toldLost: 3 });
    }
  });

  test("a replica that is killed is not said to be forced", () => {
    expect(exits(sound, [start, replica(1), kill(1)])).toMatchObject([
      { replica: 1, because: "killed", code: 137, tookMs: 0, forced: false, toldLost: 0 },
    ]);
  });

  test("a handler that hangs: a budget ends the stop, without one the supervisor does", () => {
    const steps = [start, subscribe(0, "hangs"), job(), term()];
    expect(exits(sound, steps)).toMatchObject([{ tookMs: 20_000, forced: true }]);
    const waits = policyWith({
      shutdown: { strategy: "four-steps", forced: false },
      supervisor: { killAfterMs: 30_000 },
    });
    expect(exits(waits, steps, natsJs3)).toMatchObject([{ because: "killed", tookMs: 30_000 }]);
  });

  test("a drain of nats.js waits for no handler", () => {
    const steps = [start, subscribe(0, "hangs"), job(), term()];
    expect(exits(drains, steps, natsJs3)).toMatchObject([{ because: "stopped", tookMs: 0, forced: false }]);
  });

  test("a replica that only consumes stops as the one that publishes does: a drain waits for handlers no longer than the client", () => {
    const patient = policyWith({
      shutdown: { strategy: "drain", budgetMs: 60_000 },
      supervisor: { killAfterMs: 90_000 },
    });
    const ends = { because: "stopped", tookMs: 30_000, forced: false };
    expect(exits(patient, [start, subscribe(0, "hangs"), job(), term()])).toMatchObject([ends]);
    expect(exits(patient, [start, replica(1), subscribe(1, "hangs"), job(), term(1)])).toMatchObject([ends]);
  });

  describe("a handler at work when the process is told to stop", () => {
    const handled = (policy: Policy, more: readonly Bare[] = [], profile = natsGo): string[] =>
      said(policy, [start, replica(1), subscribeSlow(1, 400), job(), ...more], profile).flatMap(event =>
        event.kind === "handled" ? [`${event.delivery} ${event.outcome}`] : [],
      );
    const restarted = [term(1), replica(1), subscribe(1), advance(30_000)];

    test("acknowledges when it is through, and its message is not given again", () => {
      expect(handled(sound, [advance(400), advance(30_000)])).toEqual(["1 begun", "1 acked"]);
    });

    test("is waited for by four steps", () => {
      expect(handled(sound, restarted)).toEqual(["1 begun", "1 acked"]);
      const steps = [start, subscribeSlow(0, 400), job(), term()];
      expect(exits(sound, steps)).toMatchObject([{ because: "stopped", tookMs: 400, forced: false, handlerRanMs: 0 }]);
    });

    test("is waited for by a drain of nats.go, and by none of nats.js", () => {
      const bound = policyWith({ shutdown: { strategy: "drain" } });
      expect(handled(bound, restarted)).toEqual(["1 begun", "1 acked"]);
      expect(handled(bound, restarted, natsJs3)).toEqual(["1 begun", "2 acked"]);
    });

    test("is left by close, by a kill and by a budget that is shorter", () => {
      expect(handled(closes, restarted)).toEqual(["1 begun", "2 acked"]);
      expect(handled(sound, [kill(1), ...restarted.slice(1)])).toEqual(["1 begun", "2 acked"]);
      const hasty = policyWith({ shutdown: { budgetMs: 200 } });
      expect(handled(hasty, restarted)).toEqual(["1 begun", "2 acked"]);
      expect(exits(hasty, [start, subscribeSlow(0, 400), job(), term()])).toMatchObject([
        { tookMs: 200, forced: true },
      ]);
    });
  });

  test("SIGKILL: what the socket had taken arrives, what the client kept does not", () => {
    expect(delivered(said(sound, [start, flush, news(5), kill()]))).toBe(5);
    expect(delivered(said(sound, [start, flush, cut(), news(5), kill(), heal("none")]))).toBe(0);
  });

  test("table 3: an exit right after a burst of 1000 loses what waits for the end of the tick", () => {
    const scenario = scenarioWith([start, flush, together(publish(1_000, 101), { kind: "exit" })]);
    expect(delivered(eventsOf(scenario, natsJs3))).toBe(822);
    // The flusher of nats.go may have run at any moment, so that up to a block less one message is lost: live also 816 of 1000.
    const kept = permittedLedgers(planCase(scenario, natsGo)).ledgers.map(({ classes }) => classes.kept);
    expect([kept.length, Math.min(...kept), Math.max(...kept)]).toEqual([274, 727, 1_000]);
  });
});
