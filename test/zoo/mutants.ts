/** The live zoo, by bus. */
import { goClientMutants } from "./go-client.ts";
import { goServiceMutants } from "./go-service.ts";
import type { LiveMutant } from "./mutant.ts";
import { typescriptClientMutants } from "./typescript-client.ts";
import { typescriptServiceMutants } from "./typescript-service.ts";

export const liveZoo: readonly LiveMutant[] = [
  ...goClientMutants,
  ...goServiceMutants,
  ...typescriptClientMutants,
  ...typescriptServiceMutants,
];
