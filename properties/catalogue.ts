/** Every promise, by concern. */
import { coldStart } from "./cold-start.ts";
import { connection } from "./connection.ts";
import { corePath } from "./core-path.ts";
import { durablePath } from "./durable-path.ts";
import type { OwnedProperty } from "./property.ts";
import { reconnectBuffer } from "./reconnect-buffer.ts";
import { shutdown } from "./shutdown.ts";

export const catalogue: readonly OwnedProperty[] = [
  ...corePath,
  ...reconnectBuffer,
  ...durablePath,
  ...shutdown,
  ...coldStart,
  ...connection,
];
