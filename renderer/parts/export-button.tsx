import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useRef, useState } from "react";
import { type CsvColumn, toCsv } from "./csv.ts";
import { count } from "./format.ts";
import { IconDownload } from "./icons.ts";
import { describeError } from "./states.tsx";

/** So many rows are exported at most; the export says so when there were more. */
export const MAXIMUM_EXPORTED_ROWS = 50_000;

interface ExportButtonProps<Row> {
  /** Without the ending: `journeys`. */
  fileName: string;
  columns: readonly CsvColumn<Row>[];
  /** One page of what the filter shows. */
  readPage: (
    cursor: string | undefined,
    signal: AbortSignal,
  ) => Promise<{ rows: readonly Row[]; next: string | null }>;
}

/** Exports what the filter shows, all pages of it, as CSV or JSON. While it runs it counts and can be cancelled. */
export function ExportButton<Row>({ fileName, columns, readPage }: ExportButtonProps<Row>) {
  const [exported, setExported] = useState<number | undefined>(undefined);
  const running = useRef<AbortController>(undefined);

  const run = async (format: "csv" | "json") => {
    const controller = new AbortController();
    running.current = controller;
    setExported(0);
    try {
      const { rows, cut } = await readAll(readPage, controller.signal, setExported);
      const text = format === "csv" ? toCsv(columns, rows) : `${JSON.stringify(rows, null, 2)}\n`;
      download(`${fileName}.${format}`, format === "csv" ? "text/csv;charset=utf-8" : "application/json", text);
      if (cut) {
        notifications.show({
          color: "yellow",
          title: "Not everything was exported",
          message: `The first ${count(MAXIMUM_EXPORTED_ROWS)} rows are in the file. Narrow the filter for the rest.`,
        });
      }
    } catch (error) {
      if (controller.signal.aborted) return;
      const { message, fix } = describeError(error);
      notifications.show({ color: "bad", title: "Not exported", message: `${message} ${fix}` });
    } finally {
      setExported(undefined);
    }
  };

  if (exported !== undefined) {
    return (
      <Button onClick={() => running.current?.abort()} leftSection={<IconDownload size={15} />}>
        {count(exported)} rows… Cancel
      </Button>
    );
  }
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Button leftSection={<IconDownload size={15} />}>Export</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void run("csv")}>CSV, for spreadsheets</Menu.Item>
        <Menu.Item onClick={() => void run("json")}>JSON</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

async function readAll<Row>(
  readPage: ExportButtonProps<Row>["readPage"],
  signal: AbortSignal,
  onProgress: (rows: number) => void,
): Promise<{ rows: Row[]; cut: boolean }> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await readPage(cursor, signal);
    rows.push(...page.rows);
    onProgress(rows.length);
    if (page.next === null) return { rows, cut: false };
    if (rows.length >= MAXIMUM_EXPORTED_ROWS) return { rows: rows.slice(0, MAXIMUM_EXPORTED_ROWS), cut: true };
    cursor = page.next;
  }
}

/** Hands a text to the browser as a file. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
