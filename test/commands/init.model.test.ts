/** `faultline init`, as a person uses it: with flags alone, and with answers that are typed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { bin, faultline, ownFolder, root } from "./faultline.ts";

const read = (cwd: string, name: string) => JSON.parse(readFileSync(join(cwd, name), "utf8"));

/** The command at a terminal: `answerTo` gives the line for each question, by its words. */
async function typed(cwd: string, args: readonly string[], answerTo: (question: string) => string) {
  const child = spawn(process.execPath, [bin, "init", "--ask", ...args], { cwd, stdio: ["pipe", "pipe", "pipe"] });
  let stderr = "";
  let seen = 0;
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
    if (!stderr.endsWith("> ")) return;
    child.stdin.write(`${answerTo(stderr.slice(seen))}\n`);
    seen = stderr.length;
  });
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return { code, stdout, stderr };
}

test("flags alone make a policy that a search takes, with the rest listed as assumed", async () => {
  const cwd = ownFolder();
  const flags = ["--name", "shop", "--durable", "orders.>", "--best-effort", "progress.*"];
  const answers = ["--set", "startup.strategy=retry-forever", "--set", "publish.attemptsMax=3", "--set", "demands=all"];
  const { code, stdout } = await faultline(["init", "--no-ask", ...flags, ...answers], { cwd });
  expect(code).toBe(0);
  expect(read(cwd, "shop.json")).toMatchObject({
    name: "shop",
    families: [
      { subjects: "orders.>", durability: "durable", reason: "declared when the policy was made" },
      { subjects: "progress.*", durability: "best-effort" },
    ],
    streams: [{ name: "ORDERS", subjects: ["orders.>"], storage: "file" }],
    publish: { attemptsMax: 3 },
    startup: { strategy: "retry-forever" },
    demands: "all",
  });
  expect(stdout).toMatch(/shutdown\.strategy +"exit"/);
  expect(stdout).not.toMatch(/startup\.strategy +"/);
  expect(stdout).toContain("npx faultline drill durability --policy shop.json");
  const found = await faultline(["search", "--policy", "shop.json", "--profile", "nats-go", "--runs", "20", "--json"], {
    cwd,
  });
  expect(found.json).toMatchObject({ policy: "shop", runs: 20 });
});

test("what is typed is taken, an empty line is the default, a wrong answer is asked again, and so is what it makes necessary", async () => {
  const cwd = ownFolder();
  const answers: readonly (readonly [asked: RegExp, answer: string])[] = [
    [/^An empty line takes the default/, "jobs.* , bad..one"],
    [/"bad..one"/, "jobs.*"],
    [/streams\[\]\.made/, "created"],
    [/publish\.ackTimeoutMs/, "soon"],
    [/^It .*number/, "250"],
    [/publish\.attemptsMax/, "5"],
    [/startup\.deadlineMs/, "60000"],
  ];
  const { code, stderr } = await typed(
    cwd,
    ["--set", "startup.strategy=retry-with-deadline"],
    question => answers.find(([asked]) => asked.test(question))?.[1] ?? "",
  );
  expect(stderr.match(/An empty line takes the default/g)).toHaveLength(1);
  expect(stderr).toContain('"bad..one" must be a NATS subject pattern');
  expect(stderr).toMatch(
    /publish\.ackTimeoutMs: a whole number\n {2}default 5000: [^\n]*\n> It [^\n]*number[^\n]*\.\n> publish\.att/,
  );
  expect(code).toBe(0);
  expect(read(cwd, "my-bus.json")).toMatchObject({
    streams: [{ name: "JOBS", made: "created" }],
    publish: { ackTimeoutMs: 250, attemptsMax: 5 },
    startup: { strategy: "retry-with-deadline", deadlineMs: 60_000 },
  });
});

test("files are read first, and only what they do not say is asked", async () => {
  const cwd = ownFolder();
  cpSync(join(root, "test/files/imported/deployment.yaml"), join(cwd, "deployment.yaml"));
  cpSync(join(root, "test/files/imported/nack-stream.yaml"), join(cwd, "stream.yaml"));
  const { code, stderr } = await typed(cwd, ["deployment.yaml", "stream.yaml", "--name", "read", "--yaml"], () => "");
  expect(code).toBe(0);
  expect(stderr.startsWith("An empty line takes the default.")).toBe(true);
  expect(stderr).not.toContain("supervisor.killAfterMs:");
  expect(parse(readFileSync(join(cwd, "read.yaml"), "utf8"))).toMatchObject({ supervisor: { killAfterMs: 60_000 } });
});

test("without any stream the policy is one of core NATS alone", async () => {
  const cwd = ownFolder();
  const { json } = await faultline(["init", "--json", "--name", "bare"], { cwd });
  expect(json).toMatchObject({ file: "bare.json", policy: { streams: [], families: [{ subjects: ">" }] } });
  expect(read(cwd, "bare.json")).toMatchObject({ name: "bare" });
});

test.for<readonly [string, readonly string[], string]>([
  ["an answer that is none of the choices", ["--set", "startup.strategy=sometimes"], "must be one of fail-fast, "],
  ["a place that there is not", ["--set", "startup.strategi=fail-fast"], "startup.strategi is no field of a policy"],
  ["a list", ["--set", "streams=x"], "streams cannot be set in one line"],
  ["half an answer", ["--set", "startup.strategy"], "--set must be PLACE=VALUE"],
  ["no pattern", ["--durable", "orders. >"], '--durable: "orders. >" must be a NATS subject pattern'],
  ["a deadline that is missing", ["--set", "startup.strategy=retry-with-deadline"], "add --set startup.deadlineMs="],
  ["an odd name", ["--name", "My Bus"], "--name must be 1 to 63 of a-z"],
])("%s is refused, and nothing is written", async ([_, args, says]) => {
  const cwd = ownFolder();
  const { code, stderr } = await faultline(["init", "--no-ask", ...args], { cwd });
  expect([code, stderr]).toEqual([64, expect.stringContaining(says)]);
  expect(existsSync(join(cwd, "my-bus.json"))).toBe(false);
});

test("a file that is there already stays as it is", async () => {
  const cwd = ownFolder();
  writeFileSync(join(cwd, "my-bus.json"), "mine");
  const { code, stderr } = await faultline(["init", "--no-ask"], { cwd });
  expect([code, stderr]).toEqual([64, expect.stringContaining("my-bus.json is there already")]);
  expect(readFileSync(join(cwd, "my-bus.json"), "utf8")).toBe("mine");
});
