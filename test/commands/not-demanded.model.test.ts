/** A policy that demands nothing holds, and is told what it breaks; one that demands all is held to it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { catalogue } from "../../properties/catalogue.ts";
import { faultline, ownFolder, root } from "./faultline.ts";

const found = JSON.parse(readFileSync(join(root, "fixtures/policies/cordum-as-found.json"), "utf8"));

/** A folder with a policy that breaks a dozen promises, and demands what is given. */
function folderWith(demands: unknown): string {
  const cwd = ownFolder();
  writeFileSync(join(cwd, "mine.json"), JSON.stringify({ ...found, name: "mine", demands }));
  return cwd;
}
const searching = ["search", "--policy", "mine.json", "--profile", "nats-go", "--runs", "150", "--seed", "1"];
const properties = (all: readonly { readonly property: string }[]): readonly string[] =>
  all.map(one => one.property).toSorted();

test("a search under a policy that demands nothing holds, and names everything that it breaks", async () => {
  const [none, all] = await Promise.all([
    faultline([...searching, "--json"], { cwd: folderWith([]) }),
    faultline([...searching, "--json"], { cwd: folderWith("all") }),
  ]);
  expect([none.code, none.json.verdict, none.json.violations]).toEqual([0, "holds", []]);
  expect(none.json.notDemanded.length).toBeGreaterThan(7);
  expect(none.json.notDemanded).toContainEqual({
    property: "durable-path/every-declared-durable-subject-has-a-stream",
    reason: expect.stringContaining("no stream takes its subject"),
  });
  expect([all.code, all.json.notDemanded]).toEqual([1, []]);
  expect(properties(all.json.violations)).toEqual(properties(none.json.notDemanded));
});

test("the text names them above the verdict, and the verdict's sentence counts them", async () => {
  const { code, stdout } = await faultline(searching, { cwd: folderWith([]) });
  expect(code).toBe(0);
  const [, count] = /Verdict {2}holds, and (\d+) promises broken that the policy does not demand\n/.exec(stdout) ?? [];
  expect(stdout).toContain(`The policy breaks ${count} promises that it does not demand, which the verdict leaves out`);
  expect(stdout).toMatch(/\n {2}! durable-path\/a-failed-message-is-kept: message \d+/);
  expect(stdout).toContain('write "demands": "all"');
});

test("a replay is told of them too, and one that demands them is held to them", async () => {
  const scenario = {
    ...{ version: 1, id: "mine/no-stream", why: "A test.", policy: "./mine.json", options: {} },
    steps: [
      { id: "start", kind: "start" },
      { id: "publish", kind: "publish", count: 1, bytes: 16, subject: "worker.a.b.jobs" },
    ],
  };
  const run = (demands: unknown) => {
    const cwd = folderWith(demands);
    writeFileSync(join(cwd, "scenario.json"), JSON.stringify(scenario));
    return faultline(["replay", "scenario.json", "--world", "model", "--profile", "nats-go", "--json"], { cwd });
  };
  const stream = "durable-path/every-declared-durable-subject-has-a-stream";
  const [none, all] = await Promise.all([run([]), run("all")]);
  expect([none.code, properties(none.json.notDemanded)]).toEqual([0, expect.arrayContaining([stream])]);
  expect([all.code, all.json.notDemanded]).toEqual([1, []]);
});

test("all is every promise of the catalogue, and any other word is refused", async () => {
  const cwd = folderWith("everything");
  const { code, stderr } = await faultline(searching, { cwd });
  expect([code, stderr]).toEqual([65, expect.stringMatching(/^faultline: mine\.json: demands: /)]);
  const { json } = await faultline([...searching, "--json"], { cwd: folderWith("all") });
  expect(json.profiles[0].promises).toBe(catalogue.length);
});
