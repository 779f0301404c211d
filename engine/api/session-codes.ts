/**
 * Single-use codes by which the browser page gets the token. The host opens the page with a code in the #fragment,
 * which browsers never send; the page exchanges it at once. So the token stands in no address, argument or history.
 */
import { randomBytes } from "node:crypto";

export const SESSION_CODE_LIFETIME_MS = 60_000;
/** Codes waiting to be used; the oldest gives way. */
const MAXIMUM_OPEN_CODES = 100;

export interface SessionCodes {
  /** A new code, good once within 60 s. */
  issue(): string;
  /** Uses a code up. False when it is unknown, used or too old. */
  redeem(code: string): boolean;
}

export function createSessionCodes(now: () => number): SessionCodes {
  const expiries = new Map<string, number>();
  return {
    issue() {
      const code = randomBytes(24).toString("base64url");
      expiries.set(code, now() + SESSION_CODE_LIFETIME_MS);
      for (const oldest of expiries.keys()) {
        if (expiries.size <= MAXIMUM_OPEN_CODES) break;
        expiries.delete(oldest);
      }
      return code;
    },
    redeem(code) {
      const expiresAt = expiries.get(code);
      expiries.delete(code);
      return expiresAt !== undefined && now() < expiresAt;
    },
  };
}
