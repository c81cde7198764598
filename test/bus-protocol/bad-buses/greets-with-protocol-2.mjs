// Speaks a protocol that does not exist yet.
import { answerLines, greeting } from "./good-manners.mjs";

answerLines(({ id }) => ({ id, ...greeting, protocol: 2 }));
