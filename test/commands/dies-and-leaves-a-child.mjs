// Loaded before a TypeScript bus: where that is started under a policy, its process ends with 7, and a child out of reach holds its output open.
import { spawn } from "node:child_process";

process.stdin.on("data", chunk => {
  if (!String(chunk).includes('"policy"')) return;
  spawn("sleep", ["3"], { detached: true, stdio: ["ignore", "inherit", "ignore"] });
  process.exit(7);
});
