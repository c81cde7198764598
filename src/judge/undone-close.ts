/** A close that a known fault of the client undoes now and then: such a run says nothing of the bus. */
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";

/** The reason to doubt the run, where the client had closed while down, is connected again, and its profile says that this happens. */
export function undoneCloseIn({ client, close }: Profile, recorded: readonly Event[]): string | undefined {
  if (close.undoneByDial !== true) return undefined;
  let isDown = false;
  // nats-py says "disconnected" before "closed" where it was connected, too.
  let wasDown = false;
  let isUndoable = false;
  for (const event of recorded) {
    if (event.kind === "step") wasDown = isDown;
    if (event.kind === "closed-client" && event.is === "back" && isUndoable) return reasonFor(client);
    if (event.kind !== "connection") continue;
    if (event.change === "closed") isUndoable = wasDown;
    else if (isUndoable) return reasonFor(client);
    isDown = event.change === "disconnected";
  }
  return undefined;
}

const reasonFor = (client: string): string =>
  `the client had closed while it was down, and came back: ${client} now and then goes on dialling after such a close (docs/facts.md, F-200). ` +
  "Nothing of this run is held against the bus";
