import { describe, expect, it } from "vitest";
import { createEventParser, MAXIMUM_EVENT_CHARS, type ServerEvent } from "../../../renderer/sse.ts";

function parsed(...pieces: string[]): ServerEvent[] {
  const events: ServerEvent[] = [];
  const parse = createEventParser((event) => events.push(event));
  for (const piece of pieces) parse(piece);
  return events;
}

describe("server-sent events", () => {
  it("are read with id, name and data", () => {
    expect(parsed("event: changes\nid: 7\ndata: {}\n\n")).toEqual([{ id: "7", event: "changes", data: "{}" }]);
  });

  it("may arrive in pieces that break anywhere", () => {
    const text = 'event: changes\r\nid: 7\r\ndata: {"a":1}\r\n\r\n';
    expect(parsed(...text)).toEqual([{ id: "7", event: "changes", data: '{"a":1}' }]);
  });

  it("join several lines of data and keep the id for events without one", () => {
    expect(parsed("id: 1\ndata: a\ndata: b\n\ndata: c\n\n")).toEqual([
      { id: "1", event: "message", data: "a\nb" },
      { id: "1", event: "message", data: "c" },
    ]);
  });

  it("leave comments and events without data out", () => {
    expect(parsed(": ping\n\nevent: nothing\n\n")).toEqual([]);
  });

  it("are given up when one grows without end", () => {
    const parse = createEventParser(() => {});
    expect(() => parse(`data: ${"x".repeat(MAXIMUM_EVENT_CHARS)}`)).toThrow(RangeError);
  });
});
