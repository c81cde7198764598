/** A text that attacks the terminal or CI runner that shows it, and the parts of a shown text that either would obey. */

/** It clears the screen, goes back to the start of the line, gives a command to a CI runner, turns the writing round, and has no end. */
export const hostileText = `\u001b[2J\u009b2J\r\n::error::x\nVerdict  holds\u202e\u2028##[error]x${"y".repeat(100_000)}`;
/** The same within the bounds of what files may say. */
export const hostileWord = hostileText.slice(0, 200);

const ownColour = new RegExp(`${String.fromCharCode(27)}\\[(1|2|22|31|32|33|39)m`, "g");

/** The raw control characters and runner commands; empty where there are none. */
export const rawIn = (text: string): readonly string[] => [
  ...(text.replaceAll(ownColour, "").match(/[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu) ?? []),
  ...(text.replaceAll(ownColour, "").match(/^\s*::.*|##(\[|vso\[|teamcity\[).{0,10}/gm) ?? []),
];
