/**
 * The dead letters that a bus says it has stored, compared with what their stream holds at the end of a case. A claim is checked only where
 * the stream cannot have lost the letter since: no end of the server that its storage does not survive, and no limit that discards.
 */
import { mayDiscard } from "../../../models/policy/limits.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import type { Content, Event, Run } from "../../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import { losesStream } from "./discarded.ts";
import type { DeadLetter, Held } from "./rig.ts";

type LetterEvent = Extract<Event, { readonly kind: "dead-letter-missing" | "altered" }>;

/** The messages that the scenario published, by their content. */
type Contents = readonly (Run & Content)[];

/** `held` is undefined where the stream does not exist. A stream that takes no dead letters gives nothing. */
export function lettersOf(
  policy: Policy,
  stream: StreamPolicy,
  told: readonly Event[],
  held: Held | undefined,
  contents: Contents,
): readonly LetterEvent[] {
  const { deadLetterSubject } = policy.consume;
  if (deadLetterSubject === undefined || streamOf(policy, deadLetterSubject) !== stream) return [];
  if (mayDiscard(stream)) return [];
  const letters = held?.deadLetters ?? [];
  return claimedSince(stream, told).flatMap(({ subject, message }): LetterEvent[] => {
    const about = { stream: stream.name, first: message, count: 1 };
    const letter = letters.find(one => one.of.subject === subject && one.of.message === message);
    if (letter === undefined) return [{ kind: "dead-letter-missing", ...about }];
    const bytes = contents.find(({ first, count }) => message >= first && message < first + count)?.bytes;
    if (bytes === undefined || isWhole(letter, deadLetterSubject, bytes)) return [];
    return [
      {
        kind: "altered",
        ...about,
        published: { subject: deadLetterSubject, bytes },
        arrived: { subject: letter.subject, bytes: letter.bytes },
      },
    ];
  });
}

/** The payload is the message's own, and the subject that of the policy. */
const isWhole = ({ of, subject, number, bytes }: DeadLetter, asked: string, published: number): boolean =>
  subject === asked && number === of.message && bytes === published;

/** The dead letters that were claimed after the stream was last in danger, each once. */
function claimedSince(stream: StreamPolicy, told: readonly Event[]): readonly DeadLetter["of"][] {
  const claims = new Map<string, DeadLetter["of"]>();
  let isEnding = false;
  for (const event of told) {
    if (event.kind === "fault" && event.phase === "installed" && losesStream(event, stream)) {
      claims.clear();
      isEnding = true;
    } else if (event.kind === "healed") isEnding = false;
    // An answer that came while the server ended may be from the stream before.
    else if (event.kind === "handled" && event.outcome === "dead-lettered" && !isEnding)
      for (let message = event.first; message < event.first + event.count; message++)
        claims.set(`${message}/${event.subject}`, { subject: event.subject, message });
  }
  return [...claims.values()];
}
