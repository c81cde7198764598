/** `faultline budget`, as a person calls it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, ownFolder, root } from "./faultline.ts";

test("both timelines, the client's traps, fragments, and that all fits", async () => {
  const { code, stdout } = await faultline(["budget", "cordum-hardened", "--check"]);
  expect(code).toBe(0);
  for (const line of [
    "cordum-hardened with nats-go",
    "  deadline  1 min 45 s = 10 passes and 5 s",
    "    1:45  gave up its start, and ended",
    "    1:55  started",
    "  30 s  SIGKILL, 30 s after SIGTERM",
    "  a handler that hangs                    25 s  budget                  5 s",
    "  a drain deletes the durable that the library has made",
    "  terminationGracePeriodSeconds: 30",
    "  TimeoutStartSec=110",
    "✓ everything fits",
  ])
    expect(stdout.split("\n")).toContain(line);
});

test("what does not fit is told with its line, by how much, and what the pod does then; --check alone fails", async () => {
  const cwd = ownFolder();
  const own = JSON.parse(readFileSync(join(root, "fixtures/policies/cordum-hardened.json"), "utf8"));
  const mine = { ...own, $schema: undefined, name: "mine", supervisor: { restartMs: 10_000, killAfterMs: 20_000 } };
  writeFileSync(join(cwd, "mine.json"), JSON.stringify(mine, undefined, 2));
  const line =
    1 +
    JSON.stringify(mine, undefined, 2)
      .split("\n")
      .findIndex(one => one.includes("killAfterMs"));
  const { code, stdout } = await faultline(["budget", "mine.json"], { cwd });
  expect(code).toBe(0);
  expect(stdout).toContain(
    [
      "✗ SIGKILL comes 20 s after SIGTERM, and the stop may take 25 s (5 s short)",
      `  mine.json:${line}:5`,
      "  Set the grace period to 25 s or more.",
      "  then",
      "    0:00  told to stop (SIGTERM)",
      "    0:20  killed (SIGKILL)",
    ].join("\n"),
  );
  const checked = await faultline(["budget", "mine.json", "--check", "--json"], { cwd });
  expect(checked.code).toBe(1);
  expect(checked.json.misfits.map((one: { place: string; missingMs: number }) => [one.place, one.missingMs])).toEqual([
    ["supervisor.killAfterMs", 5_000],
  ]);
});

const deployment = (graceSeconds: number): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: orders }
spec:
  template:
    spec:
      terminationGracePeriodSeconds: ${graceSeconds}
      containers:
        - name: orders
          image: example/orders:1
`;

test("a policy's times are held against the deployment that --check names", async () => {
  const cwd = ownFolder();
  writeFileSync(join(cwd, "short.yaml"), deployment(12));
  writeFileSync(join(cwd, "long.yaml"), deployment(40));
  const short = await faultline(["budget", "cordum-hardened", "--check", "short.yaml"], { cwd });
  expect(short.code).toBe(1);
  expect(short.stdout).toContain("✗ SIGKILL comes 12 s after SIGTERM, and the stop may take 25 s (13 s short)");
  expect(short.stdout).toMatch(/^ {2}short\.yaml:7:\d+$/m);
  const long = await faultline(["budget", "cordum-hardened", "--check", "long.yaml"], { cwd });
  expect(long.stdout).toContain("✓ everything fits");
  expect(long.code).toBe(0);
});

test.each([
  [["budget"], 64, /missing required argument 'policy'/],
  [["budget", "nowhere"], 64, /There is no policy "nowhere"/],
  [["budget", "cordum-a", "--profile", "x"], 64, /There is no profile "x"/],
  [["budget", "cordum-a", "--check", "nowhere.yaml"], 65, /nowhere\.yaml/],
])("%j is refused with %i", async (args, exitCode, says) => {
  const { code, stderr } = await faultline(args);
  expect(code).toBe(exitCode);
  expect(stderr).toMatch(says);
});
