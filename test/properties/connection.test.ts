/** What the connection's promises make of processes: each has a client of its own, and none lives on with a closed one. */
import { expect, test } from "vitest";
import type { Event } from "../../models/vocabulary/event.ts";
import { connection } from "../../properties/connection.ts";
import {
  type Case,
  calls,
  client,
  exits,
  heals,
  installs,
  judged,
  policy,
  probes,
  settles,
  starts,
  stops,
  testCases,
  up,
} from "./service-events.ts";

const zombie = "connection/a-closed-client-leaves-no-ready-process";
const about = (what: string, events: readonly Event[], rest: Partial<Case> = {}): Case => ({
  id: zombie,
  what,
  events,
  ...rest,
});
const ready = probes({ ready: true, connected: true, durable: true });

testCases(
  connection.filter(({ id }) => id === zombie),
  [
    about("it exits", [...up, ready, client("closed"), exits("client-closed")], { exercised: 1 }),
    about("it says that it is not ready", [...up, ready, client("closed"), probes({}), settles], { exercised: 1 }),
    about("it says that it is ready", [...up, ready, client("closed"), settles], {
      breaks: "replica 0 says that it is ready, and its client is closed",
    }),
    about("its stop closed it", [...up, ready, stops(), client("closed"), exits("stopped")]),
    about("its own application closed it", [...up, ready, calls("close"), client("closed"), settles]),
    about("a process that is started later is another one", [...up, starts(1), ready, settles]),
    about("it was gone before", [...up, ready, exits("killed"), client("closed"), settles]),
    about("it may still exit", [...up, ready, client("closed")]),
  ],
);

const verdictOf = (id: string, events: readonly Event[], attemptsMax = -1) => {
  const one = connection.find(other => other.id === `connection/${id}`);
  if (one === undefined) throw new Error(`there is no property ${id}`);
  const client = { reconnectAttemptsMax: attemptsMax };
  return judged(one, { events, under: { ...policy, client } });
};

const cut = [...installs("cut"), client("disconnected")];

test("a process that is started has a client of its own", () => {
  const restarted = [...up, client("closed"), exits("stopped"), ...up];
  expect(verdictOf("only-legal-transitions", restarted)).toMatchObject({ verdict: "holds", exercised: 3 });
  const other = [...up, client("closed"), starts(1), client("connected")];
  expect(verdictOf("only-legal-transitions", other).reason).toBe("connected after closed");
});

test("a client may close for good without ever having been connected", () => {
  expect(verdictOf("only-legal-transitions", [starts(), client("closed")]).verdict).toBe("holds");
  expect(verdictOf("only-legal-transitions", [starts(), client("reconnected")]).reason).toBe(
    "reconnected after nothing",
  );
});

test("an outage that a process does not outlive is no outage to end connected", () => {
  for (const end of [[stops(), exits("stopped")], [exits("killed")], [calls("exit")]])
    expect(verdictOf("every-healed-outage-ends-connected", [...up, ...cut, ...end, heals, settles]).exercised).toBe(0);
  const other = [stops(1), exits("stopped", { replica: 1 })];
  expect(verdictOf("every-healed-outage-ends-connected", [...up, ...cut, ...other, heals, settles]).verdict).toBe(
    "violated",
  );
});

test("a client that closes for good at an error of its server is not one that fails to come back", () => {
  const over = [client("disconnected"), client("closed"), settles];
  const last = (...events: readonly Event[]) => verdictOf("every-healed-outage-ends-connected", [...up, ...events]);
  expect(last(...installs("server-error"), ...over).exercised).toBe(0);
  expect(last(...over).verdict).toBe("violated");
  expect(last(...installs("server-error"), client("disconnected"), settles).verdict).toBe("violated");
});

test("a client that gives up says so, also where its process ends with it", () => {
  const gaveUp = (...last: readonly Event[]) => verdictOf("giving-up-is-visible", [...up, ...cut, ...last], 3).verdict;
  expect(gaveUp(client("closed"), exits("client-closed"))).toBe("holds");
  expect(gaveUp(exits("client-closed"))).toBe("violated");
  expect(gaveUp(exits("killed"))).toBe("inconclusive");
});
