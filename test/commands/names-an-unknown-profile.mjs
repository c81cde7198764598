// A bus whose greeting names a profile that nobody has declared; another than "nobody-knows" is its argument.
import { answerLines, greeting, wellMannered } from "../bus-protocol/bad-buses/good-manners.mjs";

const [, , profile = "nobody-knows"] = process.argv;

answerLines(command => (command.do === "hello" ? { id: command.id, ...greeting, profile } : wellMannered(command)));
