/** The plan follows from scenario and profile alone: whatever the client does, every world does, overlaps and skips the same steps. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { copyView, newView } from "../../../models/plan/view.ts";
import { dialsBeforeGivingUp } from "../../../models/policy/attempts.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import type { Options, Scenario } from "../../../models/vocabulary/scenario.ts";
import { reductions } from "../../../properties/arbitraries/reductions.ts";
import {
  awaitNoticed,
  type Bare,
  blackhole,
  close,
  counted,
  cut,
  drain,
  draw,
  enough,
  eventsOf,
  fault,
  flush,
  heal,
  hold,
  limit,
  overlapped,
  pauseServer,
  profilesByName,
  publish,
  randomScenario,
  scenarioWith,
  skippedIn,
  start,
  stepsOf,
  times,
  together,
} from "../cases.ts";
import {
  advance,
  healAfter,
  job,
  jobAgain,
  kill,
  news,
  policyWith,
  replica,
  sound,
  subscribe,
  term,
  underPolicy,
} from "../policies.ts";

/** The same steps in another order or with holes: many of them are not enabled. */
function shuffled(scenario: Scenario, word: string): Scenario {
  const steps = scenario.steps
    .filter((step, i) => step.kind === "start" || draw(word, `keep ${i}`) % 5 > 0)
    .map((step, i) => ({ step, place: i + (draw(word, `move ${i}`) % 3) }))
    .sort((a, b) => a.place - b.place)
    .map(({ step }) => step);
  return { ...scenario, steps };
}

describe.each(profilesByName)("for %s", (_name, profile) => {
  test("whatever the answers, the model skips the steps that the plan skips, for the same reasons", () => {
    let skips = 0;
    for (let i = 0; i < times(600); i++) {
      const scenario = shuffled(randomScenario(`plan-${i}`, profile), `shuffle-${i}`);
      const planned = stepsOf(scenario, profile).flatMap(({ step, skipped }) =>
        skipped === undefined ? [] : [{ step: step.id, reason: skipped.reason }],
      );
      skips += planned.length;
      for (const seed of ["a", "b", "c", "d"]) {
        const said = eventsOf(scenario, profile, seed).flatMap(event =>
          event.kind === "skipped" ? [{ step: event.step, reason: event.reason }] : [],
        );
        expect(said).toEqual(planned);
      }
    }
    expect(skips).toBeGreaterThan(enough(600));
  });

  test("whatever the answers, a call is told under a later step iff the plan overlaps it", () => {
    let overlaps = 0;
    for (let i = 0; i < times(600); i++) {
      const scenario = shuffled(randomScenario(`overlap-${i}`, profile), `shuffle-${i}`);
      const planned = new Set(stepsOf(scenario, profile).flatMap(one => (one.overlapping ? [one.step.id] : [])));
      overlaps += planned.size;
      for (const seed of ["a", "b"]) expect(toldLate(scenario, profile, seed)).toEqual(planned);
    }
    expect(overlaps).toBeGreaterThan(enough(60));
  });

  test("random scenarios have every step enabled", () => {
    for (let i = 0; i < times(1_000); i++) {
      const scenario = randomScenario(`enabled-${i}`, profile);
      const skipped = stepsOf(scenario, profile).filter(one => one.skipped !== undefined);
      expect(skipped, scenario.id).toEqual([]);
    }
  });

  test("a scenario with steps taken out is still a scenario", () => {
    for (let i = 0; i < times(300); i++) {
      const scenario = randomScenario(`holes-${i}`, profile);
      for (const smaller of reductions(scenario)) {
        expect(stepsOf(smaller, profile)).toHaveLength(smaller.steps.length);
        if (draw(scenario.id, String(smaller.steps.length)) % 8 === 0) eventsOf(smaller, profile, "1");
      }
    }
  });

  test("the plan of a prefix is the prefix of the plan, but for a last publish that has nothing left to overlap", () => {
    for (let i = 0; i < times(200); i++) {
      const scenario = shuffled(randomScenario(`prefix-${i}`, profile), `shuffle-${i}`);
      const whole = stepsOf(scenario, profile);
      for (let length = 1; length < scenario.steps.length; length++) {
        const prefix = stepsOf({ ...scenario, steps: scenario.steps.slice(0, length) }, profile);
        expect(prefix.slice(0, -1)).toEqual(whole.slice(0, length - 1));
      }
    }
  });
});

