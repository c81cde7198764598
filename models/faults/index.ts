/** Every kind of fault, one file each. The lists of faults elsewhere derive from this one, and keep its order. */
import type { Fault } from "../vocabulary/scenario.ts";
import { blackhole } from "./blackhole.ts";
import { cut } from "./cut.ts";
import { cutServer } from "./cut-server.ts";
import type { FaultKind, FaultOf } from "./fault.ts";
import { hold } from "./hold.ts";
import { limit } from "./limit.ts";
import { loseAck } from "./lose-ack.ts";
import { noJetStream } from "./no-jetstream.ts";
import { pauseServer } from "./pause-server.ts";
import { powerLoss } from "./power-loss.ts";
import { refuseCredentials } from "./refuse-credentials.ts";
import { serverError } from "./server-error.ts";
import { silentHandshake } from "./silent-handshake.ts";
import { stopServer } from "./stop-server.ts";

const byKind: { readonly [Kind in Fault["kind"]]: FaultKind<FaultOf<Kind>> } = {
  cut,
  "stop-server": stopServer,
  hold,
  limit,
  blackhole,
  "pause-server": pauseServer,
  "lose-ack": loseAck,
  "power-loss": powerLoss,
  "no-jetstream": noJetStream,
  "refuse-credentials": refuseCredentials,
  "silent-handshake": silentHandshake,
  "server-error": serverError,
  "cut-server": cutServer,
};

export const faultKinds = Object.values(byKind) as readonly FaultKind[];

/** The kind of this fault. The cast is sound, since a kind is only ever given faults of that kind. */
export const kindOf = ({ kind }: Pick<Fault, "kind">): FaultKind => byKind[kind] as FaultKind;
