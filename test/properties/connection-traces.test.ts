/** Promises of the connection, held to traces written by hand. */
import { describe, expect, test } from "vitest";
import type { Event } from "../../models/vocabulary/event.ts";
import { called, closed, connected, disconnected, ended, reconnected, saidOf, settled } from "./events.ts";

const waits = (step: string): Event => ({ kind: "awaits-notice", step });
const waitedInVain = (step: string): Event => ({ kind: "not-awaited", step, what: "its notice" });
const began = (step: string): Event => ({ kind: "step", step, phase: "began" });

describe("status events follow the connection's states", () => {
  const said = (...events: readonly Event[]): string => saidOf("connection/only-legal-transitions", events);

  test("a client that says nothing shows nothing", () => {
    expect(said()).toBe("inconclusive (0)");
  });

  test.each<readonly Event[]>([
    [connected],
    [connected, connected],
    [connected, closed],
    [connected, disconnected, closed],
    [connected, disconnected, disconnected, reconnected, reconnected, disconnected, reconnected, closed],
  ])("so they do in this trace", (...events) => {
    expect(said(...events)).toBe(`holds (${events.length})`);
  });

  test.each<[what: string, events: readonly Event[]]>([
    ["disconnected after nothing", [disconnected]],
    ["reconnected after connected", [connected, reconnected]],
    ["connected after disconnected", [connected, disconnected, connected]],
    ["disconnected after closed", [connected, closed, disconnected]],
    ["closed after closed", [connected, closed, closed]],
    ["connected after reconnected", [connected, disconnected, reconnected, connected]],
  ])("%s breaks it", (what, events) => {
    expect(said(...events)).toBe(`violated (${events.length}): ${what}`);
  });

  test("the first fault is the one that is told", () => {
    expect(said(reconnected, connected)).toMatch(/reconnected after nothing$/);
  });
});

describe("an outage that heals ends connected", () => {
  const said = (attempts: number, ...events: readonly Event[]): string =>
    saidOf("connection/every-healed-outage-ends-connected", events, { attempts });

  test("every outage is counted, and the last word decides", () => {
    expect(said(-1, connected, disconnected, reconnected, disconnected, reconnected, settled)).toBe("holds (2)");
    expect(said(-1, connected, disconnected, settled)).toBe(
      "violated (1): settled, and the client's last word is disconnected",
    );
    expect(said(-1, connected, disconnected, reconnected, disconnected, closed, settled)).toMatch(/^violated \(2\)/);
  });

  test.each<[what: string, attempts: number, events: readonly Event[]]>([
    ["there was none", -1, [connected, settled]],
    ["it is not settled", -1, [connected, disconnected]],
    ["attempts are counted, even none", 0, [connected, disconnected, settled]],
    ["the application closed", -1, [connected, called("close"), disconnected, settled]],
    ["the application drained", -1, [connected, disconnected, called("drain"), settled]],
  ])("nothing is claimed where %s", (_what, attempts, events) => {
    expect(said(attempts, ...events)).toBe("inconclusive (0)");
  });
});

describe("giving up is visible", () => {
  const said = (attempts: number, ...events: readonly Event[]): string =>
    saidOf("connection/giving-up-is-visible", events, { attempts });

  test("a client whose attempts are spent says closed", () => {
    expect(said(3, connected, disconnected, closed, settled)).toBe("holds (1)");
    expect(said(0, connected, disconnected, closed, settled)).toBe("holds (1)");
    expect(said(3, connected, disconnected, settled)).toBe(
      "violated (1): its attempts are spent and its last word is disconnected",
    );
  });

  test.each<[what: string, attempts: number, events: readonly Event[]]>([
    ["there was no outage", 3, [connected, settled]],
    ["it is not settled", 3, [connected, disconnected]],
    ["attempts are without end", -1, [connected, disconnected, settled]],
    ["the application closed", 3, [connected, disconnected, called("close"), settled]],
  ])("nothing is claimed where %s", (_what, attempts, events) => {
    expect(said(attempts, ...events)).toBe("inconclusive (0)");
  });
});

test("a client that has lost a healed link again and again is not connected at the end, whatever its last word", () => {
  const said = (...events: readonly Event[]): string => saidOf("connection/every-healed-outage-ends-connected", events);
  const lost: Event = { kind: "healed-link-lost", times: 4, proof: "the link was open" };
  expect(said(connected, disconnected, reconnected, settled)).toBe("holds (1)");
  expect(said(connected, disconnected, reconnected, lost, settled)).toBe(
    "violated (1): everything had healed, and the client came back and lost its connection 4 times: the link was open",
  );
});

describe("a closed client stays closed", () => {
  const said = (...events: readonly Event[]): string => saidOf("connection/a-closed-client-stays-closed", events);
  const gone: Event = { kind: "closed-client", is: "gone" };
  const isBack: Event = { kind: "closed-client", is: "back", proof: "the server has connection 7" };

  test("where the server's list does not have it again", () => {
    expect(said(connected, closed, gone, settled)).toBe("holds (1)");
  });

  test("one that the server has again has come back, as the list shows it", () => {
    expect(said(connected, closed, isBack, settled)).toBe(
      "violated (1): a client that had closed is connected again: the server has connection 7",
    );
  });

  test("nothing is claimed where nobody has looked", () => {
    expect(said(connected, closed, settled)).toBe("inconclusive (0)");
  });
});

describe("a silent link is noticed", () => {
  const said = (...events: readonly Event[]): string => saidOf("connection/a-silent-link-is-noticed", events);

  test("by a word within the wait, each time", () => {
    const noticed = [began("wait"), waits("wait"), disconnected, ended("wait")];
    expect(said(connected, ...noticed)).toBe("holds (1)");
    expect(said(connected, ...noticed, reconnected, ...noticed)).toBe("holds (2)");
  });

  test("a word that comes when the wait is over is the harness's own doing", () => {
    const late = [began("wait"), waits("wait"), ended("wait"), disconnected];
    expect(said(connected, ...late)).toBe("violated (1): the silence awaited at wait was not noticed in its time");
    expect(said(connected, waits("wait"), waitedInVain("wait"), disconnected)).toMatch(/^violated \(1\)/);
  });

  test("a wait that the harness itself has ended shows nothing", () => {
    const ended: Event = { kind: "not-awaited", step: "wait", what: "the pause to be in force", byHarness: true };
    expect(said(connected, began("wait"), waits("wait"), ended)).toBe("inconclusive (0)");
  });

  test("the first silence that was not noticed is told, and counts beside those that were", () => {
    const noticed = [waits("one"), disconnected, ended("one"), reconnected];
    const missed = [waits("two"), ended("two"), waits("three"), ended("three")];
    expect(said(connected, ...noticed, ...missed)).toMatch(/^violated \(2\): the silence awaited at two /);
  });

  test("nothing is claimed where none was awaited", () => {
    expect(said(connected, disconnected, ended("cut"), waitedInVain("heal"))).toBe("inconclusive (0)");
  });

  test("a step that begins meanwhile does not end the wait", () => {
    expect(said(connected, waits("wait"), began("part"), disconnected)).toBe("holds (1)");
  });
});
