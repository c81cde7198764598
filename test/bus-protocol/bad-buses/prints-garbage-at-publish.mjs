// Well-mannered until the first publish: then it prints what is no line of the protocol.
import { answerLines, wellMannered } from "./good-manners.mjs";

answerLines(command => {
  if (command.do === "start") {
    process.stdout.write(`${JSON.stringify({ event: "connection", case: command.case, change: "connected" })}\n`);
  }
  if (command.do !== "publish") return wellMannered(command);
  process.stdout.write("panic: send on closed channel\n");
  return null;
});
