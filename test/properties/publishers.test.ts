/** Promises about order where several publishers share a connection, and the generator that makes them do so. */
import { describe, expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Event, Run } from "../../models/vocabulary/event.ts";
import { scenariosOf } from "../../properties/arbitraries/scenario.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { declaredBy, judgeProperty } from "../../properties/property.ts";
import { modelCapabilities } from "../../src/worlds/model.ts";
import { profilesByName, scenarioWith, start } from "../models/cases.ts";

const accepted = { is: "accepted" } as const;
const refused = { is: "rejected", kind: "buffer-full" } as const;
const atOnce = (first: number, count: number, publishers = 2): Event => ({
  kind: "publishers",
  step: "p",
  publishers,
  first,
  count,
});
const published = (first: number, count: number, outcome: typeof accepted | typeof refused = accepted): Event => ({
  kind: "published",
  step: "p",
  first,
  count,
  frameBytes: 34,
  outcome,
});
const delivered = (...messages: readonly number[]): readonly Event[] =>
  messages.map(first => ({ kind: "delivered", first, count: 1 }) as const);
const complete: Event = { kind: "observed", complete: true };

function verdictOf(id: string, events: readonly Event[], reconnectBufferBytesMax?: number): string {
  const property = catalogue.find(one => one.id === id);
  if (property === undefined) throw new Error(`there is no ${id}`);
  const options = reconnectBufferBytesMax === undefined ? {} : { reconnectBufferBytesMax };
  const state = property.start(declaredBy(scenarioWith([start], options), natsGo));
  for (const event of events) property.on(state, event);
  return judgeProperty(property, state).verdict;
}

describe("order is kept", () => {
  const of = (...messages: readonly number[]): string =>
    verdictOf("core-path/order-is-kept", [
      published(0, 1),
      atOnce(1, 4),
      published(1, 4),
      published(5, 1),
      ...delivered(...messages),
      complete,
    ]);

  test.each([[[0, 1, 3, 2, 4, 5]], [[0, 3, 4, 1, 2, 5]], [[0, 3, 1, 2, 4]]])(
    "where each publisher keeps its own: %j",
    messages => {
      expect(of(...messages)).toBe("holds");
    },
  );

  test.each([
    ["within a publisher", [0, 2, 3, 1, 4, 5]],
    ["within the other", [0, 4, 1, 3, 2, 5]],
    ["of what was before", [3, 0, 1, 2, 4, 5]],
    ["of what comes after", [0, 1, 2, 3, 5, 4]],
  ])("not %s", (_where, messages) => {
    expect(of(...messages)).toBe("violated");
  });
});

describe("the loss around one cut is one block", () => {
  const of = (lost: readonly number[]): string => {
    const arrived = Array.from({ length: 12 }, (_, i) => i).filter(message => !lost.includes(message));
    return verdictOf("core-path/loss-around-one-cut-is-one-block", [
      { kind: "fault", step: "cut", fault: "cut", phase: "installed" },
      published(0, 2),
      atOnce(2, 8),
      published(2, 8),
      published(10, 2),
      ...delivered(...arrived),
      complete,
    ]);
  };

  test.each([[[3, 4, 7]], [[4, 5, 8, 9, 10]], [[1, 2, 6]], [[3]]])("of each publisher's messages: %j", lost => {
    expect(of(lost)).toBe("holds");
  });
  test.each([[[2, 4]], [[6, 8]], [[0, 3]], [[3, 11]]])("not two: %j", lost => {
    expect(of(lost)).toBe("violated");
  });
});

describe("a buffer that two publishers fill", () => {
  const down: readonly Event[] = [
    { kind: "connection", change: "connected" },
    { kind: "fault", step: "cut", fault: "cut", phase: "installed" },
    { kind: "connection", change: "disconnected" },
    { kind: "step", step: "p", phase: "began" },
  ];
  const back: readonly Event[] = [
    { kind: "healed", step: "heal" },
    { kind: "connection", change: "reconnected" },
  ];
  const settled: readonly Event[] = [{ kind: "phase", phase: "settled" }, complete];
  const told = (a: number, b: number): readonly Event[] => [
    ...down,
    atOnce(0, 10),
    ...[published(0, a), published(a, 5 - a, refused), published(5, b), published(5 + b, 5 - b, refused)].filter(
      event => (event as Event & Run).count > 0,
    ),
    ...back,
  ];
  const refusal = "reconnect-buffer/the-first-refusal-is-where-predicted";

  test("refuses once both together have filled it, no matter which of them published more", () => {
    for (const [a, b] of [
      [1, 3],
      [2, 2],
      [4, 0],
    ] as const)
      expect([a, b, verdictOf(refusal, [...told(a, b), ...settled], 4 * 34)]).toEqual([a, b, "holds"]);
  });

  test("is accused where it takes one message less or one more", () => {
    expect(verdictOf(refusal, [...told(2, 1), ...settled], 4 * 34)).toBe("violated");
    expect(verdictOf(refusal, [...told(2, 3), ...settled], 4 * 34)).toBe("violated");
  });

  test("keeps each publisher's order and loses none", () => {
    const id = "reconnect-buffer/below-the-limit-all-arrive-in-order";
    const all = told(5, 5);
    expect(verdictOf(id, [...all, ...delivered(5, 0, 1, 6, 2, 7, 3, 8, 4, 9), ...settled])).toBe("holds");
    expect(verdictOf(id, [...all, ...delivered(5, 0, 1, 7, 2, 6, 3, 8, 4, 9), ...settled])).toBe("violated");
    expect(verdictOf(id, [...all, ...delivered(5, 0, 1, 6, 2, 7, 3, 8, 4), ...settled])).toBe("violated");
  });
});

test.each(profilesByName)(
  "%s: what else a seed makes is the same with several publishers and without",
  (_name, profile) => {
    const capabilities = modelCapabilities(profile);
    const without = new Set([...capabilities].filter(one => one !== "publishers"));
    const [all, plain] = [capabilities, without].map(one => scenariosOf("at-once", { profile, capabilities: one }));
    let shared = 0;
    for (let i = 0; i < 500; i++) {
      const { steps, ...scenario } = all?.(i) ?? {};
      const alone = (steps ?? []).map(step => {
        if (step.kind !== "publish" || step.publishers === undefined) return step;
        const { publishers, ...rest } = step;
        shared++;
        expect(publishers).toBeGreaterThan(1);
        expect(publishers).toBeLessThanOrEqual(step.count);
        return rest;
      });
      expect({ ...scenario, steps: alone }).toEqual(plain?.(i));
    }
    expect(shared).toBeGreaterThan(40);
  },
);
