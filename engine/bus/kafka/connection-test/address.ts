export interface Address {
  host: string;
  port: number;
  /** As it was written: `host:port`. */
  text: string;
}

/** @param text `host:port`, an IPv6 address in brackets */
export function addressOf(text: string): Address {
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, colon).replace(/^\[|\]$/g, "");
  return { host, port: Number(text.slice(colon + 1)), text };
}
