/**
 * The secrets that a user gives within a command line for a bus. They reach the bus and nothing else: what is shown or written has the
 * masked line, and a secret that comes back, in an error message or in what a bus prints, is masked there, too.
 */
import { createHash } from "node:crypto";

/** A shorter value is masked in the command line, and not looked for elsewhere: it would be found in ordinary words. */
const soughtCharsMin = 6;
const sought = new Set<string>();
const commands = new Map<string, string>();

/** 16 bits of the digest: enough to see that another secret was given, and too few to find the secret by. */
const maskOf = (secret: string): string => `…${createHash("sha256").update(secret).digest("hex").slice(0, 4)}`;

const masked = /(?:=|\s|:\/\/|^)["']?…[0-9a-f]{4}(?:["'\s@&;|]|$)/;

/** True for a line that was copied from a report, where the secrets are masked. */
export const holdsMask = (line: string): boolean => masked.test(line);

const value = String.raw`(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s;&|<>"']+)+`;
const secretOption =
  "--?[\\w-]*(?:passw(?:or)?d|pass|pwd|token|secret|api-?key|nkey|jwt|auth|credential|access-?key|private-?key)s?";

const places: readonly RegExp[] = [
  // An assignment in front of a command, whatever its name: a harmless one cannot be told from a secret.
  new RegExp(String.raw`(^|[\s;&|(])([A-Za-z_]\w*=)(${value})`, "g"),
  new RegExp(String.raw`(^|\s)(${secretOption}(?:=|\s+))(${value})`, "gi"),
  /()(\b[a-z][a-z0-9+.-]*:\/\/)([^\s/@"']+)(?=@)/gi,
  /()(\bbearer\s+)([\w.~+/=-]+)/gi,
];

/** The command line as it may be shown and written: the same for the same secrets, and told apart from one with others. */
export function maskedCommand(command: string): string {
  if (holdsMask(command)) return command;
  const secrets: string[] = [];
  const shown = places.reduce(
    (line, place) =>
      line.replace(place, (whole: string, before: string, name: string, secret: string) => {
        if (secret.includes("…")) return whole;
        const bare = secret.replace(/^(["'])(.*)\1$/s, "$2");
        secrets.push(bare);
        return `${before}${name}${maskOf(bare)}`;
      }),
    command,
  );
  if (shown === command) return command;
  for (const secret of secrets) if (secret.length >= soughtCharsMin) sought.add(secret);
  commands.set(shown, command);
  return shown;
}

/** The line that is run where this one is shown. */
export const unmaskedCommand = (shown: string): string => commands.get(shown) ?? shown;

export const hasSecrets = (): boolean => sought.size > 0;

/** The text with every secret masked that was given to this process. */
export function withoutSecrets(text: string): string {
  let clean = text;
  for (const secret of sought) if (clean.includes(secret)) clean = clean.replaceAll(secret, maskOf(secret));
  return clean;
}

/** The sentence below a line that cannot be pasted as it stands; empty where none is needed. */
export const maskAdvice = (line: string): string =>
  holdsMask(line)
    ? "Secrets of --bus are not written down: put each in the place of its mask (…) before you paste the line."
    : "";
