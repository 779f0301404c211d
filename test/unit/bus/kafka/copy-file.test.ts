import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type CopyFile, openCopyFile } from "../../../../engine/bus/kafka/copy-file.ts";

const STARTED_AT = Date.parse("2026-11-30T02:00:00Z");
const AGAIN_AT = Date.parse("2026-11-30T03:00:00Z");

let path: string;
let warnings: string[];
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-copy-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  path = join(folder, "inner", "copy.sqlite");
  warnings = [];
});

function open(startedAt: number, version = 1): CopyFile {
  const schema = "CREATE TABLE word (text TEXT)";
  const logger = { warn: (_: object, message: string) => void warnings.push(message), error: () => {} };
  const file = openCopyFile(path, { version, schema, startedAt, logger });
  onTestFinished(() => void file.database.close());
  return file;
}
const say = ({ database }: CopyFile, text: string) => database.prepare("INSERT INTO word VALUES (?)").run(text);
const words = ({ database }: CopyFile) => database.prepare("SELECT text FROM word").pluck().all();

describe("a copy on disk keeps what it has", () => {
  it("when it was closed, whatever became of the machine", () => {
    const file = open(STARTED_AT);
    say(file, "kept");
    file.close();
    file.close();
    expect(words(open(AGAIN_AT))).toEqual(["kept"]);
    expect(warnings).toEqual([]);
  });

  it("when its process died, and the machine has run on; its clock may have been set a little", () => {
    const file = open(STARTED_AT);
    say(file, "kept");
    file.database.close(); // as the system does it for a dead process
    expect(words(open(STARTED_AT + 5_000))).toEqual(["kept"]);
  });
});

describe("a copy on disk begins anew, and says why", () => {
  it("when the machine went down while it was open: what it has may be broken", () => {
    const file = open(STARTED_AT);
    say(file, "doubtful");
    file.database.close();
    expect(words(open(AGAIN_AT))).toEqual([]);
    expect(warnings).toEqual(["the machine went down while this copy was in use; it is read again"]);
  });

  it("when it isn't a database any more", () => {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, "not a database, but long enough to be taken for the beginning of one".repeat(100));
    const file = open(STARTED_AT);
    say(file, "works");
    expect(words(file)).toEqual(["works"]);
    expect(warnings).toEqual(["this copy is broken; it is read again"]);
  });
});

it("begins anew when its schema is another one", () => {
  const file = open(STARTED_AT);
  say(file, "old");
  file.close();
  expect(words(open(STARTED_AT, 2))).toEqual([]);
});

it("removes nothing when it can't be opened for another reason", () => {
  mkdirSync(path, { recursive: true });
  expect(() => open(STARTED_AT)).toThrow("unable to open");
});
