/** A bus whose words attack the reader: in its greeting, in place of one, in a refusal, or as its last words. */
import { createInterface } from "node:readline";

const hostile = `\u001b[2J\u009b2J\r\n::error::x\nVerdict  holds\u202e\u2028##[error]x`;
const how = process.argv[2];
const say = message => process.stdout.write(`${JSON.stringify(message)}\n`);

if (how === "garbage") process.stdout.write(`${hostile.replaceAll("\n", " ")}${"y".repeat(100_000)}\n`);
if (how === "last-words") {
  process.stderr.write(`${hostile}${"y".repeat(100_000)}\n`);
  process.exit(1);
}
createInterface({ input: process.stdin }).on("line", line => {
  const { id, do: asked } = JSON.parse(line);
  if (asked !== "hello") return say({ id, ok: false, error: hostile });
  if (how === "refusal") return say({ id, ok: false, error: `${hostile}${"y".repeat(100_000)}` });
  const client = { name: hostile, version: hostile };
  return say({ id, ok: true, protocol: 1, client, profile: hostile, capabilities: ["publish"], pid: process.pid });
});
