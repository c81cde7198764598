/** Promises about a service: judged over its whole record, or message by message. Without a policy there is none to judge. */
import type { Policy } from "../../models/vocabulary/policy.ts";
import { type Ending, ending, type OwnedProperty, ownedProperty, type Wording } from "../property.ts";
import type { Message } from "./messages.ts";
import { type ServiceRecord, startService } from "./record.ts";
import { trackService } from "./track.ts";

/** A property of a service; judged only under a policy. It rests on time where it says what was `measured`. */
export const ofService = (
  id: string,
  wording: Wording,
  expectation: "always" | "eventually",
  end: (service: ServiceRecord, policy: Policy) => Ending,
  measured?: (service: ServiceRecord) => string,
): OwnedProperty =>
  ownedProperty<ServiceRecord>({
    id,
    ...wording,
    expectation,
    start: startService,
    on: trackService,
    end: service => (service.declared.policy === undefined ? { exercised: 0 } : end(service, service.declared.policy)),
    ...(measured && { restsOnTime: true, measured }),
  });

/** The messages that a promise is about, those that break it, and the words for the first of these. */
export interface Claim {
  applies(message: Message, service: ServiceRecord, policy: Policy): boolean;
  breaks(message: Message, service: ServiceRecord, policy: Policy): boolean;
  says(first: number, message: Message, policy: Policy, service: ServiceRecord): string;
  /** The breach of the promise that counts show, where no single message does. */
  counted?(service: ServiceRecord): string | undefined;
}

/** A property that is judged message by message. */
export const ofMessages = (
  id: string,
  wording: Wording,
  expectation: "always" | "eventually",
  { applies, breaks, says, counted }: Claim,
): OwnedProperty =>
  ofService(id, wording, expectation, (service, policy) => {
    let exercised = 0;
    let broken: string | undefined;
    for (const { first, count, value } of service.messages) {
      if (!applies(value, service, policy)) continue;
      exercised += count;
      if (broken === undefined && breaks(value, service, policy)) broken = says(first, value, policy, service);
    }
    const byCount = counted?.(service);
    return byCount === undefined ? ending(exercised, broken) : ending(Math.max(1, exercised), broken ?? byCount);
  });
