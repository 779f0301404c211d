/**
 * What a handler throws (or `ready` does) when something it needs is away for the moment: the service's database, a
 * third party. The command isn't answered but kept, and runs again, with the same id, when that is back. So throw it
 * before anything is done, or where doing it again does no harm.
 */
export class Unavailable extends Error {
  /** The mark. An error of another class that carries it is treated alike. */
  readonly unavailable = true;
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "Unavailable";
  }
}

/** SQLite can't write now: another process holds the file, the disk is full or fails. */
const SQLITE_AWAY = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|PROTOCOL)/;

export function isUnavailable(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  if ("unavailable" in thrown && thrown.unavailable === true) return true;
  return "code" in thrown && typeof thrown.code === "string" && SQLITE_AWAY.test(thrown.code);
}
