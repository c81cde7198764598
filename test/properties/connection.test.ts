/** What the connection's promises make of processes: each has a client of its own, and none lives on with a closed one. */
import { describe, expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import { connection } from "../../properties/connection.ts";
import { judgeProperty } from "../../properties/property.ts";
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

describe("outages that are counted in dials", () => {
  const dialled = (count: number, end: "gave-up" | "went-on" | "healed", step = "cut"): Event => ({
    kind: "dialled",
    step,
    count,
    end,
  });
  const survived = (count: number): readonly Event[] => [...cut, dialled(count, "healed"), client("reconnected")];
  const bare = (id: string, events: readonly Event[], attemptsMax = 3) => {
    const one = connection.find(other => other.id === `connection/${id}`);
    if (one === undefined) throw new Error(`there is no property ${id}`);
    const options = {
      subject: "subject",
      reconnectWaitMs: 20,
      reconnectAttemptsMax: attemptsMax,
      cutsWith: "fin",
    } as const;
    const state = one.start({ options, profile: natsGo });
    for (const event of [client("connected"), ...events]) one.on(state, event);
    return judgeProperty(one, state);
  };
  const exactly = (...events: readonly Event[]) => bare("it-gives-up-after-its-attempts", events);
  const comesBack = (...events: readonly Event[]) => bare("every-healed-outage-ends-connected", events);

  test("a client gives up after its attempts, in each outage", () => {
    expect(exactly(...cut, client("closed"), dialled(3, "gave-up"))).toMatchObject({ verdict: "holds", exercised: 1 });
    const later = exactly(...survived(2), ...survived(2), ...cut, client("closed"), dialled(3, "gave-up"));
    expect(later).toMatchObject({ verdict: "holds", exercised: 3 });
  });

  test.each([
    [
      "a dial sooner",
      [...cut, client("closed"), dialled(2, "gave-up")],
      "cut: it gave up after 2 dials; its attempts allow 3",
    ],
    [
      "a dial later",
      [...cut, client("closed"), dialled(4, "gave-up")],
      "cut: it gave up after 4 dials; its attempts allow 3",
    ],
    [
      "at once",
      [...cut, client("closed"), dialled(1, "gave-up")],
      "cut: it gave up after 1 dial; its attempts allow 3",
    ],
    ["never", [...cut, dialled(4, "went-on")], "cut: it went on after 4 dials; its attempts allow 3"],
    [
      "in an outage that is over before",
      [...survived(2), ...cut, client("closed"), dialled(2, "healed")],
      "it had closed in an outage that left some of its 3 dials",
    ],
    [
      "while it dials for the last time",
      [...cut, dialled(2, "healed"), client("closed")],
      "it had closed in an outage that left some of its 3 dials",
    ],
  ])("a client that gives up %s is convicted", (_, events, reason) => {
    expect(exactly(...events)).toMatchObject({ verdict: "violated", reason });
  });

  test("a client with attempts left is connected after each of them", () => {
    expect(comesBack(...survived(2), ...survived(2), settles)).toMatchObject({ verdict: "holds", exercised: 2 });
    const last = (...events: readonly Event[]) => comesBack(...survived(2), ...cut, ...events, settles).reason;
    expect(last(dialled(2, "healed"))).toBe("settled, and the client's last word is disconnected");
    expect(last(dialled(2, "healed"), client("closed"))).toBe("settled, and the client's last word is closed");
    expect(last(client("closed"), dialled(1, "healed"))).toBe("settled, and the client's last word is closed");
    const givesUpLater = [...survived(2), ...cut, client("closed"), dialled(3, "gave-up"), settles];
    expect(comesBack(...givesUpLater)).toMatchObject({ verdict: "holds", exercised: 1 });
  });

  test("outages that it survives are none to give up in", () => {
    const visible = (...events: readonly Event[]) => bare("giving-up-is-visible", [...events, settles]);
    expect(visible(...survived(2), ...survived(2)).exercised).toBe(0);
    expect(visible(...survived(2), ...cut, client("closed"))).toMatchObject({ verdict: "holds", exercised: 1 });
    expect(visible(...survived(2), ...cut).verdict).toBe("violated");
    expect(bare("giving-up-is-visible", cut).exercised).toBe(0);
    // nats.js says so again for a dial that fails.
    expect(visible(...cut, client("disconnected"), dialled(2, "healed"), client("reconnected")).exercised).toBe(0);
  });

  test("a server of a pool that is lost is none to give up in, if there is another", () => {
    const lost: readonly Event[] = [...installs("cut-server"), client("disconnected")];
    const hop: readonly Event[] = [...lost, client("reconnected")];
    const visible = (...events: readonly Event[]) => bare("giving-up-is-visible", [...events, settles]);
    expect(visible(...hop, ...hop).exercised).toBe(0);
    expect(visible(...hop, ...lost).verdict).toBe("violated");
    expect(visible(...hop, ...lost, client("closed"))).toMatchObject({ verdict: "holds", exercised: 1 });
    expect(bare("every-healed-outage-ends-connected", [...hop, ...lost, settles], -1).verdict).toBe("violated");
  });

  test("nothing is concluded from a client that may dial for ever, or was told to close", () => {
    expect(bare("it-gives-up-after-its-attempts", survived(9), -1).exercised).toBe(0);
    expect(exactly(...cut, calls("close"), client("closed"), dialled(1, "healed")).exercised).toBe(0);
  });
});
