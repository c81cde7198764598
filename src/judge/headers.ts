/**
 * Headers that a bare client's messages arrived with. The profile knows the frames of its client without any, and everything that happens at
 * a byte is foretold from them. So what rests on bytes is not judged then; everything else is.
 */
import type { Reason } from "../../models/explanation.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { PropertyVerdict } from "../../models/vocabulary/verdict.ts";
import { catalogue } from "../../properties/catalogue.ts";

/** The reason not to judge what rests on bytes; undefined where no message had headers. */
export function headersIn(recorded: readonly Event[]): string | undefined {
  const end = recorded.find(event => event.kind === "observed");
  if (end?.headerBytes === undefined) return undefined;
  const { least, most } = end.headerBytes;
  const bytes = least === most ? `${most}` : `between ${least} and ${most}`;
  return (
    `the bus adds ${bytes} bytes of headers to each message, which the profile does not know, so what depends on bytes is not judged. ` +
    "A bus has to send no headers (fixtures/buses/protocol.md)"
  );
}

/** True where the run and the model part at a step, which may come from the byte at which something happened. What contradicts itself does not. */
export const mayRestOnBytes = ({ kind }: Reason): boolean => kind === "disagreement" || kind === "out-of-evaluations";

const onBytes: ReadonlySet<string> = new Set(catalogue.filter(one => one.restsOnBytes).map(one => one.id));

/** The verdicts on promises, of which none that rests on bytes is broken. */
export const withoutBytes = (properties: readonly PropertyVerdict[], headers: string): readonly PropertyVerdict[] =>
  properties.map(one =>
    one.verdict === "violated" && onBytes.has(one.property)
      ? { ...one, verdict: "inconclusive", reason: headers }
      : one,
  );
