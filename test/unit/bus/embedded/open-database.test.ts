import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openEmbeddedBus } from "../../../../engine/bus/embedded/bus.ts";
import { EmbeddedBusFolder } from "../../../support/bus-embedded.ts";

describe("opening the bus file", () => {
  let place: EmbeddedBusFolder;
  beforeEach(() => {
    place = new EmbeddedBusFolder();
  });
  afterEach(() => place.dispose());

  const opening = (file: string) => () => openEmbeddedBus({ file, topics: [] });

  it("makes the folder where it is missing", async () => {
    const file = join(place.folder, "new", "folder", "bus.sqlite");
    await opening(file)().close();
    expect(existsSync(file)).toBe(true);
  });

  it("writes durably: a write-ahead log, synced at each commit", () => {
    const { storage } = place.open({ topics: [] });
    expect(storage.database.pragma("journal_mode", { simple: true })).toBe("wal");
    expect(storage.database.pragma("synchronous", { simple: true })).toBe(2);
  });

  it("refuses a file that this process has open already", () => {
    place.open({ topics: [] });
    expect(opening(place.file)).toThrow(
      expect.objectContaining({ code: "data_folder_locked", message: expect.stringContaining(place.file) }),
    );
  });

  it("refuses a file that another process has open, until that process is killed", async () => {
    const child = spawn(process.execPath, ["test/support/bus-holder.ts", place.file], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    try {
      await once(child.stdout, "data");
      expect(opening(place.file)).toThrow(expect.objectContaining({ code: "data_folder_locked" }));
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
    await opening(place.file)().close();
  });

  it("names a folder that can't be written", () => {
    writeFileSync(join(place.folder, "file"), "");
    expect(opening(join(place.folder, "file", "bus.sqlite"))).toThrow(
      expect.objectContaining({
        code: "data_folder_unwritable",
        message: expect.stringContaining(join(place.folder, "file", "bus.sqlite")),
      }),
    );
    expect(opening(place.folder)).toThrow(expect.objectContaining({ code: "data_folder_unwritable" }));
  });

  it("names a file that is no database", () => {
    writeFileSync(place.file, "no database at all, but some text that is longer than the header of one. ".repeat(20));
    expect(opening(place.file)).toThrow(expect.objectContaining({ code: "data_folder_corrupt" }));
  });

  it("names a file of which a part was overwritten, and lets go of it", async () => {
    const bus = openEmbeddedBus({ file: place.file });
    await bus.append(
      Array.from({ length: 500 }, (_, i) => ({ topic: "tomanager", key: `${i}`, value: "x".repeat(100) })),
    );
    await bus.close();
    const bytes = readFileSync(place.file);
    bytes.fill(0x55, 4_096, 40_960);
    writeFileSync(place.file, bytes);
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => openEmbeddedBus({ file: place.file })).toThrow(
        expect.objectContaining({ code: "data_folder_corrupt", message: expect.stringContaining(place.file) }),
      );
    }
  });

  it("names a SQLite file of something else", () => {
    const other = join(place.folder, "other.sqlite");
    new Database(other).exec("CREATE TABLE notes (text TEXT)").close();
    expect(opening(other)).toThrow(expect.objectContaining({ code: "data_folder_corrupt" }));
  });

  it("leaves a file alone that a newer version has written", async () => {
    await opening(place.file)().close();
    const database = new Database(place.file);
    database.pragma("user_version = 1000");
    database.close();
    expect(opening(place.file)).toThrow(expect.objectContaining({ code: "data_folder_newer" }));
  });

  it("refuses another number of partitions than a topic has, and lets go of the file", async () => {
    await openEmbeddedBus({ file: place.file, topics: [{ name: "a", partitions: 3 }] }).close();
    const differing = () => openEmbeddedBus({ file: place.file, topics: [{ name: "a", partitions: 4 }] });
    expect(differing).toThrow(
      expect.objectContaining({ code: "topics_differ", message: expect.stringContaining("has 3 partitions, not 4") }),
    );
    await openEmbeddedBus({ file: place.file, topics: [{ name: "a", partitions: 3 }] }).close();
  });

  it("has the product's topics unless told otherwise, and always the dead letters", async () => {
    const names = async (bus: ReturnType<typeof openEmbeddedBus>) => (await bus.topics()).map(({ name }) => name);
    const bus = openEmbeddedBus({ file: place.file });
    expect(await names(bus)).toEqual([
      "antigraph.audit",
      "antigraph.deadletter",
      "antigraph.journeys",
      "antigraph.services",
      "fromanager",
      "tomanager",
      "tomanageredits",
    ]);
    await bus.close();
    const other = openEmbeddedBus({ file: join(place.folder, "b.sqlite"), topics: [{ name: "a", partitions: 1 }] });
    expect(await names(other)).toEqual(["a", "antigraph.deadletter"]);
    await other.close();
  });

  it("refuses calls after its close, which may be called twice", async () => {
    const { bus } = place.open({ topics: [{ name: "a", partitions: 1 }] });
    const poll = bus.read({ topic: "a", from: { 0: 0 }, limit: 1, waitMs: 20_000 });
    const append = bus.append([{ topic: "a", key: "k", value: "in time" }]);
    await Promise.all([bus.close(), bus.close()]);
    expect(await append).toHaveLength(1);
    expect((await poll).records.length).toBeLessThanOrEqual(1);
    const closed = { code: "bus_unavailable" };
    await expect(bus.append([{ topic: "a", key: "k", value: "late" }])).rejects.toMatchObject(closed);
    await expect(bus.read({ topic: "a", from: { 0: 0 }, limit: 1 })).rejects.toMatchObject(closed);
    await expect(bus.subscribe("a", () => {})).rejects.toMatchObject(closed);
  });
});
