/** The live zoo, by bus. */
import { goClientMutants } from "./go-client.ts";
import { goServiceMutants } from "./go-service.ts";
import type { LiveMutant } from "./mutant.ts";

export const liveZoo: readonly LiveMutant[] = [...goClientMutants, ...goServiceMutants];
