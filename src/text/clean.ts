/**
 * The one sanitiser of text that others wrote: files, buses, servers. What it lets through can neither steer a terminal, nor pass for a line
 * of ours, nor be read by a CI runner as a command, nor run on without end. Three forms: a value within a line, a whole text of lines with
 * our own colours, and JSON.
 */
import { hasSecrets, withoutSecrets } from "./secrets.ts";

/** A text that `rendered` has made: all that came from outside was cleaned on its way in. */
export type Rendered = string & { readonly [made]: true };
declare const made: unique symbol;

export const valueCharsMax = 2_000;
/** Lines to paste are longer than values, and useless when cut. */
export const lineCharsMax = 20_000;

/** Control characters, invisible and directional marks, line separators, and halves of characters. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const unseenInJson = /[\u007f\p{Cf}\p{Zl}\p{Zp}]|[\u0080-\u009f]/gu;

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return named[character] ?? (code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${hex(code)}`);
}

const hex = (code: number): string => code.toString(16).padStart(4, "0");

/** A character may have become an escape of up to eight. What was cut already is not cut once more. */
const escapeCharsMax = 8;
const cut = /… \(\d+ more characters\)$/;

function bounded(text: string, charsMax: number): string {
  const more = text.length - charsMax;
  if (more <= 0 || (text.length <= charsMax * escapeCharsMax && cut.test(text))) return text;
  return `${text.slice(0, charsMax)}… (${more} more characters)`;
}

const esc = String.fromCharCode(27);
/** The codes of report/paint.ts and no others. */
const ownColour = new RegExp(`(${esc}\\[(?:1|2|22|31|32|33|39)m)`);
const runnerCommand = new RegExp(`^((?:\\s|${esc}\\[\\d+m)*)::`);

/** A runner of CI reads commands at the start of a line, or anywhere in it behind two number signs. */
const notCommand = (line: string): string =>
  line.replace(runnerCommand, "$1\\::").replace(/##(?=\[|vso\[|teamcity\[)/g, "#\\#");

/** A value within a line: escaped where it would not be seen, and cut. */
export const cleaned = (value: string, charsMax: number = valueCharsMax): string =>
  notCommand(bounded(withoutSecrets(value), charsMax).replace(unseen, escaped));

/** The data with each of its strings cleaned, its keys too. What holds nothing to clean is the same object as before. */
export function cleanedData<T>(data: T): T {
  if (typeof data === "string") return cleaned(data) as T;
  if (typeof data !== "object" || data === null) return data;
  if (Array.isArray(data)) {
    const items = data.map(cleanedData);
    return items.some((item, i) => item !== data[i]) ? (items as T) : data;
  }
  if (data instanceof Map) {
    const entries = [...data].map(entry => cleanedData(entry));
    return [...data].some(([key, item], i) => entries[i]?.[0] !== key || entries[i]?.[1] !== item)
      ? (new Map(entries as [unknown, unknown][]) as T)
      : data;
  }
  if (data instanceof Set) {
    const items = [...data].map(cleanedData);
    return items.every(item => data.has(item)) ? data : (new Set(items) as T);
  }
  const entries = Object.entries(data);
  const clean = entries.map(([key, item]) => [cleaned(key), cleanedData(item)] as const);
  return clean.every(([key, item], i) => key === entries[i]?.[0] && item === entries[i]?.[1])
    ? data
    : (Object.fromEntries(clean) as T);
}

/** A whole text of ours: its line ends and colours stay. No line is a command to a CI runner. */
export const cleanedText = (text: string): string => withoutSecrets(text).split("\n").map(cleanedLine).join("\n");

function cleanedLine(line: string): string {
  const pieces = bounded(line, lineCharsMax).split(ownColour);
  return notCommand(pieces.map((piece, i) => (i % 2 === 1 ? piece : piece.replace(unseen, escaped))).join(""));
}

/** A report made by its renderer from cleaned data. The only way to a text that a command may end with. */
export const rendered = <Data extends readonly unknown[]>(render: (...data: Data) => string, ...data: Data): Rendered =>
  cleanedText(render(...(data.map(cleanedData) as readonly unknown[] as Data))) as Rendered;

/** JSON that keeps every text as it is, with escapes for what would not be seen. */
export function jsonText(data: unknown, indent?: number): string {
  const masking = hasSecrets()
    ? (_key: string, value: unknown) => (typeof value === "string" ? withoutSecrets(value) : value)
    : undefined;
  return escapedJson(JSON.stringify(data, masking, indent));
}

/** The same JSON, which a terminal shows and does not obey. */
export const escapedJson = (json: string): string =>
  json
    .replace(unseenInJson, character =>
      [...Array(character.length).keys()].map(i => `\\u${hex(character.charCodeAt(i))}`).join(""),
    )
    .replaceAll("##[", "#\\u0023[")
    .replace(/##(?=vso\[|teamcity\[)/g, "#\\u0023");
