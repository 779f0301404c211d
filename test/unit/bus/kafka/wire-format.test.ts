import { describe, expect, it } from "vitest";
import { framed, unframed } from "../../../../engine/bus/kafka/wire-format.ts";

const wire = { idOf: (topic: string) => (topic === "tomanager" ? 513 : undefined) };
const record = (more: object = {}) => ({ topic: "tomanager", key: null, value: '{"é":1}', ...more });

describe("a value in Confluent's wire format", () => {
  it("is a byte 0, four bytes of id, and the payload", () => {
    const bytes = framed(record(), wire);
    expect(bytes).toEqual(Buffer.concat([Buffer.from([0, 0, 0, 2, 1]), Buffer.from('{"é":1}')]));
    expect(unframed(bytes as Buffer)).toEqual({ schemaId: 513, payload: '{"é":1}' });
  });

  it("is written to topics that bear ids, and with an id that is given", () => {
    expect(framed(record({ topic: "antigraph.audit" }), wire)).toBe('{"é":1}');
    expect(framed(record(), undefined)).toBe('{"é":1}');
    expect((framed(record({ topic: "antigraph.deadletter", schemaId: 7 }), wire) as Buffer)[4]).toBe(7);
    expect(framed(record({ value: null }), wire)).toBeNull();
  });

  it("may have an id whose bytes are no UTF-8", () => {
    const bytes = framed(record({ schemaId: 0xff_fe_c0_80 }), wire) as Buffer;
    expect(unframed(bytes)).toEqual({ schemaId: 0xff_fe_c0_80, payload: '{"é":1}' });
  });

  it.each([
    ["JSON", Buffer.from("{}")],
    ["nothing", Buffer.alloc(0)],
    ["a header alone", Buffer.alloc(5)],
    ["another payload than text", Buffer.from([0, 0, 0, 0, 1, 0xff, 0xfe])],
  ])("isn't %s", (_what, bytes) => expect(unframed(bytes)).toBeUndefined());
});
