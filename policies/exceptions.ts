import type { Exception } from "./exception";

/** The violations that our own stacks live with. Each has a reason, an owner and a last day. */
export const EXCEPTIONS: readonly Exception[] = [];
