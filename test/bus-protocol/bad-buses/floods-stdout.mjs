// From its first publish on it raises events without end, each of them right.
import { answerLines, wellMannered } from "./good-manners.mjs";

answerLines(command => {
  if (command.do === "publish") flood();
  return wellMannered(command);
});

function flood() {
  const event = `${JSON.stringify({ event: "connection", case: 1, change: "disconnected" })}\n`.repeat(500);
  const more = () => {
    while (process.stdout.write(event));
    process.stdout.once("drain", more);
  };
  more();
}
