/**
 * When it is that time of day next, on this machine's clock.
 * @param text HH:MM
 * @returns milliseconds since the epoch
 * @throws Error if it is no time of day
 */
export function nextTimeMs(text: string, nowMs: number): number {
  const found = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (found === null) throw new Error(`--at is ${text}; allowed: a time of day such as 22:30`);
  const time = new Date(nowMs);
  time.setHours(Number(found[1]), Number(found[2]), 0, 0);
  if (time.getTime() < nowMs) time.setDate(time.getDate() + 1);
  return time.getTime();
}