/** The publish steps whose outcomes were told while another step was being done. */
function toldLate(scenario: Scenario, profile: Parameters<typeof eventsOf>[1], seed: string): Set<string> {
  const late = new Set<string>();
  let running = "";
  for (const event of eventsOf(scenario, profile, seed)) {
    if (event.kind === "step" && event.phase === "began") running = event.step;
    if (event.kind !== "published" && event.kind !== "called") continue;
    if (event.step !== running && !running.startsWith("together")) late.add(event.step);
  }
  return late;
}

const stale: Partial<Options> = { pingIntervalMs: 150, pingsOutMax: 2 };
const finite: Partial<Options> = { reconnectAttemptsMax: 3 };
const rst: Partial<Options> = { cutsWith: "rst" };
const resetDrops = "the proxy would reset the server's side too, and drop what is on its way";
const countedApart = "all dials are counted where the client gives up, and a number of them where it does not";
const stopServer = (awaits: "noticed" | "gave-up" | "none"): Bare =>
  fault({ kind: "stop-server", signal: "KILL", awaits });

/** Each refusal, and a scenario whose last step meets it. */
type Refusal = [reason: string, steps: readonly Bare[], options?: Partial<Options>];
const refusals: readonly Refusal[] = [
  [
    "how far a drain that nobody waits for has come by then is not known",
    [start, cut(), { kind: "exit", after: "drain" }],
  ],
  ["the bus is started already", [start, start]],
  ["the bus is not started", [publish(1)]],
  ["the link is not silent", [start, awaitNoticed], stale],
  ["nothing would let the client notice it", [start, blackhole, awaitNoticed]],
  ["the client has noticed already", [start, pauseServer, awaitNoticed, awaitNoticed], stale],
  ["a dial to the paused server may hold the call", [start, pauseServer, awaitNoticed, publish(1)], stale],
  ["the call may block until the handshake ends", [start, cut(), heal("handshake"), publish(1)]],
  ["the call may block until the handshake ends", [start, cut(), heal("handshake"), flush()]],
  ["the connection has ended", [start, close, flush()]],
  ["the connection has ended", [start, close, close]],
  ["its bytes would count against the limit in force", [start, limit(100), flush()]],
  ["nothing would end it but timers", [start, blackhole, flush()]],
  ["nothing would end it but timers", [start, pauseServer, close]],
  ["nothing would end it but the client's own timers", [start, hold, drain]],
  ["whether it meets a live connection is not known", [start, cut("none"), drain]],
  ["whether it meets a live connection is not known", [start, cut(), heal("none"), close]],
  ["the connection has ended", [start, close, together(publish(1))]],
  ["the client's state is not known", [start, cut("none"), together(publish(1))]],
  ["the client's state is not known", [start, limit(100), together(publish(1))]],
  ["nothing would end it but timers", [start, blackhole, together(publish(1), flush())]],
  ["the link is down already", [start, cut(), cut()]],
  ["the connection has ended", [start, cut(), drain, heal(), cut()]],
  ["the connection has ended", [start, close, hold]],
  ["the client may not be connected", [start, cut("none"), heal("none"), hold]],
  ["the server is paused", [start, pauseServer, cut()]],
  ["the client's own PINGs would race with it", [start, blackhole, cut()], stale],
  ["another fault is in force", [start, hold, stopServer("noticed")]],
  ["another fault is in force", [start, hold, limit(100)]],
  ["another fault is in force", [start, hold, blackhole]],
  ["the client's own PINGs or its giving up would race with it", [start, hold], stale],
  ["the client's own PINGs or its giving up would race with it", [start, limit(100)], finite],
  ["a byte anchor needs a flushed link", [start, publish(1), limit(100)]],
  ["more than the sockets take would block the call", [start, hold, publish(9_000, 1_000)]],
  ["on a busy machine its wait may end before the round trip", [start, flush(60)]],
  [resetDrops, [start, limit(100)], rst],
  [resetDrops, [start, pauseServer], rst],
  [resetDrops, [start, close], rst],
  [resetDrops, [start, together(publish(5), close)], rst],
  ["the client's giving up would race with it", [start, pauseServer], finite],
  ["the client's giving up would race with what follows", [start, cut("noticed")], finite],
  ["the client's giving up would race with what follows", [start, stopServer("none")], finite],
  ["this client never gives up", [start, cut("gave-up")]],
  ["this client never gives up", [start, counted("all")]],
  ["this client never gives up", [start, counted(2)]],
  ["the client gives up before that many dials", [start, counted(3)], finite],
  [countedApart, [start, fault({ kind: "cut", awaits: "gave-up", dials: 2 })], finite],
  [countedApart, [start, fault({ kind: "cut", awaits: "none", dials: 2 })], finite],
  [countedApart, [start, fault({ kind: "cut", awaits: "noticed", dials: "all" })], finite],
  ["another fault is in force", [start, hold, counted(2)]],
  [
    "only the server that it comes back to has all of its attempts again",
    [start, counted(2)],
    { ...finite, servers: 2 },
  ],
  ["there is no client whose dials could be counted", [start, close, counted(2)]],
  ["the client's own PINGs would race with it", [start, blackhole, heal()], stale],
  ["nothing is to be healed", [start, heal()]],
  ["no dial is awaited", [start, hold, heal("handshake")]],
  ["nothing would race with it", [start, hold, heal("none")]],
  ["the scenario has no policy", [start, { kind: "advance", ms: 1_000 }]],
  ["calls of a together follow each other", [start, together({ kind: "publish", count: 4, bytes: 16, publishers: 2 })]],
];

