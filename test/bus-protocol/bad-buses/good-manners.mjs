// What the misbehaving buses do right. It opens no connection: it only says what a bus would say.
import { createInterface } from "node:readline";

export const greeting = {
  protocol: 1,
  bus: "bad-bus",
  profile: "nats-go",
  client: { name: "none", version: "0.0.0" },
  capabilities: ["publish", "flush", "drain", "close", "together"],
};
export const ok = { outcome: { is: "ok" } };

/** The right answer to any command but a publish; null for that. */
export function wellMannered({ id, do: what }) {
  if (what === "hello") return { id, ...greeting };
  if (what === "status") return { id, connected: true, closed: false };
  return what === "publish" || what === "together" ? null : { id, ...ok };
}

/** Writes the answer to each line; null is none. */
export function answerLines(answer) {
  createInterface({ input: process.stdin }).on("line", line => {
    const reply = answer(JSON.parse(line));
    if (reply !== null) process.stdout.write(`${JSON.stringify(reply)}\n`);
  });
}
