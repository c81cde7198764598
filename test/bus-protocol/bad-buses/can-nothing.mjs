// Greets, and has no capability at all: no case can be run on it.
import { answerLines, greeting, wellMannered } from "./good-manners.mjs";

answerLines(command =>
  command.do === "hello" ? { id: command.id, ...greeting, capabilities: [] } : wellMannered(command),
);