test.each(refusals)("a step is refused where %s", (...[reason, steps, options = {}]) => {
  expect(skippedIn(scenarioWith(steps, options), natsJs3)).toEqual([...steps.slice(1).map(() => undefined), reason]);
});

const exit: Bare = { kind: "exit" };
const loseAck = fault({ kind: "lose-ack" });
const noJetStream = fault({ kind: "no-jetstream" });
const slow = policyWith({
  startup: { strategy: "retry-forever" },
  consume: { failures: "dead-letter", deadLetterSubject: "job.dead" },
});

const refusalsUnderPolicy: readonly Refusal[] = [
  ["no publish makes another attempt then", [start, hold, healAfter(1)]],
  ["no publish makes another attempt then", [start, cut(), job(1, { overlap: true }), healAfter(1)]],
  ["the bus is started already", [start, start]],
  ["the replica is started already", [start, replica(1), replica(1)]],
  ["another fault is in force", [start, hold, replica(1)]],
  ["another fault is in force", [start, replica(1), hold, term(1)]],
  ["another fault is in force", [start, hold, subscribe(0)]],
  ["another fault is in force", [cut("none"), noJetStream]],
  ["another fault is in force", [start, hold, loseAck]],
  ["what the process left behind is still under way", [start, hold, kill(), start]],
  ["the replica is not started", [start, term(1)]],
  ["only what a stream holds is handled here", [start, { ...subscribe(0), subject: "news.a" } as Bare]],
  ["what is kept there is for people to look at", [start, { ...subscribe(0), subject: "job.dead" } as Bare]],
  ["which acknowledgements its disk has is not known", [start, subscribe(0), stopServer("noticed")]],
  ["nobody would notice it", [cut("noticed")]],
  ["the bus is not started", [hold]],
  ["the bus is not started", [start, kill(), job()]],
  ["there is no such publish to do again", [start, jobAgain(7)]],
  ["there is no such publish to do again", [start, job(2), jobAgain(1, 3)]],
  ["only what is acknowledged is published again", [start, news(), { ...jobAgain(1), subject: "news.a" } as Bare]],
  ["a byte anchor counts what is sent without waiting", [start, limit(100), job()]],
  ["the client has never been connected", [cut("none"), start, flush()]],
  ["what the process is given would count against it", [start, subscribe(0), loseAck]],
  ["the client's own PINGs or its giving up would race with it", [start, loseAck], stale],
  ["the client's own PINGs would race with it", [start, blackhole, job()], stale],
  ["the client's own PINGs would race with it", [start, blackhole, advance(1)], stale],
  ["a process has started", [start, noJetStream]],
  ["the process waits for it", [cut("none"), start, heal("none")]],
  ["whether it meets a live connection is not known", [start, cut("none"), advance(1)]],
  ["its bytes would count against the limit in force", [start, loseAck, term()]],
  ["nothing would end it but timers", [start, pauseServer, term()]],
  ["nothing would end it but timers", [start, blackhole, term()], stale],
  ["whether the client has given up by then is not known", [start, cut(), advance(60)], finite],
  ["whether the client has given up by then is not known", [start, cut(), job()], finite],
  ["several publishers are judged for a client without a policy only", [start, { ...news(4), publishers: 2 } as Bare]],
];

