// From its first case on it logs without end, in lines and then in one line that never ends, and answers nothing any more.
import { writeSync } from "node:fs";
import { answerLines, wellMannered } from "./good-manners.mjs";

const lines = "warn: still here\n".repeat(4_000);
const noEnd = "x".repeat(64_000);

answerLines(command => {
  if (command.do === "publish") flood();
  return wellMannered(command);
});

function flood() {
  for (let i = 0; i < 500; i++) write(lines);
  for (;;) write(noEnd);
}

function write(text) {
  try {
    writeSync(2, text);
  } catch (error) {
    if (error.code !== "EAGAIN") process.exit(1);
  }
}
