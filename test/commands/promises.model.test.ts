/** `faultline promises`, as a person uses it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { catalogue } from "../../properties/catalogue.ts";
import { faultline, ownFolder, root } from "./faultline.ts";

interface Listed {
  readonly id: string;
  readonly owner: string;
  readonly demanded: boolean | null;
}
const idsOf = (promises: readonly Listed[]): readonly string[] => promises.map(({ id }) => id);

test("without an id every promise is listed, in the order of the catalogue, and none is demanded or not", async () => {
  const { code, json } = await faultline(["promises", "--json"]);
  expect([code, json.policy]).toEqual([0, null]);
  expect(idsOf(json.promises)).toEqual(catalogue.map(({ id }) => id));
  expect(new Set(json.promises.map((one: Listed) => one.demanded))).toEqual(new Set([null]));
});

test("a person reads sentence, owner, profiles and causes, grouped by concern", async () => {
  const { code, stdout } = await faultline(["promises", "what-was-accepted-while-down"]);
  expect([code, stdout.trim()]).toEqual([
    0,
    `reconnect-buffer: 1 promise

reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence
  A bus that promises buffering delivers what it accepted while down.
  Owner        client
  Promised by  nats-go, nats-py
  Broken by    nats.js accepts what is published while down, and drops it at the next dial without an error (F-20).`,
  ]);
});

test("a part of an id and an owner choose together", async () => {
  const { json } = await faultline(["promises", "durable-path/", "--owner", "operator", "--json"]);
  const due = catalogue.filter(one => one.id.startsWith("durable-path/") && one.owner === "operator");
  expect(due.length).toBeGreaterThan(2);
  expect(idsOf(json.promises)).toEqual(due.map(({ id }) => id));
});

test("a policy's file says which promises it demands", async () => {
  const cwd = ownFolder();
  const policy = JSON.parse(readFileSync(join(root, "fixtures/policies/core-only.json"), "utf8"));
  const demands = ["cold-start/ready-means-usable", "core-path/order-is-kept"];
  writeFileSync(join(cwd, "mine.json"), JSON.stringify({ ...policy, name: "mine", demands }));
  const { code, json } = await faultline(["promises", "--policy", "mine.json", "--json"], { cwd });
  expect([code, json.policy]).toEqual([0, "mine"]);
  const demanded = json.promises.filter((one: Listed) => one.demanded);
  expect(idsOf(demanded).toSorted()).toEqual(demands);
  const { stdout } = await faultline(["promises", "order-is-kept", "--policy", "./mine"], { cwd });
  expect(stdout).toMatch(/Demanded +by mine\n/);
});

test.for<readonly [string, readonly string[], string]>([
  ["a slip in a word", ["flushd"], "the nearest is flushed."],
  ["a slip in an id", ["core-path/order-is-kep-t"], "the nearest is core-path/order-is-kept."],
  ["an inherited name", ["constructor"], 'There is no promise with "constructor" in its id; the nearest is '],
  ["an unknown owner", ["--owner", "nobody"], "Allowed choices are client, service, operator."],
  [
    "an owner of none of them",
    ["core-path", "--owner", "operator"],
    "is the operator's; its owner is client and service.",
  ],
  ["an unknown policy", ["--policy", "nope"], 'There is no policy "nope"'],
])("%s is a usage error: 64", async ([_what, args, says]) => {
  const { code, stdout, stderr } = await faultline(["promises", ...args]);
  expect([code, stdout]).toEqual([64, ""]);
  expect(stderr).toContain(says);
});
