/** The words of every fault as a counterexample has them, and the letters that `exhaust` writes with it. */
import { expect, test } from "vitest";
import { faultKinds, kindOf } from "../../../models/faults/index.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Fault } from "../../../models/vocabulary/scenario.ts";
import { policyWith, sound } from "../policies.ts";

test.each<[Fault, string]>([
  [{ kind: "server-error", text: "unknown", closes: false }, "the server says -ERR, an unknown text, and goes on"],
  [
    { kind: "server-error", text: "stale", closes: true },
    "the server says -ERR, stale connection, and ends the connection",
  ],
  [
    { kind: "server-error", text: "authorization", closes: true },
    "the server says -ERR, authorization violation, and ends the connection",
  ],
  [
    { kind: "server-error", text: "permissions", closes: false },
    "the server says -ERR, permissions violation, and goes on",
  ],
])("$kind, $text: %s", (fault, words) => {
  expect(kindOf(fault).words(fault)).toBe(words);
});

const size = { frameBytes: 34 };
const lettersOf = (publishes: number, policy?: typeof sound): readonly (readonly [string, Fault])[] =>
  faultKinds.flatMap(kind =>
    kind.letters({ publishes, ...(policy === undefined ? {} : { policy }) }).map(one => [one.name, one.fault(size)]),
  );
const limitsOf = (publishes: number): readonly number[] =>
  lettersOf(publishes).flatMap(([, fault]) => (fault.kind === "limit" ? [fault.bytes] : []));

test("a letter has the fault that its name says", () => {
  for (const [name, fault] of [...lettersOf(3), ...lettersOf(3, sound)]) {
    expect(name.startsWith(fault.kind), name).toBe(true);
    if ("awaits" in fault && name.includes("await")) expect(name).toBe(`${fault.kind}, await ${fault.awaits}`);
    if (fault.kind === "stop-server") expect(name.endsWith("its store is lost")).toBe(fault.store === "lost");
    if (fault.kind !== "server-error") continue;
    expect(name).toContain(fault.text);
    expect(name.endsWith("the end of the connection")).toBe(fault.closes);
  }
});

test("every fault has a letter, and a lost store only under a policy, where there are streams", () => {
  const kindsOf = (policy?: typeof sound): readonly string[] => [
    ...new Set(lettersOf(3, policy).map(([, fault]) => fault.kind)),
  ];
  const all = faultKinds.map(one => one.kind);
  expect(kindsOf()).toEqual(all.filter(one => one !== "cut-server"));
  // Under a policy nothing is known of what a service does at an error of the server.
  expect(kindsOf(sound)).toEqual(all.filter(one => one !== "server-error" && one !== "cut-server"));
  expect(kindsOf(policyWith({ client: { servers: 2 } }))).toEqual(all.filter(one => one !== "server-error"));
  const namesOf = (policy?: typeof sound): readonly string[] => lettersOf(3, policy).map(([name]) => name);
  expect(namesOf(sound)).toContain("stop-server, its store is lost");
  expect(namesOf()).not.toContain("stop-server, its store is lost");
  expect(new Set(namesOf(sound)).size).toBe(namesOf(sound).length);
});

test("a byte anchor is one that the publishes of the schedule can reach", () => {
  expect(limitsOf(1)).toEqual([33, 34]);
  expect(limitsOf(2)).toEqual([33, 34, 35, 68]);
  expect(limitsOf(3)).toEqual([33, 34, 35, 68]);
});

test("a refused credential is remembered by the server, and so the same end is another letter", () => {
  const profileOf = (text: string): readonly string[] =>
    kindOf({ kind: "server-error" })
      .letters({ publishes: 1 })
      .filter(one => one.name.includes(text))
      .map(one => one.consequences?.(natsGo) ?? "");
  expect(profileOf("authorization").every(one => one.endsWith(", refused"))).toBe(true);
  expect(profileOf("stale").some(one => one.includes("refused"))).toBe(false);
  expect(profileOf("stale").every(one => /^[a-z-]+$/.test(one))).toBe(true);
});
