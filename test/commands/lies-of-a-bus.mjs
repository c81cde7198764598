// typescript-nats-js-3 with one thing wrong with it, which is its argument. Of a burst of five:
// "acks-unstored": it stores the last three and acknowledges all; "acks-one-unstored": it leaves out the second.
// "ends-in-the-midst": its process ends. "dies-of-an-error": it ends with 7 at every publish, after a stack on stderr. "dies-at-a-start": it does so
// where it is started under a policy. "shortens": each message has 8 bytes less than it was to have.
// "forgets-a-handling": it does not say that it has handled the first message. "acks-in-word": its handlers say that they have acknowledged,
// and do not. "fails-in-word": its handlers acknowledge, and say that they have failed.
// "is-older": it greets with another version of its client.
// "flaps": from its second connection on it ends each one after 10 ms, or as soon as it has sent anything on it.
// "comes-back": it says that it has closed, and two reconnect waits later it is connected again. "comes-back-at-once": it does not wait.
// "adds-headers": each message has a trace id in its headers. "adds-headers-and-drops": besides, its client drops every third message.
// "is-fixed": it greets as a bus with one behaviour, and stops by four steps whatever its policy says.
// "takes-no-policy": it greets without that capability, as the bus of a bare client does.
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [, , lie] = process.argv;
const isOfPublishes = [
  "acks-unstored",
  "acks-one-unstored",
  "ends-in-the-midst",
  "dies-of-an-error",
  "shortens",
].includes(lie);
const isFixed = lie === "is-fixed";
const comesBack = lie === "comes-back" || lie === "comes-back-at-once";
const folder = join(import.meta.dirname, "../../fixtures/buses/typescript-nats-js-3");
const wraps = lie === "adds-headers" || lie === "adds-headers-and-drops";
const wrapper = ["--import", pathToFileURL(join(import.meta.dirname, "adds-headers.mjs")).href];
const bus = spawn(process.execPath, [...(wraps ? wrapper : []), "main.ts"], {
  cwd: folder,
  stdio: ["pipe", "pipe", "inherit"],
  env: { ...process.env, ADDS_HEADERS_AND: lie === "adds-headers-and-drops" ? "drops" : "" },
});
/** The handler that is asked for instead, and the outcome that is reported instead. */
const handlers = { "acks-in-word": ["acks", "hangs"], "fails-in-word": ["fails", "acks"] }[lie];
const outcomes = { "acks-in-word": "acked", "fails-in-word": "failed" }[lie];
const tell = command => {
  const [asked, given] = handlers ?? [];
  const isChanged = command.do === "subscribe" && command.handler === asked;
  bus.stdin.write(`${JSON.stringify(isChanged ? { ...command, handler: given } : command)}\n`);
};
const answer = reply => process.stdout.write(`${JSON.stringify(reply)}\n`);

/** By the id of the command that was told instead: what is made of its answer. */
const answers = new Map();
let nextId = 1_000_000;

const told = (command, onReply) => {
  answers.set(command.id, onReply);
  tell(command);
};

const acked = count => ({ count, outcome: { is: "acked" } });

function dies() {
  process.stderr.write("TypeError: this.queue is null\n    at Client.publish (client.js:42)\n");
  bus.kill("SIGKILL");
  process.exit(7);
}

function publish(command) {
  const { id, first } = command;
  if (lie === "ends-in-the-midst") {
    bus.kill("SIGKILL");
    process.exit(0);
  }
  if (lie === "dies-of-an-error") dies();
  if (lie === "shortens") {
    tell({ ...command, bytes: command.bytes - 8 });
    return;
  }
  if (lie === "acks-unstored")
    told({ ...command, first: first + 2, count: 3 }, ({ outcomes }) =>
      answer({ id, outcomes: [acked(2), ...outcomes] }),
    );
  else
    told({ ...command, count: 1 }, ({ outcomes }) =>
      told({ ...command, id: nextId++, first: first + 2, count: 3 }, ({ outcomes: more }) =>
        answer({ id, outcomes: [...outcomes, acked(1), ...more] }),
      ),
    );
}

/** The start of the case under way, and the connection made behind its back. */
let started;
let again;

function comeBack({ url, name, options }) {
  const { port, hostname } = new URL(url);
  const dialIn = () => setTimeout(dial, lie === "comes-back" ? 2 * options.reconnectWaitMs : 0);
  const dial = () => {
    if (started?.name !== name) return;
    again = connect(Number(port), hostname);
    again.on("error", dialIn);
    again.once("data", () => again.write(`CONNECT ${JSON.stringify({ name, verbose: false })}\r\nPING\r\n`));
    again.on("data", data => data.includes("PING") && again.write("PONG\r\n"));
  };
  dialIn();
}

/** Starts the bus through a relay that ends all connections but the first. */
function startFlapping(command) {
  const { port, hostname } = new URL(command.url);
  let connections = 0;
  const relay = createServer(client => {
    const server = connect(Number(port), hostname);
    const end = () => {
      client.destroy();
      server.destroy();
    };
    for (const [one, other] of [
      [client, server],
      [server, client],
    ])
      one.on("error", end).on("close", end).pipe(other);
    connections += 1;
    if (connections === 1) return;
    // After the handshake, and at once where it is asked for anything.
    client.once("data", () => client.once("data", end));
    server.once("data", () => setTimeout(end, 10));
  }).listen(0, "127.0.0.1", () => tell({ ...command, url: `nats://127.0.0.1:${relay.address().port}` }));
}

createInterface({ input: process.stdin }).on("line", line => {
  const command = JSON.parse(line);
  if (command.do === "start" && command.policy !== undefined && lie === "dies-at-a-start") dies();
  if (command.do === "start" && lie === "flaps") return startFlapping(command);
  if (command.do === "start" && isFixed && command.policy !== undefined)
    command.policy.shutdown = { ...command.policy.shutdown, strategy: "four-steps" };
  if (command.do === "start") started = command;
  if (command.do === "end") {
    started = undefined;
    again?.destroy();
  }
  const isLiedAbout = isOfPublishes && (command.count === 5 || lie === "dies-of-an-error");
  if (command.do === "publish" && isLiedAbout) publish(command);
  else tell(command);
});
createInterface({ input: bus.stdout }).on("line", line => {
  const said = JSON.parse(line);
  if (comesBack && said.event === "connection" && said.change === "closed" && started) comeBack(started);
  if (lie === "is-older" && said.client !== undefined)
    return answer({ ...said, client: { ...said.client, version: "3.0.0" } });
  if (lie === "is-fixed" && said.client !== undefined) return answer({ ...said, fixed: true });
  if (lie === "takes-no-policy" && said.client !== undefined)
    return answer({ ...said, capabilities: said.capabilities.filter(one => one !== "policy") });
  if (said.event === "handled") {
    if (lie === "forgets-a-handling" && said.message === 0) return;
    if (outcomes !== undefined) return answer({ ...said, outcome: outcomes });
  }
  const onReply = answers.get(said.id);
  if (onReply === undefined) process.stdout.write(`${line}\n`);
  else {
    answers.delete(said.id);
    onReply(said);
  }
});
process.on("SIGTERM", () => bus.kill("SIGTERM"));
process.stdin.on("end", () => bus.stdin.end());
bus.on("exit", code => process.exit(code ?? 1));
