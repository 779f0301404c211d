/** Parses a stream of server-sent events that is read by `fetch` (EventSource can't send an Authorization header). */

export interface ServerEvent {
  id: string | undefined;
  event: string;
  data: string;
}

/** A single event longer than this is not one of ours: the stream is given up. */
export const MAXIMUM_EVENT_CHARS = 8_000_000;

/**
 * Feeds on text in pieces of any size and calls back for each complete event. Comments (pings) are dropped.
 *
 * @throws RangeError when an event grows beyond MAXIMUM_EVENT_CHARS.
 */
export function createEventParser(onEvent: (event: ServerEvent) => void): (piece: string) => void {
  let rest = "";
  let id: string | undefined;
  let event = "";
  let data: string[] = [];

  function line(text: string): void {
    if (text === "") {
      if (data.length > 0) onEvent({ id, event: event === "" ? "message" : event, data: data.join("\n") });
      event = "";
      data = [];
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return;
    const field = colon === -1 ? text : text.slice(0, colon);
    const value = colon === -1 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") event = value;
    else if (field === "id") id = value;
  }

  return (piece) => {
    rest += piece;
    if (rest.length > MAXIMUM_EVENT_CHARS) throw new RangeError("an event of the stream is too long");
    // A lone CR at the end may be the first half of a CRLF: it waits for the next piece.
    const complete = /\r\n|\n|\r(?!$)/g;
    let start = 0;
    for (let match = complete.exec(rest); match !== null; match = complete.exec(rest)) {
      line(rest.slice(start, match.index));
      start = match.index + match[0].length;
    }
    rest = rest.slice(start);
  };
}
