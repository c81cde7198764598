/** Commands to the runner of a GitHub workflow, which shows each beside its line of a pull request. No other text may hold one. */
import { cleaned } from "./clean.ts";

/** A line that a runner obeys. Only `runnerCommand` makes one. */
export type RunnerCommand = string & { readonly [made]: true };
declare const made: unique symbol;

/** GitHub's own escapes: of a message, and of a property, which a comma and a colon end. */
const messageText = (text: string): string =>
  cleaned(text).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const propertyText = (text: string): string => messageText(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

export interface Annotation {
  readonly kind: "error" | "warning" | "notice";
  readonly title: string;
  readonly message: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly col?: number | undefined;
}

export function runnerCommand({ kind, message, ...properties }: Annotation): RunnerCommand {
  const all = Object.entries(properties).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${propertyText(String(value))}`],
  );
  return `::${kind} ${all.join(",")}::${messageText(message)}` as RunnerCommand;
}
