/** Figures as people read them: decimal units, no more digits than mean something. */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** "12 ms", "3.4 s", "2 min 5 s", "3 h 20 min" */
export function duration(milliseconds: number): string {
  // Rounded first, so that 999.7 ms is no "1000 ms" and 119.96 s no "120.0 s".
  if (Math.round(milliseconds) < SECOND_MS) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 2 * MINUTE_MS - 50) return `${(milliseconds / SECOND_MS).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / SECOND_MS);
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "about 1.5 s", "about 12 min", "about 3.4 h": two digits, because an estimate knows no more. */
export function roughly(milliseconds: number): string {
  const [unit, name] =
    milliseconds < SECOND_MS
      ? [1, "ms"]
      : milliseconds < 1.5 * MINUTE_MS
        ? [SECOND_MS, "s"]
        : milliseconds < 1.5 * HOUR_MS
          ? [MINUTE_MS, "min"]
          : [HOUR_MS, "h"];
  return `about ${count(Number((milliseconds / unit).toPrecision(2)))} ${name}`;
}

/** "512 B", "23.2 MB", "1.4 GB" */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** power;
  return `${power > 0 && scaled < 100 ? scaled.toFixed(1) : Math.round(scaled)} ${units[power] ?? ""}`;
}

/** "5,681" */
export const count = (value: number): string => value.toLocaleString("en-US");

/** "1 read", "5,681 reads" */
export const counted = (value: number, what: string): string =>
  `${count(value)} ${what}${value === 1 ? "" : "s"}`;

/** "22.4 MB/s", "38,500 rows/s" */
export const rate = (amount: number, unit: "bytes" | "rows", milliseconds: number): string => {
  const perSecond = amount / (Math.max(milliseconds, 1) / SECOND_MS);
  return unit === "bytes"
    ? `${bytes(perSecond)}/s`
    : `${count(Number(perSecond.toPrecision(3)))} rows/s`;
};

/** "2026-11-24 15:12:46 UTC" */
export const moment = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** The middle value; the mean of the two middle ones of an even number. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low = NaN, high = NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** The smallest value that so large a part of all does not exceed (nearest rank). NaN of nothing. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? NaN;
}
