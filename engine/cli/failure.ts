/** How a command ends when it doesn't end well. Anything else that is thrown is a fault of this program. */

import { ERRORS, type ErrorCode } from "../core/errors.ts";

/** Wrong use: exit code 2, with the usage line. */
export class UsageError extends Error {}

/** It failed: exit code 1. `message` is one sentence; `fix` is the catalogue's unless there is a better one. */
export class Failure extends Error {
  readonly code: ErrorCode;
  readonly fix: string;
  constructor(code: ErrorCode, message: string, fix: string = ERRORS[code].fix) {
    super(message);
    this.code = code;
    this.fix = fix;
  }
}

/** It failed, and has said so: exit code 1 and not another word. */
export class Told extends Error {}
