/** Answers that are worked out once for a policy, and once for each of its subjects. */
import { expect, test } from "vitest";
import { oncePerPolicy, oncePerSubject } from "../../../models/policy/remembered.ts";
import { policy } from "../../properties/service-events.ts";

test("a policy is asked once, and an equal one of another identity again", () => {
  let asked = 0;
  const answer = oncePerPolicy(() => ++asked);
  expect([answer(policy), answer(policy), answer({ ...policy })]).toEqual([1, 1, 2]);
});

test("a subject is asked once, also where the answer is undefined", () => {
  const asked: string[] = [];
  const answer = oncePerSubject((_policy, subject) => {
    asked.push(subject);
    return subject === "known" ? 1 : undefined;
  });
  const answers = ["unknown", "known", "unknown", "known"].map(subject => answer(policy, subject));
  expect(answers).toEqual([undefined, 1, undefined, 1]);
  expect(asked).toEqual(["unknown", "known"]);
});
