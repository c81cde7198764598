// Greets, and ends at the first command.
import { answerLines, wellMannered } from "./good-manners.mjs";

answerLines(command => (command.do === "hello" ? wellMannered(command) : process.exit(3)));
