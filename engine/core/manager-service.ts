/**
 * The service name under which starts, operator actions and built-in steps travel. It has a file of its own so that the
 * pages, which fold events too, come without the validation of records (protocol.ts).
 */
export const MANAGER = "manager";
