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
export const weeklyWindow = z
  .string()
  .regex(new RegExp(`^(?:${DAYS.join("|")}):${time}-(?:${DAYS.join("|")}):${time}$`));
export const dailyWindow = z.string().regex(new RegExp(`^${time}-${time}$`));

const minutes = (clock: string) => {
  const [hours = 0, minute = 0] = clock.split(":").map(Number);
  return hours * 60 + minute;
};

/** Whether a daily and a weekly window share a minute; RDS and ElastiCache refuse that at apply. */
export function windowsOverlap(daily: string, weekly: string): boolean {
  const [dailyFrom = 0, dailyTo = 0] = daily.split("-").map(minutes);
  const [weeklyFrom = 0, weeklyTo = 0] = weekly
    .split("-")
    .map((point) => DAYS.indexOf(point.slice(0, 3)) * 1440 + minutes(point.slice(4)));
  const week = 7 * 1440;
  const length = (from: number, to: number, whole: number) => (to - from + whole) % whole;
  return DAYS.some((_, day) => {
    const from = day * 1440 + dailyFrom;
    const gap = length(weeklyFrom, from, week);
    return (
      gap < length(weeklyFrom, weeklyTo, week) ||
      week - gap < length(dailyFrom, dailyTo, 1440) ||
      gap === 0
    );
  });
}
