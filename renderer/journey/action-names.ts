/**
 * The words of the protocol that the pages need by value. They stand here, held to the protocol by type, because
 * engine/core/protocol.ts brings the whole of its validation with it.
 */
import type { ActionName, MANAGER as ProtocolManager } from "../../engine/core/protocol.ts";

export type { ActionName };

/** The service of built-in steps. */
export const MANAGER: typeof ProtocolManager = "manager";
