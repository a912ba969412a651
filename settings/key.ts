import type { z } from "zod";
import type { Mode } from "../redash/phase";

/** How a key is written in a stack file; the engine checks scalars as text, lists and maps as such. */
export type KeyType = "string" | "integer" | "boolean" | "array" | "object";

/** One key of the stack config, from which the reader, Pulumi.yaml and docs/settings.md are made. */
export interface Key<T> {
  readonly type: KeyType;
  /** Unit of the value, where it has one. */
  readonly unit?: string;
  /** What it decides, in a sentence. */
  readonly description: string;
  /** What a change of it replaces, reboots or interrupts. */
  readonly effect?: string;
  /** Judges the value and gives it its type. */
  readonly schema: z.ZodType<T>;
  /** What is allowed, in words. */
  readonly allowed: string;
  /** A value for the `pulumi config set` of the fix, and the example in the documentation. */
  readonly example: T;
}

/** The value without which the key is never left: the same in both modes. */
interface WithDefault<T> extends Key<T> {
  readonly default: T;
}
/** A value that differs between rehearsal and production; all of these make the table of modes. */
interface WithModeDefault<T> extends Key<T> {
  readonly modeDefault: Readonly<Record<Mode, T>>;
}

export type AnyKey = Key<unknown> & {
  readonly default?: unknown;
  readonly modeDefault?: Readonly<Record<Mode, unknown>>;
  readonly required?: true;
};

/** A key with one default. */
export const fixed = <T>(key: WithDefault<T>): WithDefault<T> => key;
/** A key whose default differs between the modes. */
export const byMode = <T>(key: WithModeDefault<T>): WithModeDefault<T> => key;
/** A key without default that may be left out. */
export const optional = <T>(key: Key<T>): Key<T> & { readonly optional: true } => ({
  ...key,
  optional: true,
});
/** A key that every stack must state. */
export const required = <T>(key: Key<T>): Key<T> & { readonly required: true } => ({
  ...key,
  required: true,
});

/** The type that a key's value has once read. */
export type ValueOf<K> = K extends { readonly optional: true; readonly schema: z.ZodType<infer T> }
  ? T | undefined
  : K extends { readonly schema: z.ZodType<infer T> }
    ? T
    : never;
