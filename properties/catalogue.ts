/** Every promise there is, by concern. */
import { connection } from "./connection.ts";
import { corePath } from "./core-path.ts";
import type { Property } from "./property.ts";
import { reconnectBuffer } from "./reconnect-buffer.ts";

export const catalogue: readonly Property[] = [...corePath, ...reconnectBuffer, ...connection];
