// A bus whose greeting names a profile that nobody has declared.
import { answerLines, greeting, wellMannered } from "../bus-protocol/bad-buses/good-manners.mjs";

answerLines(command =>
  command.do === "hello" ? { id: command.id, ...greeting, profile: "nobody-knows" } : wellMannered(command),
);
