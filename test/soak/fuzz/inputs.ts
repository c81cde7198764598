/** The inputs of the fuzzer: a valid one of each kind, changed in one place. An input follows from the seed and its number. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DrawStream, type Random } from "../../../properties/arbitraries/random.ts";
import { loadCorpus } from "../../../src/files/corpus.ts";
import { packageRoot } from "../../../src/files/package-root.ts";
import { byBytes, mutated, mutatedLine } from "./mutate.ts";

export type Input =
  /** A command line, with the file that it reads written beside it first. */
  | { readonly kind: "command"; readonly args: readonly string[]; readonly file?: string; readonly text?: string }
  /** What a bus says, line by line, to `hello` and then to `start` and `publish`. */
  | { readonly kind: "bus"; readonly lines: readonly string[] };

const root = packageRoot();
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");
const scenarios = loadCorpus().map(({ file }) => file);
const imported = join("test", "files", "imported");
const manifests = readdirSync(join(root, imported))
  .filter(name => /\.(json|ya?ml)$/.test(name))
  .map(name => join(imported, name));
const policies = ["cordum-as-found", "cordum-c", "cordum-hardened", "core-only", "cordum-with-drain"];
const kept = join("test", "snapshot", "files");
const counterexamples = [
  "cold-start--2d7eba1b.json",
  "durable-path--1288e871.json",
  "durable-path--320338e9.json",
  "reconnect-buffer--0d3a2048.json",
  "shutdown--c71567b0.json",
  "shutdown--ce57e40c.json",
].map(name => join(kept, name));
const journals = ["complete", "ended-early"].map(name => join(kept, "runs", name, "journal.jsonl"));
const profiles = ["nats-go", "nats-js-2", "nats-js-3", "nats-py"];

/** `folder`: where files are written, and from where the command reads them. */
export function inputAt(seed: string, index: number, folder: string): Input {
  const random = new DrawStream(seed, "fuzz").at(index);
  switch (random.int(0, 8)) {
    case 0:
    case 1:
      return replayOf("scenario.json", mutated(textOf(random.pick(scenarios)), random), folder, random);
    case 2:
      return replayOf("counterexample.json", mutated(textOf(random.pick(counterexamples)), random), folder, random);
    case 3:
    case 4:
      return underPolicy(folder, random);
    case 5:
      return resumed(folder, random);
    case 6:
      return { kind: "bus", lines: busLines(random) };
    case 7:
      return ofOthers(folder, random);
    default:
      return { kind: "command", args: commandLine(random) };
  }
}

const maybeJson = (random: Random): readonly string[] => (random.chance(0.5) ? ["--json"] : []);

function replayOf(name: string, text: string, folder: string, random: Random): Input {
  const file = join(folder, name);
  const under = random.chance(0.2) ? ["--policy", random.pick(policies)] : [];
  const args = ["replay", file, "--world", "model", "--profile", random.pick(profiles), ...under];
  return { kind: "command", args: [...args, ...maybeJson(random)], file, text };
}

function underPolicy(folder: string, random: Random): Input {
  const name = random.pick(policies);
  const file = join(folder, `${name}.json`);
  const text = mutated(textOf(join("fixtures", "policies", `${name}.json`)), random);
  const profile = random.pick(profiles);
  const args = random.chance(0.7)
    ? ["search", "--policy", file, "--profile", profile, "--runs", "5", "--seed", "1"]
    : ["replay", join(root, random.pick(scenarios)), "--world", "model", "--profile", profile, "--policy", file];
  return { kind: "command", args: [...args, ...maybeJson(random)], file, text };
}

/** Other people's files, imported, or asked about as they are. */
function ofOthers(folder: string, random: Random): Input {
  const of = random.pick(manifests);
  const file = join(folder, of.endsWith(".json") ? "other.json" : "other.yaml");
  const text = mutated(textOf(of), random);
  const args = random.chance(0.7)
    ? ["import", file, ...(random.chance(0.5) ? ["--yaml"] : [])]
    : ["search", "--policy", file, "--profile", random.pick(profiles), "--runs", "5", "--seed", "1"];
  return { kind: "command", args: [...args, ...maybeJson(random)], file, text };
}

/** Reading ends before a server is looked for, and none is there. */
function resumed(folder: string, random: Random): Input {
  const run = join(folder, "run");
  const args = ["compare", "--bus", "go-nats-go", "--runs", "3", "--seed", "1", "--resume", run];
  const text = mutatedLine(textOf(random.pick(journals)), random);
  return { kind: "command", args: [...args, ...maybeJson(random)], file: join(run, "journal.jsonl"), text };
}

const greeting = {
  id: 1,
  protocol: 1,
  bus: "fuzzed",
  profile: "nats-go",
  client: { name: "none", version: "0.0.0" },
  capabilities: ["publish", "flush", "drain", "close", "together"],
};
const lines: readonly object[] = [
  greeting,
  { id: 2, outcome: { is: "ok" } },
  { event: "connection", case: 1, change: "connected" },
  { id: 3, outcomes: [{ count: 3, outcome: { is: "accepted" } }] },
];

function busLines(random: Random): readonly string[] {
  const said = lines.map(line => JSON.stringify(line));
  return mutatedLine(`${said.join("\n")}\n`, random).split("\n");
}

const words: readonly string[] = [
  ...[
    "drill",
    "search",
    "replay",
    "compare",
    "exhaust",
    "doctor",
    "import",
    "promises",
    "durability",
    "buffer",
    "--help",
    "--version",
    "--json",
  ],
  ...["--bus", "--profile", "--seed", "--require", "--policy", "--lanes", "--backend", "--world", "--worlds", "--runs"],
  ...[
    "--budget",
    "--resume",
    "--times",
    "--property",
    "--publishes",
    "--faults",
    "--keep-going",
    "--states",
    "--depth",
  ],
  ...["go-nats-go", "nats-go", "constructor", "__proto__", "model", "live", "model,live", "1", "0", "-1", "1e9", "3.5"],
  ...["core-path/order-is-kept", "cordum-as-found", "/dev/null", "/dev/zero", "/proc/self/mem", ".", "", "\u001b[2J"],
  ...["x".repeat(10_000), "--", "-", "--runs=7", "--unknown", "\ud800", "a\nb", "node nothing.mjs", "../..", "NaN"],
];

/** Whole commands with one word changed, and words at random. What is asked for must be small: no bound of the words is. */
function commandLine(random: Random): readonly string[] {
  const some = Array.from({ length: random.int(0, 5) }, () => random.pick(words));
  const begun = random.pick([
    ["search", "--runs", "20", "--profile", "nats-go"],
    ["exhaust", "--publishes", "1", "--faults", "1", "--profile", "nats-go"],
    ["replay", join(root, scenarios[0] ?? ""), "--world", "model", "--profile", "nats-js-3"],
    ["compare", "--bus", "go-nats-go"],
    [],
  ]);
  const whole = [...begun, ...some.map(word => (random.chance(0.1) ? byBytes(word, random) : word))];
  return isLong(whole) ? [...whole, "--budget", "1"] : whole;
}

/** A search without a bound on its runs takes minutes by design. */
const isLong = (args: readonly string[]): boolean => args[0] === "search" || args[0] === "exhaust";
