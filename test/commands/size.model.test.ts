/** `faultline size`, as a person calls it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, ownFolder, root } from "./faultline.ts";

const figures = ["--rate", "500", "--bytes", "600", "--outage", "2m"];

test("the sizes of all clients, with plot, advice and what 0 and -1 mean", async () => {
  const { code, stdout } = await faultline(["size", "cordum-hardened", ...figures, "--subject", "sys.heartbeat"]);
  expect(code).toBe(0);
  const lines = stdout.split("\n").map(one => one.trimEnd());
  expect(lines.slice(1, 10)).toEqual([
    "cordum-hardened: one replica in an outage of 2 min (--outage)",
    "",
    "  --rate: 500/s of 600 B, 625 B as a frame on sys.heartbeat, as core NATS",
    "",
    "client     buffer  published  accepted  refused  lost, not told  timeouts  first refusal            oldest on arrival",
    "nats-go    32 MiB     61,050    53,688    7,362               ·         ·  after 1 min 47 s 378 ms  2 min 2 s 100 ms",
    "nats-js-2  none       61,050    61,050        ·          61,050         ·  none                     nothing arrives",
    "nats-js-3  none       61,050    61,050        ·          61,050         ·  none                     nothing arrives",
    "nats-py    32 MiB     61,000    53,601    7,399               ·         ·  after 1 min 47 s 204 ms  2 min 2 s",
  ]);
  expect(stdout).toContain("needs 36.4 MiB: set client.reconnectBufferBytesMax to 48234496 (46 MiB, a quarter more)");
  expect(stdout).toContain("0 is its default and no way to switch it off");
  expect(stdout).toMatch(/^ {3}32 MiB │┄+█+ limit$/m);
});

test("declared loads, an outage of the policy's own, replicas and memory", async () => {
  const cwd = ownFolder();
  const own = JSON.parse(readFileSync(join(root, "fixtures/policies/core-only.json"), "utf8"));
  const [family, ...others] = own.families;
  const loaded = {
    ...family,
    gaps: { serverRestartMs: 30_000 },
    staleAfterMs: 5_000,
    load: {
      perSecond: 100,
      bytes: [
        { bytes: 100, share: 0.9 },
        { bytes: 10_000, share: 0.1 },
      ],
    },
  };
  const supervisor = { ...own.supervisor, replicas: 3, memoryBytesMax: 8_388_608 };
  const mine = { ...own, $schema: undefined, name: "mine", families: [loaded, ...others], supervisor };
  writeFileSync(join(cwd, "mine.json"), JSON.stringify(mine));
  const { code, stdout } = await faultline(["size", "mine.json", "--profile", "nats-py"], { cwd });
  expect(code).toBe(0);
  expect(stdout).toContain("mine: each of 3 replicas in an outage of 30 s (the longest that the policy declares)");
  expect(stdout).toMatch(/90\/s of 100 B.*\n.*10\/s of 10000 B/);
  expect(stdout).toMatch(/that is \d+ % of the memory that a replica may take/);
  expect(stdout).toContain("arrive older than 5 s, when they are of no more use");
  expect(stdout).toMatch(/the server then gets \S+ MiB at once from 3 replicas/);
  const { json } = await faultline(["size", "mine.json", "--json"], { cwd });
  expect(json.clients.map((one: { profile: string }) => one.profile)).toEqual([
    "nats-go",
    "nats-js-2",
    "nats-js-3",
    "nats-py",
  ]);
});

test("the plot as SVG stands alone on stdout", async () => {
  const { stdout } = await faultline(["size", "cordum-hardened", ...figures, "--profile", "nats-go", "--svg"]);
  expect(stdout).toMatch(/^<svg [^>]*>\n<title>cordum-hardened: pending bytes in an outage of 2 min<\/title>/);
  expect(stdout.match(/<polyline points="/g)).toHaveLength(1);
  expect(stdout).toContain("first refusal, ");
  expect(stdout.trimEnd().endsWith("</svg>")).toBe(true);
});

test.each([
  [["size", "cordum-a"], 64, /No family of cordum-a declares a load.*--rate 200 --bytes 512/],
  [["size", "cordum-a", "--rate", "5"], 64, /--rate and --bytes belong together/],
  [["size", "cordum-a", "--rate", "x", "--bytes", "5"], 64, /must be a number above 0/],
  [["size", "cordum-a", ...figures.slice(0, 4), "--outage", "90"], 64, /a time with its unit, such as 90s/],
  [["size", "cordum-a", ...figures, "--subject", "a.*"], 64, /--subject "a\.\*" must be a NATS subject/],
  [["size", "cordum-a", ...figures, "--profile", "x"], 64, /There is no profile "x"/],
  [["size", "cordum-a", ...figures, "--bus", "go-nats-go"], 64, /--bus is for --drill/],
  [["size", "nowhere", ...figures], 64, /There is no policy "nowhere"/],
])("%j is refused with %i", async (args, exitCode, says) => {
  const { code, stderr } = await faultline(args);
  expect(code).toBe(exitCode);
  expect(stderr).toMatch(says);
});
