// Ends at its first case, and leaves a child that holds its stdout open: one of its own session if told so.
import { spawn } from "node:child_process";
import { answerLines, wellMannered } from "./good-manners.mjs";

const detached = process.argv[2] === "in-a-session-of-its-own";

answerLines(command => {
  if (command.do !== "start") return wellMannered(command);
  // It ends by itself, since the harness cannot reach every one.
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 20000)"], { detached, stdio: "inherit" });
  process.stderr.write(`grandchild ${child.pid}\n`);
  process.exit(0);
});
