/** What the cache reports to; pino's loggers fit. */
export interface AuditLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export const silentLogger: AuditLogger = { info() {}, warn() {}, error() {} };
