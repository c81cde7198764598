// Tells its pid and the variable X as traits. Greets with the pid given as its argument (`own` is its own), or with none. Told to close, it
// ends with exit code 3.
import { answerLines, greeting, wellMannered } from "../bad-buses/good-manners.mjs";

const [greeted] = process.argv.slice(2);
const pid = greeted === undefined ? {} : { pid: greeted === "own" ? process.pid : Number(greeted) };

answerLines(command => {
  if (command.do === "close") process.exit(3);
  const traits = [`pid-${process.pid}`, `x-${process.env.X ?? "none"}`];
  return command.do === "hello" ? { id: command.id, ...greeting, traits, ...pid } : wellMannered(command);
});
