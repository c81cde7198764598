/** The oracle's reason: the disagreements that a search keeps, and the one that leads. */
import { expect, test } from "vitest";
import { type Disagreement, Furthest } from "../../models/explanation.ts";

const connection = (says: "connected" | "closed"): Disagreement => ({ kind: "connection", says, observed: undefined });
const delivery = (message: number): Disagreement => ({ kind: "delivery", message, nth: 1, observed: undefined });
const publish = (message: number): Disagreement => ({
  kind: "publish",
  step: "a",
  message,
  says: { is: "accepted" },
  observed: undefined,
});
const call = (step: string): Disagreement => ({
  kind: "call",
  step,
  says: { call: "flush", outcome: { is: "ok" } },
  observed: undefined,
});

function furthest(...notes: readonly (readonly [step: number, matched: number, one: Disagreement])[]): Furthest {
  const all = new Furthest();
  for (const note of notes) all.note(...note);
  return all;
}

test("a disagreement about a message leads, whatever the steps of the others are called", () => {
  for (const step of ["message 1 arrives", "publish of message 2", "flush"])
    expect(furthest([2, 5, call(step)], [2, 5, publish(3)]).lead(), step).toEqual(publish(3));
});

test("the first disagreement leads where none is about a message", () => {
  expect(furthest([2, 5, call("b")], [2, 5, connection("closed")]).lead()).toEqual(call("b"));
  expect(furthest([2, 5, delivery(0)], [2, 5, call("b")]).lead()).toEqual(delivery(0));
  expect(furthest().lead()).toBeUndefined();
});

test("a further step, or more deliveries at the same step, leaves what was met before behind", () => {
  expect(furthest([2, 5, publish(1)], [2, 4, publish(2)], [1, 9, publish(3)])).toMatchObject({ step: 2, matched: 5 });
  const later = furthest([2, 5, publish(1)], [3, 0, call("b")]);
  expect([later.step, later.matched, later.lead()]).toEqual([3, 0, call("b")]);
  expect(furthest([2, 5, publish(1)], [2, 6, call("b")]).lead()).toEqual(call("b"));
});

test("twelve different disagreements are kept of one place, and each is kept once", () => {
  const others = Array.from({ length: 11 }, (_, i) => [2, 5, delivery(i)] as const);
  expect(furthest(...others, ...others, [2, 5, publish(1)]).lead()).toEqual(publish(1));
  expect(furthest(...others, [2, 5, delivery(11)], [2, 5, publish(1)]).lead()).toEqual(delivery(0));
});
