/** Plain text for people: aligned columns, local times, short durations. */

/** Lines of a table; columns are as wide as their widest cell, the last one as it comes. */
export function table(headers: string[], rows: string[][]): string {
  const lines = [headers, ...rows];
  const widths = headers.map((_, column) => Math.max(...lines.map((line) => [...(line[column] ?? "")].length)));
  return lines
    .map((line) =>
      headers
        .map((_, column) => {
          const cell = line[column] ?? "";
          return column === headers.length - 1 ? cell : cell + " ".repeat((widths[column] ?? 0) - [...cell].length);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** `2026-11-22 15:04:05` in the zone of this machine; "" for no time. */
export function localTime(time: string | number | undefined): string {
  if (time === undefined) return "";
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}

/** `38 ms`, `4.2 s`, `3 min 05 s`, `2 h 07 min`; "" when an end is missing. */
export function duration(from: string | undefined, to: string | undefined): string {
  if (from === undefined || to === undefined) return "";
  const ms = Date.parse(to) - Date.parse(from);
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  const two = (value: number) => String(value).padStart(2, "0");
  if (minutes < 60) return `${minutes} min ${two(Math.floor((ms % 60_000) / 1_000))} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** A value on one line, cut when it is long. */
export function brief(value: unknown, length = 60): string {
  if (value === undefined) return "";
  const text = (typeof value === "string" ? value : JSON.stringify(value)).replaceAll(/\s+/g, " ");
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
