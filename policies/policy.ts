import type { Stack } from "./stack";
import type { View } from "./view";

/** A rule, as a value. docs/policies.md is generated from these. */
export interface Policy {
  /** Lower case with hyphens; the name in the engine, in exceptions and in the documentation. Never reused. */
  readonly id: string;
  /** What holds, as a sentence. */
  readonly title: string;
  /** Ids of the same rule elsewhere: Security Hub ("RDS.3"), Checkov ("CKV_AWS_16"), Trivy ("AWS-0080"). */
  readonly controls: readonly string[];
  readonly severity: "critical" | "high" | "medium" | "low";
  /** `mandatory` where data or security would be lost, `advisory` where it is money or habit. */
  readonly enforcement: "mandatory" | "advisory";
  /** What happens otherwise, with its source. */
  readonly why: string;
  /** What to write instead. */
  readonly fix: string;
  /** Resource types that it judges, for the documentation and for speed; a type may have `*`. */
  readonly types: readonly string[];
  /** Judges one resource, by its inputs, before it is made. */
  readonly check?: (resource: View) => void;
  /** Judges all resources together. Runs if any of `types` is there. */
  readonly checkStack?: (stack: Stack) => void;
}

/** Policies of one subject, which is one file. */
export interface Subject {
  /** Heading in the documentation. */
  readonly title: string;
  readonly policies: readonly Policy[];
}