test("a client that counts its attempts has used some up while a publish waited", () => {
  const policy = policyWith({ publish: { ackTimeoutMs: 700, attemptsMax: 1 } });
  const skips = (reconnectWaitMs: number, ...steps: readonly Bare[]): readonly (string | undefined)[] =>
    skippedIn(underPolicy(policy, steps, { reconnectAttemptsMax: 3, reconnectWaitMs }), natsGo);
  const unknown = "whether the client has given up by then is not known";
  expect(skips(400, start, cut(), job(), job())).toEqual([undefined, undefined, undefined, unknown]);
  expect(skips(1_000, start, cut(), job(), job())).toEqual([undefined, undefined, undefined, undefined]);
  expect(skips(1_000, start, cut(), job(5))).toEqual([undefined, undefined, unknown]);
  expect(skips(1_000, start, cut(), job(), advance(2_500))).toEqual([undefined, undefined, undefined, unknown]);
  expect(skips(200, start, job(1, { overlap: true }), cut())).toEqual([undefined, unknown, undefined]);
  expect(skips(400, start, job(1, { overlap: true }), cut())).toEqual([undefined, undefined, undefined]);
});

test("a heal within a publish comes before the client may have given up", () => {
  const policy = policyWith({ publish: { ackTimeoutMs: 700, attemptsMax: 3 } });
  const skips = (reconnectWaitMs: number): readonly (string | undefined)[] =>
    skippedIn(
      underPolicy(policy, [start, cut(), job(1, { overlap: true }), healAfter(1)], {
        reconnectAttemptsMax: 3,
        reconnectWaitMs,
      }),
      natsGo,
    );
  const unknown = "whether the client has given up by then is not known";
  expect(skips(400)).toEqual([undefined, undefined, unknown, "no publish makes another attempt then"]);
  expect(skips(1_000)).toEqual([undefined, undefined, undefined, undefined]);
});

