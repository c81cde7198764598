/** Matching by NATS subject patterns (`*`: one token, a trailing `>`: one or more). */

export function covers(pattern: string, subject: string): boolean {
  // The commonest pattern is a subject as it stands.
  if (!/[*>]/.test(pattern)) return pattern === subject;
  const wanted = pattern.split(".");
  const tokens = subject.split(".");
  for (const [i, want] of wanted.entries()) {
    if (want === ">") return tokens.length > i;
    if (want !== "*" && want !== tokens[i]) return false;
  }
  return tokens.length === wanted.length;
}

/** True where the pattern covers every subject of the other one. */
export const coversAll = (pattern: string, other: string): boolean =>
  covers(pattern, other) && (pattern.endsWith(">") || !other.endsWith(">"));

/** True where some subject matches both patterns. */
export function overlap(one: string, other: string): boolean {
  const a = one.split(".");
  const b = other.split(".");
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]];
    if (x === undefined || y === undefined) return false;
    if (x === ">" || y === ">") return true;
    if (x !== y && x !== "*" && y !== "*") return false;
  }
  return true;
}
