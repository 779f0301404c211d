/** How a command ends when it doesn't end well. Anything else that is thrown is a fault of this program. */

/** Wrong use: exit code 2, with the usage line. */
export class UsageError extends Error {}

/** It failed: exit code 1. `message` is one sentence, `fix` what the user can do about it. */
export class Failure extends Error {
  readonly code: string;
  readonly fix: string | undefined;
  constructor(code: string, message: string, fix?: string) {
    super(message);
    this.code = code;
    this.fix = fix;
  }
}

/** It failed, and has said so: exit code 1 and not another word. */
export class Told extends Error {}
