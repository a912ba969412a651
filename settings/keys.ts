import type { AnyKey, ValueOf } from "./key";
import { databaseKeys } from "./keys/database";
import { ecsKeys } from "./keys/ecs";
import { ingressKeys } from "./keys/ingress";
import { migrationKeys } from "./keys/migration";
import { networkKeys } from "./keys/network";
import { queueKeys } from "./keys/queue";
import { sourceKeys } from "./keys/source";
import { stackKeys } from "./keys/stack";

/** Every key of the stack config, by subject, in the order of the documentation. */
export const KEY_GROUPS = {
  Stack: stackKeys,
  Network: networkKeys,
  Database: databaseKeys,
  Queue: queueKeys,
  Processes: ecsKeys,
  Ingress: ingressKeys,
  Source: sourceKeys,
  Migration: migrationKeys,
} as const;

type AllKeys = typeof stackKeys &
  typeof networkKeys &
  typeof databaseKeys &
  typeof queueKeys &
  typeof ecsKeys &
  typeof ingressKeys &
  typeof sourceKeys &
  typeof migrationKeys;

export type KeyName = keyof AllKeys;

/** The typed values of all keys. */
export type Values = { readonly [K in KeyName]: ValueOf<AllKeys[K]> };

export const KEYS = Object.assign({}, ...Object.values(KEY_GROUPS)) as Readonly<
  Record<KeyName, AnyKey>
>;
