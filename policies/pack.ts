import type { Policy, Subject } from "./policy";
import { VALKEY } from "./valkey";

/** Every subject, in the order of the documentation. A new subject is one file and one line here. */
export const SUBJECTS: readonly Subject[] = [VALKEY];

export const POLICIES: readonly Policy[] = SUBJECTS.flatMap(({ policies }) => policies);
