/** The servers of a client's pool: which of them it dials, and when one of them is out of it. */
import { describe, expect, test } from "vitest";
import { afterLoss, newPool, type PoolServer } from "../../../models/plan/pool.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import { natsPy } from "../../../models/profiles/nats-py.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Options } from "../../../models/vocabulary/scenario.ts";
import {
  type Bare,
  cut,
  eventsOf,
  fault,
  flush,
  heal,
  hold,
  profilesByName,
  publish,
  scenarioWith,
  skippedIn,
  start,
} from "../cases.ts";
import { advance, job, policyWith, underPolicy } from "../policies.ts";

const cutServer: Bare = fault({ kind: "cut-server" });
const ended: Bare = fault({ kind: "cut-server", stays: true });
const pool = (servers: number, reconnectAttemptsMax = -1): Partial<Options> => ({ servers, reconnectAttemptsMax });

const changesIn = (steps: readonly Bare[], options: Partial<Options>, profile: Profile = natsGo): readonly string[] =>
  eventsOf(scenarioWith(steps, options), profile).flatMap(event => (event.kind === "connection" ? [event.change] : []));

describe.each(profilesByName)("for %s", (_, profile) => {
  test("a client without its server is connected to the next one", () => {
    const steps = [start, publish(2), flush(), cutServer, publish(2), flush()];
    expect(skippedIn(scenarioWith(steps, pool(2)), profile)).toEqual(steps.map(() => undefined));
    expect(changesIn(steps, pool(2), profile)).toEqual(["connected", "disconnected", "reconnected"]);
  });

  test("servers that are cut off one after the other are one outage in the end, which a heal ends", () => {
    const down = [start, cutServer, cutServer];
    expect(changesIn([...down, publish(2)], pool(2), profile)).toEqual([
      ...["connected", "disconnected", "reconnected", "disconnected", "reconnected"],
    ]);
    expect(changesIn([...down, heal(), cutServer], pool(2), profile).slice(-2)).toEqual([
      "disconnected",
      "reconnected",
    ]);
  });

  test("a server that stays is none that is lost", () => {
    const steps = [start, cutServer, ended, ended, ended];
    expect(changesIn(steps, pool(2), profile).filter(change => change === "reconnected")).toHaveLength(4);
  });

  test("a server whose attempts are spent is out of the pool, and the client closes beside it", () => {
    const spent = [start, cutServer, ended, ended, ended, heal()];
    expect(changesIn([...spent, cutServer], pool(2, 2), profile).at(-1)).toBe("closed");
    expect(changesIn([...spent, cutServer], pool(2, 5), profile).at(-1)).toBe("reconnected");
    expect(changesIn([...spent, cutServer], pool(2), profile).at(-1)).toBe("reconnected");
  });
});

test("nats.js dials the server that it has lost first, which costs that an attempt", () => {
  const steps = [start, cutServer, ended, heal(), cutServer];
  expect(changesIn(steps, pool(2, 2), natsJs3).at(-1)).toBe("closed");
  expect(changesIn(steps, pool(2, 2), natsGo).at(-1)).toBe("reconnected");
  expect(changesIn([start, cutServer, heal(), cutServer], pool(2, 1), natsJs3).at(-1)).toBe("closed");
});

test("a server that is connected to has all of its attempts again", () => {
  const at: PoolServer = { failed: 0, isCut: false, isAt: true };
  const other: PoolServer = { failed: 1, isCut: false, isAt: false };
  expect(afterLoss([other, at], false, 2)).toEqual([
    { failed: 0, isCut: true, isAt: false },
    { failed: 0, isCut: false, isAt: true },
  ]);
  expect(afterLoss([{ ...other, isCut: true }, at], true, 2)).toEqual([{ failed: 0, isCut: false, isAt: true }]);
  expect(afterLoss([{ ...other, isCut: true }, at], false, 2)).toEqual([]);
});

test("a list of servers is kept only where their attempts may run out", () => {
  const options = (more: Partial<Options>): Options => scenarioWith([], more).options;
  expect(newPool(natsGo, options(pool(3)))).toBe("unlimited");
  expect(newPool(natsGo, options(pool(1, 3)))).toBe("unlimited");
  // nats-py takes 0 for no limit.
  expect(newPool(natsPy, options(pool(3, 0)))).toBe("unlimited");
  expect(newPool(natsGo, options(pool(3, 0)))).toHaveLength(3);
});

test.each<[reason: string, steps: readonly Bare[], options: Partial<Options>]>([
  ["the client has a single server", [start, cutServer], {}],
  ["another fault is in force", [start, hold, cutServer], pool(2)],
  ["another fault is in force", [start, cutServer, hold], pool(3)],
  ["another fault is in force", [start, cutServer, cut()], pool(3)],
  ["the link is down already", [start, cut(), cutServer], pool(2)],
  ["the client's own PINGs would race with it", [start, cutServer], { ...pool(2), pingIntervalMs: 100 }],
  [
    "the proxy would reset the server's side too, and drop what is on its way",
    [start, cutServer],
    { ...pool(2), cutsWith: "rst" },
  ],
  ["a client without attempts was not measured with several servers", [start, cutServer], pool(2, 0)],
  ["the client's giving up would race with what follows", [start, cutServer, cutServer], pool(2, 3)],
  ["nothing is to be healed", [start, ended, heal()], pool(2)],
])("a step is refused where %s", (reason, steps, options) => {
  expect(skippedIn(scenarioWith(steps, options), natsGo)).toEqual([...steps.slice(1).map(() => undefined), reason]);
});

describe("under a policy", () => {
  const policy = policyWith({ client: { servers: 2, reconnectAttemptsMax: 3, reconnectWaitMs: 100 } });
  const skipped = (steps: readonly Bare[], more: Partial<typeof policy> = {}): readonly (string | undefined)[] =>
    skippedIn(underPolicy({ ...policy, ...more }, steps, policy.client), natsGo);

  test("a durable publish is acknowledged behind each server", () => {
    const told = eventsOf(underPolicy(policy, [start, job(), cutServer, job()], policy.client), natsGo).flatMap(
      event => (event.kind === "published" ? [event.outcome.is] : []),
    );
    expect(told).toEqual(["acked", "acked"]);
  });

  test("the attempts of the whole pool take the waits of one server", () => {
    const ends = (ms: number): boolean =>
      eventsOf(
        underPolicy(policy, [start, job(), cutServer, job(), cutServer, advance(ms)], policy.client),
        natsGo,
      ).some(event => event.kind === "connection" && event.change === "closed");
    expect([ends(299), ends(400)]).toEqual([false, true]);
  });

  test("what an outage leaves of the attempts is not known, so no server is lost alone after it", () => {
    const steps = [start, cut(), heal(), cutServer];
    expect(skipped(steps).at(-1)).toBe("only the server that it comes back to has all of its attempts again");
    const forEver = { client: { servers: 2 } };
    expect(skippedIn(underPolicy(policyWith(forEver), steps, forEver.client), natsGo).at(-1)).toBeUndefined();
  });

  test("a service whose client closes beside a server that is open is not judged", () => {
    const steps = [start, cutServer, ended, ended, ended, heal(), cutServer];
    expect(skipped(steps).at(-1)).toBe("a service whose client closes beside a server that is open was not measured");
  });

  test("no process starts while a server is cut off", () => {
    const kill: Bare = { kind: "signal", replica: 0, signal: "KILL" };
    expect(skipped([start, cutServer, kill, start]).at(-1)).toBe("another fault is in force");
    expect(skipped([start, cutServer, kill, heal(), start]).at(-1)).toBeUndefined();
  });
});
