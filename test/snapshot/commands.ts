/** The command lines of the model part: each on a fixed seed, each in a folder of its own, where neither servers nor Go can be found. */

export interface Command {
  /** What is run, and what the snapshot calls it. */
  readonly line: string;
  /** What of it is held: the JSON document; or its shape alone, where values are the machine's; or what is printed without --json. */
  readonly holds: "json" | "shape" | "print";
  /** Run by the test of every change, too: a second or two each. */
  readonly quick?: true;
}

const json = (line: string): Command => ({ line, holds: "json" });
const print = (line: string): Command => ({ line, holds: "print" });
const quick = (command: Command): Command => ({ ...command, quick: true });

const profiles = ["nats-go", "nats-js-2", "nats-js-3", "nats-py"];
const policies = ["cordum-as-found", "cordum-hardened", "cordum-with-drain", "core-only"];
const notPromised = "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence";
const files = "test/snapshot/files";
const scenarios = "fixtures/scenarios";

const drills = [
  json("drill --seed 1"),
  ...["durability", "buffer", "shutdown", "cold-start"].flatMap(question =>
    ["cordum-as-found", "cordum-hardened"].map(policy => json(`drill ${question} --policy ${policy} --seed 1`)),
  ),
  json("drill shutdown --policy core-only --bus typescript-nats-js-3 --seed 1"),
  print("drill durability --policy cordum-as-found --seed 1"),
];

const searches = [
  ...profiles.map(profile => json(`search --profile ${profile} --runs 100 --seed 1`)),
  ...policies.map(policy => json(`search --profile nats-go --policy ${policy} --runs 100 --seed 1`)),
  json("search --profile nats-js-3 --policy cordum-as-found --runs 60 --seed 2"),
  json("search --policy cordum-hardened --runs 60 --seed 3"),
  json(`search --profile nats-go --policy ${files}/cordum-as-found.json --runs 20 --seed 4`),
  quick(json(`search --profile nats-js-3 --property ${notPromised} --runs 20 --seed 5`)),
  json(`search --profile nats-py --require ${notPromised} --runs 20 --seed 6`),
  quick(json("search --profile nats-go --property core-path/order-is-kept --runs 20 --seed 7")),
  print("search --profile nats-go --policy cordum-as-found --runs 60 --seed 1"),
];

const exhausts = [
  ...profiles.map(profile => json(`exhaust --publishes 1 --faults 1 --profile ${profile}`)),
  json("exhaust --publishes 2 --faults 1 --profile nats-go --depth 5"),
  json("exhaust --publishes 1 --faults 1 --profile nats-go --states 500"),
  quick(json(`exhaust --publishes 1 --faults 1 --profile nats-js-3 --require ${notPromised}`)),
  print(`exhaust --publishes 1 --faults 1 --profile nats-js-3 --require ${notPromised}`),
];

/** One of each concern or more; of those that race, too. */
const replayed = [
  "reconnect-buffer/published-while-down",
  "reconnect-buffer/a-limit-of-1024-takes-8-payloads-of-100-bytes",
  "connection/a-restarted-server-is-an-outage-like-a-cut",
  "durable-path/a-retry-without-an-id-stores-twice",
  "durable-path/asynchronous-publishes-that-race-with-a-cut",
  "durable-path/two-replicas-share-one-durable",
  "shutdown/close-right-after-a-burst",
  "shutdown/sigterm-by-four-steps-behind-a-hold-then-released",
  "cold-start/a-supervisor-starts-again-and-again",
];

/** Found by commit f60ed44: what it wrote must be read, and come to the same. */
const counterexamples = [
  "cold-start--2d7eba1b",
  "durable-path--1288e871",
  "durable-path--320338e9",
  "reconnect-buffer--0d3a2048",
  "reconnect-buffer--9b60dec9",
  "shutdown--c71567b0",
  "shutdown--ce57e40c",
];

const replays = [
  ...replayed.map(id => json(`replay ${scenarios}/${id}.json --world model --seed 1`)),
  ...counterexamples.map(name => quick(json(`replay ${files}/${name}.json --world model`))),
  json(`replay ${files}/shutdown--ce57e40c.json --world model --seed 1 --times 3`),
  json(`replay ${files}/reconnect-buffer--9b60dec9.json --world model --bus typescript-nats-js-3`),
  json(`replay ${scenarios}/core-path/a-burst-that-races-with-a-cut.json --world model --seed 1`),
  json(
    `replay ${scenarios}/durable-path/a-retry-with-its-id-stores-once.json --world model --policy core-only --seed 1`,
  ),
  json(
    `replay ${scenarios}/reconnect-buffer/published-while-down.json --world model --profile nats-js-3 --require ${notPromised} --seed 1 --times 5`,
  ),
  print(`replay ${files}/shutdown--ce57e40c.json --world model`),
  print(`replay ${files}/reconnect-buffer--9b60dec9.json --world model`),
  print(`replay ${scenarios}/reconnect-buffer/published-while-down.json --world model --seed 1`),
];

const helps = ["", "drill", "search", "exhaust", "replay", "compare", "import", "init", "promises", "doctor"].map(
  command => print(`${command} --help`.trim()),
);

const refusals = [
  "compare --bus go-nats-go --runs 1 --seed 1 --json",
  "search --world live --bus go-nats-go --runs 1 --seed 1 --json",
  "search --bus go-nats-go --seed 1",
  "search --profile nats-rust --seed 1",
  "search --property no/such-property --seed 1",
  "search --policy no-such-policy --seed 1",
  "search --seed UPPER",
  "drill --bus no-such-bus --seed 1",
  "drill durability --resume nowhere --seed 1",
  "compare --bus go-nats-go --resume nowhere",
  "exhaust --publishes 1 --faults 1 --states 17000000",
  "exhaust --faults 1",
  "replay no/such/file.json --seed 1",
  "replay package.json --seed 1",
  "replay --world sim fixtures/scenarios/reconnect-buffer/published-while-down.json --seed 1",
].map(print);

export const commands: readonly Command[] = [
  ...drills,
  ...searches,
  ...exhausts,
  ...replays,
  quick(json("promises --policy core-only")),
  print("promises shutdown --owner service"),
  ...helps,
  ...refusals,
  { line: "doctor --bus typescript-nats-js-3", holds: "shape" },
];
