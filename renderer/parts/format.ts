/** How times, durations, counts and shares are written. Local time with the zone; exact forms beside the short ones. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const zoneName = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" });
const number = new Intl.NumberFormat("en");

/** The local zone's short name at this moment, for instance `CET` or `GMT+1`. */
export function zone(at = Date.now()): string {
  return zoneName.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "local";
}

/** `03:12:44` for today, `21 Nov 03:12:44` before, with the year when it is another one. */
export function shortTime(iso: string, now = Date.now()): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const today = new Date(now);
  if (at.toDateString() === today.toDateString()) return clock.format(at);
  const date = at.getFullYear() === today.getFullYear() ? day.format(at) : dayAndYear.format(at);
  return `${date} ${clock.format(at)}`;
}

/** `2026-11-22 03:12:44.123 +01:00 (CET)`: to the millisecond, in local time with its offset. */
export function exactTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const offset = -at.getTimezoneOffset();
  const local = new Date(at.getTime() + offset * MINUTE_MS).toISOString();
  const sign = offset < 0 ? "-" : "+";
  const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, "0");
  const minutes = String(Math.abs(offset) % 60).padStart(2, "0");
  return `${local.slice(0, 10)} ${local.slice(11, 23)} ${sign}${hours}:${minutes} (${zone(at.getTime())})`;
}

/** `96 ms`, `41.2 s`, `2 m 24 s`, `3 h 12 m`, `2 d 4 h`. */
export function duration(ms: number): string {
  const value = Math.max(0, ms);
  if (value < SECOND_MS) return `${Math.round(value)} ms`;
  if (value < MINUTE_MS) return `${(Math.floor(value / 100) / 10).toFixed(1)} s`;
  if (value < HOUR_MS) return `${Math.floor(value / MINUTE_MS)} m ${Math.floor((value % MINUTE_MS) / SECOND_MS)} s`;
  if (value < DAY_MS) return `${Math.floor(value / HOUR_MS)} h ${Math.floor((value % HOUR_MS) / MINUTE_MS)} m`;
  return `${Math.floor(value / DAY_MS)} d ${Math.floor((value % DAY_MS) / HOUR_MS)} h`;
}

/** `just now`, `12 s ago`, `4 m ago`, `3 h ago`, `2 d ago`. */
export function ago(iso: string, now: number): string {
  const ms = now - Date.parse(iso);
  if (Number.isNaN(ms)) return iso;
  if (ms < 2 * SECOND_MS) return "just now";
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s ago`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} m ago`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ago`;
  return `${Math.floor(ms / DAY_MS)} d ago`;
}

/** `18,402`. */
export function count(value: number): string {
  return number.format(value);
}

/** `1 journey`, `2 journeys`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A share as `0 %`, `0.4 %`, `12 %`, `100 %`; never rounded to 0 or 100 when it isn't. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value === 100) return `${value} %`;
  if (value < 0.1) return "< 0.1 %";
  if (value < 10) return `${value.toFixed(1)} %`;
  return `${Math.min(99, Math.round(value))} %`;
}

/** `0/s`, `0.4/s`, `12.5/s`, `1,240/s`. */
export function rate(perSecond: number): string {
  if (perSecond === 0) return "0/s";
  if (perSecond < 0.05) return "< 0.1/s";
  return perSecond < 100 ? `${perSecond.toFixed(1)}/s` : `${count(Math.round(perSecond))}/s`;
}

/** `512 B`, `12.4 kB`, `3.1 MB`. */
export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  if (value < 1_000_000) return `${(value / 1_000).toFixed(1)} kB`;
  if (value < 1_000_000_000) return `${(value / 1_000_000).toFixed(1)} MB`;
  return `${(value / 1_000_000_000).toFixed(1)} GB`;
}

/** The two ends of an id: the end is what an operator types to confirm. */
export function shortId(id: string): string {
  return id.length <= 18 ? id : `${id.slice(0, 8)}…${id.slice(-6)}`;
}
