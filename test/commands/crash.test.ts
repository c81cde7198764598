/** A client that takes its own process down is a finding about the client, and servers that fail are none: neither is the end of all. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, ownFolder, root } from "./faultline.ts";

const dying = (lie: string): string => `node ${join(root, "test/commands/lies-of-a-bus.mjs")} ${lie}`;
const dies = dying("dies-of-an-error");
const scenario = join(root, "fixtures/scenarios/core-path/held-then-cut-loses-all.json");

test("a process that ends by itself is a violation with its last words, and the run goes on with another", async () => {
  const args = ["replay", scenario, "--world", "live", "--bus", dies, "--times", "3", "--lanes", "1", "--json"];
  const { code, json } = await faultline(args);
  expect(code).toBe(1);
  const [live] = json.verdicts;
  expect(live).toMatchObject({ world: "live", verdict: "violated" });
  // On a busy machine one run may be cut short.
  expect(json.verdicts.reduce((sum: number, { times }: { readonly times: number }) => sum + times, 0)).toBe(3);
  expect(live.times).toBeGreaterThan(1);
  expect(live.reason).toMatch(
    /the process of the bus ended with exit code 7 by itself, while it owed an answer to publish/,
  );
  expect(live.reason).toContain(
    'its last words: "TypeError: this.queue is null" "    at Client.publish (client.js:42)"',
  );
});

const failsFast = join(root, "fixtures/scenarios/cold-start/a-closed-port-ends-a-fail-fast-start.json");
const fails = (bus: string) => ["replay", failsFast, "--world", "live", "--bus", bus, "--json"];

test("a process that was to end with a reason, and ends with none, is a violation with its last words", async () => {
  const { code, json } = await faultline(fails(dying("dies-at-a-start")));
  expect(code).toBe(1);
  expect(json.verdicts[0].reason).toMatch(/the process of the bus ended with exit code 7 by itself/);
  expect(json.verdicts[0].reason).toContain('its last words: "TypeError: this.queue is null"');
});

test("a process whose output somebody else holds open may have said more, so nothing is held against it", async () => {
  const hook = join(root, "test/commands/dies-and-leaves-a-child.mjs");
  const bus = join(root, "fixtures/buses/typescript-nats-js-3/main.ts");
  const { code, json } = await faultline(fails(`node --import ${hook} ${bus}`));
  expect(code).toBe(2);
  expect(json.verdicts[0].reason).toMatch(
    /gave up waiting for the last words of replica 0, whose output something else/,
  );
});

test("a nats-server that does not serve is unavailable, and its last words are shown", async () => {
  const server = join(ownFolder(), "nats-server");
  const script = `#!/bin/sh\n[ "$1" = -version ] && echo "nats-server: v2.15.2" && exit 0\necho "[FTL] cannot open the store" >&2\nexit 1\n`;
  writeFileSync(server, script, { mode: 0o755 });
  const { code, stderr } = await faultline(["replay", scenario, "--world", "live", "--bus", "go-nats-go"], {
    env: { FAULTLINE_NATS_SERVER: server },
  });
  expect(code).toBe(69);
  expect(stderr).toMatch(
    /^faultline: nats-server on port \d+ did not start. The end of its log:\n\[FTL\] cannot open the store$/m,
  );
  expect(stderr).not.toMatch(/^\s+at /m);
});