test("a stop in a blackhole is done: its budget ends it, or its supervisor", () => {
  const steps = stepsOf(underPolicy(slow, [start, blackhole, publish(1), term(), heal()]), natsGo);
  expect(steps.map(one => one.skipped)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  expect(steps.at(-1)?.after).toMatchObject({ process: "exited", hindrance: "none", link: "up" });
});

test.each(refusalsUnderPolicy)("under a policy a step is refused where %s", (...[reason, steps, options = {}]) => {
  expect(skippedIn(underPolicy(slow, steps, options), natsGo)).toEqual([
    ...steps.slice(1).map(() => undefined),
    reason,
  ]);
});

test("a process that has ended is not started again without a policy, and nothing is asked of it", () => {
  const steps = [start, together(publish(2), { kind: "exit" }, flush()), flush(), exit, start];
  expect(skippedIn(scenarioWith(steps), natsGo)).toEqual([
    undefined,
    undefined,
    "the bus is not started",
    "the bus is not started",
    "nothing starts the process again",
  ]);
});

test("every reason that the plan can give is met by a scenario above", () => {
  const text = readFileSync(new URL("../../../models/plan/enabled.ts", import.meta.url), "utf8");
  const given = [...text.matchAll(/"((?:[a-z]+'?[a-zA-Z]* ){2,}[^"]+)"/g)].map(match => match[1] ?? "");
  expect(given.length).toBeGreaterThan(20);
  const met = new Set([...refusals, ...refusalsUnderPolicy].map(([reason]) => reason));
  met.add("nothing starts the process again");
  met.add("which publisher's call would meet the write error is not known");
  // It decides only whether a publish overlaps, and is never said.
  met.add("nothing follows");
  expect(given.filter(reason => !met.has(reason))).toEqual([]);
});

test("an overlapped publish waits for its calls where what it raced with is not done", () => {
  const raced = stepsOf(scenarioWith([start, overlapped(9), cut()]), natsGo);
  expect(raced.map(one => one.overlapping)).toEqual([false, true, false]);
  const alone = stepsOf(scenarioWith([start, overlapped(9), flush(), cut()]), natsGo);
  expect(alone.map(one => one.overlapping)).toEqual([false, false, false, false]);
  const refused = stepsOf(scenarioWith([start, overlapped(9), cut("gave-up")]), natsGo);
  expect(refused.map(one => one.overlapping)).toEqual([false, false, false]);
});

test("a view is copied whole", () => {
  const view = newView();
  expect(copyView(view)).toEqual(view);
  for (const field of Object.keys(view))
    expect(copyView({ ...view, [field]: "other" }), field).toEqual({ ...view, [field]: "other" });
});

test("no attempts at all mean that nats-py never gives up, and that the others do at once", () => {
  const skips = (awaits: "gave-up" | "noticed"): string[] => {
    const scenario = scenarioWith([start, cut(awaits)], { reconnectAttemptsMax: 0 });
    return profilesByName.flatMap(([name, profile]) =>
      stepsOf(scenario, profile).some(({ skipped }) => skipped !== undefined) ? [name] : [],
    );
  };
  expect(skips("gave-up")).toEqual(["nats-py"]);
  expect(skips("noticed")).toEqual(profilesByName.map(([name]) => name).filter(name => name !== "nats-py"));
});

test("a client may be left one attempt, and comes back from as many outages as there are", () => {
  const outage = (dials: number): readonly Bare[] => [counted(dials), publish(1), heal()];
  for (const [name, profile] of profilesByName) {
    const most = dialsBeforeGivingUp(profile, scenarioWith([start], finite).options) - 1;
    const steps = stepsOf(scenarioWith([start, ...outage(most), ...outage(1), counted("all")], finite), profile);
    expect(
      steps.map(one => [one.skipped?.reason, one.after.dialsAwaited]),
      name,
    ).toEqual([0, most, most, 0, 1, 1, 0, 0].map(dials => [undefined, dials]));
    expect(steps.at(-1)?.after.ended).toBe("closed");
  }
});

describe("a publish overlaps the end of a connection", () => {
  const stopServer = fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" });
  const burst = job(3, { overlap: true, async: true });
  const overlaps = (...steps: readonly Bare[]): boolean =>
    stepsOf(underPolicy(sound, steps), natsGo).some(one => one.overlapping);

  test.each<[where: string, expected: boolean, steps: readonly Bare[]]>([
    ["where nobody subscribes", true, [start, burst, cut()]],
    [
      "not where its own handler is given the messages over that connection",
      false,
      [start, subscribe(0), burst, cut()],
    ],
    [
      "where another replica has the handler, and a link of its own",
      true,
      [start, replica(1), subscribe(1), burst, cut()],
    ],
    [
      "not where the server ends the other replica's connection, too",
      false,
      [start, replica(1), subscribe(1), burst, stopServer],
    ],
    [
      "where the handler is for another subject",
      true,
      [start, subscribe(0), job(3, { overlap: true, subject: "job.b" }), cut()],
    ],
    ["where the handler has ended with its process", true, [start, subscribe(0), term(), start, burst, cut()]],
  ])("%s", (_where, expected, steps) => {
    expect(overlaps(...steps)).toBe(expected);
  });
});
