// Counts its answers itself, and so loses step.
import { answerLines, ok, wellMannered } from "./good-manners.mjs";

answerLines(command => (command.do === "start" ? { id: command.id + 1, ...ok } : wellMannered(command)));
