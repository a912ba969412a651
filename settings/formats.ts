import { z } from "zod";

/** Formats of AWS identifiers that appear in stack files. */
export const arn = (service: string) =>
  z.string().regex(new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]*:\\d{12}:\\S+$`));

export const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}-(?:[0-9a-f]{8}|[0-9a-f]{17})$`));

/** Subnets of one tier: two or more, in two zones, or neither RDS nor the load balancer accepts them. */
export const subnetIds = z
  .array(id("subnet"))
  .min(2)
  .refine((ids) => new Set(ids).size === ids.length);

const octet = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const CIDR = new RegExp(`^(${octet})\\.(${octet})\\.(${octet})\\.(${octet})/(3[0-2]|[12]?\\d)$`);

/** Whether the text is an IPv4 network: four octets, a length, and no host bits set. */
function isNetwork(cidr: string): boolean {
  const match = CIDR.exec(cidr);
  if (match === null) return false;
  const [a = 0, b = 0, c = 0, d = 0, length = 0] = match.slice(1).map(Number);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return address % 2 ** (32 - length) === 0;
}

/** An IPv4 network such as 10.80.0.0/16, no host bits set. */
export const cidr = z.string().refine(isNetwork);

/** The length of a network that `cidr` has accepted. */
export const prefixLength = (network: string) => Number(network.split("/")[1]);

/** Log retention that CloudWatch knows; anything else fails at apply. */
export const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
  3653,
] as const;

export const logRetentionDays = z.number().refine((days) => LOG_RETENTION_DAYS.includes(days as 1));

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const time = "(?:[01]\\d|2[0-3]):[0-5]\\d";

/** @param shortest minutes that AWS asks for: 30 for RDS, 60 for ElastiCache */
export const weeklyWindow = (shortest: number) =>
  z
    .string()
    .regex(new RegExp(`^(?:${DAYS.join("|")}):${time}-(?:${DAYS.join("|")}):${time}$`))
    .refine((window) => weeklyMinutes(window).length >= shortest);
/** @param shortest minutes that AWS asks for: 30 for RDS, 60 for ElastiCache */
export const dailyWindow = (shortest: number) =>
  z
    .string()
    .regex(new RegExp(`^${time}-${time}$`))
    .refine((window) => dailyMinutes(window).length >= shortest);

const minutes = (clock: string) => {
  const [hours = 0, minute = 0] = clock.split(":").map(Number);
  return hours * 60 + minute;
};

const DAY = 1440;
const WEEK = 7 * DAY;
const span = (from: number, to: number, whole: number) => ({
  from,
  length: (to - from + whole) % whole,
});
function dailyMinutes(window: string) {
  const [from = 0, to = 0] = window.split("-").map(minutes);
  return span(from, to, DAY);
}
function weeklyMinutes(window: string) {
  const [from = 0, to = 0] = window
    .split("-")
    .map((point) => DAYS.indexOf(point.slice(0, 3)) * DAY + minutes(point.slice(4)));
  return span(from, to, WEEK);
}

/** Whether a daily and a weekly window share a minute; RDS and ElastiCache refuse that at apply. */
export function windowsOverlap(daily: string, weekly: string): boolean {
  const [ofDay, ofWeek] = [dailyMinutes(daily), weeklyMinutes(weekly)];
  return DAYS.some((_, day) => {
    const gap = (day * DAY + ofDay.from - ofWeek.from + WEEK) % WEEK;
    return gap < ofWeek.length || WEEK - gap < ofDay.length || gap === 0;
  });
}
