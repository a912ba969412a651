/** What a staged process is told when it starts. */
export interface Stage {
  /** Moments at which it waits for an answer. */
  readonly waits?: readonly Spot[];
  /** Step → its time limit, much too short. */
  readonly limitsMs?: Readonly<Record<string, number>>;
}

export interface Spot {
  /** `late`: a step whose limit was too short has come to its end after it. */
  readonly at: "begin" | "end" | "late";
  readonly step: string;
}

/** What a staged process tells. */
export interface Cue extends Spot {
  readonly waits: boolean;
}

/** That it may go on. */
export interface Answer {
  /** By how much its clock is wrong from then on. @default 0 */
  readonly clockJumpMs?: number;
}
