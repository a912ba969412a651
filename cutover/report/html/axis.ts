/** A piece of time that something happened in; milliseconds since the epoch. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A span with its place, in percent of the axis. */
interface Stretch extends Span {
  readonly left: number;
  readonly width: number;
}

/** A pause that is not drawn to scale. */
export interface Fold {
  readonly at: number;
  readonly lengthMs: number;
}

/** Pauses take so much of the axis at most, in percent: days pass between the acts of a real move. */
const FOLDED = 3;
const ALL_FOLDED = 30;
/** A pause longer than all that happened, by so much, is folded. */
const LONG_PAUSE = 0.5;

/** Time from left to right. */
export class Axis {
  private constructor(
    private readonly stretches: readonly Stretch[],
    /** Pauses that were folded, in order. */
    readonly folds: readonly Fold[],
  ) {}

  /** All to the same scale. */
  static of({ fromMs, toMs }: Span): Axis {
    return new Axis([{ fromMs, toMs: Math.max(toMs, fromMs + 1), left: 0, width: 100 }], []);
  }

  /** Spans in order of their beginning, long pauses between them folded. */
  static ofBusy(spans: readonly Span[]): Axis {
    const busyMs = spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    const parts: Span[] = [];
    for (const span of spans) {
      const last = parts.at(-1);
      if (last === undefined || span.fromMs - last.toMs > busyMs * LONG_PAUSE) parts.push(span);
      else
        parts[parts.length - 1] = {
          fromMs: last.fromMs,
          toMs: Math.max(last.toMs, span.toMs),
        };
    }
    const pause = parts.length > 1 ? Math.min(FOLDED, ALL_FOLDED / (parts.length - 1)) : 0;
    const drawn = 100 - pause * (parts.length - 1);
    const drawnMs = Math.max(
      1,
      parts.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0),
    );
    const folds: Fold[] = [];
    let left = 0;
    const stretches = parts.map((part, index) => {
      const before = parts[index - 1];
      if (before !== undefined) {
        folds.push({ at: left + pause / 2, lengthMs: part.fromMs - before.toMs });
        left += pause;
      }
      const width = ((part.toMs - part.fromMs) / drawnMs) * drawn;
      const stretch = { ...part, left, width };
      left += width;
      return stretch;
    });
    return new Axis(stretches, folds);
  }

  /** Where a moment is, in percent; the nearest end for one outside. */
  at(ms: number): number {
    let place = 0;
    for (const { fromMs, toMs, left, width } of this.stretches) {
      if (ms < fromMs) break;
      const part = toMs === fromMs ? 0 : Math.min(1, (ms - fromMs) / (toMs - fromMs));
      place = left + width * part;
    }
    return place;
  }
}

/** Where a span stands along an axis, for a style attribute. */
export const between = (axis: Axis, { fromMs, toMs }: Span): string =>
  `left:${axis.at(fromMs).toFixed(2)}%;width:${(axis.at(toMs) - axis.at(fromMs)).toFixed(2)}%`;

/** Round moments of a span, relative to one of them: 0, 50, 100 … ms */
export function ticks({ fromMs, toMs }: Span, zeroMs: number, about: number): number[] {
  const rough = (toMs - fromMs) / about;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = power * ([1, 2, 5].find((it) => it * power >= rough) ?? 10);
  const first = Math.ceil((fromMs - zeroMs) / step);
  const last = Math.floor((toMs - zeroMs) / step);
  return Array.from(
    { length: Math.max(0, last - first + 1) },
    (_, index) => (first + index) * step,
  );
}
