// Does all it is told, except that a publish is never answered.
import { answerLines, wellMannered } from "./good-manners.mjs";

answerLines(wellMannered);
