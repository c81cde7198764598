/** What the server's counts of a consumer prove, in words. */
import { expect, test } from "vitest";
import { proofOf } from "../../../src/worlds/driver/behind.ts";

const counted = (numAckPending: number, failed: number): string =>
  proofOf({
    is: "acknowledged-though-failed",
    subject: "job.a",
    consumer: { numPending: 0, numAckPending, delivered: failed },
    handled: failed,
    failed,
  });

test("a message that was acknowledged too early is not told as one that has failed alone", () => {
  expect(counted(0, 3)).toBe(
    "the server counts 3 of the 3 messages that have failed as acknowledged: before their handlers had ended, or although these had failed, and they are kept nowhere",
  );
});

test("only those that the server no longer waits for are counted", () => {
  expect(counted(2, 3)).toBe(
    "the server counts 1 of the 3 messages that have failed as acknowledged: before its handler had ended, or although it had failed, and it is kept nowhere",
  );
});
