/** The clients whose behaviour is declared, by name. */
import type { Profile } from "../vocabulary/profile.ts";
import { natsGo } from "./nats-go.ts";
import { natsJs2 } from "./nats-js-2.ts";
import { natsJs3 } from "./nats-js-3.ts";
import { natsPy } from "./nats-py.ts";

/** No prototype: names come from users, and "constructor" is not a client. */
export const profiles: Readonly<Record<string, Profile>> = Object.freeze(
  Object.assign(Object.create(null) as Record<string, Profile>, {
    [natsGo.name]: natsGo,
    [natsJs2.name]: natsJs2,
    [natsJs3.name]: natsJs3,
    [natsPy.name]: natsPy,
  }),
);
