/** LOBs of limited mode: up to a size, and cut off there. */
import type { TaskSettings } from "../../../../redash/dms";
import { TaskError } from "./taskError";
import { identifier } from "./taskSession";
import type { Column, Table } from "./taskTable";

export class LobLimit {
  private readonly kib: number;
  private readonly stops: boolean;

  constructor({ TargetMetadata, ErrorBehavior }: TaskSettings) {
    this.kib = TargetMetadata.LobMaxSize;
    this.stops = ErrorBehavior.DataTruncationErrorPolicy === "STOP_TASK";
  }

  /** SQL of a column's text; of a LOB no more than tells whether it is too large. */
  select({ name, isLob, isBytes }: Column): string {
    const column = identifier(name);
    if (!isLob) return column;
    return isBytes
      ? `substring(${column} FROM 1 FOR ${this.kib * 1024 + 1})`
      : `left(${column}::text, ${this.characters + 1})`;
  }

  /**
   * A value as DMS carries it.
   * @param onCut told that the value was cut off
   * @throws TaskError if it is too large and the policy is to stop
   */
  fit(table: Table, column: Column, value: string | null, onCut: () => void): string | null {
    // Bytes are printed as `\x` and two digits each.
    const limit = column.isBytes ? 2 + 2 * this.kib * 1024 : this.characters;
    if (!column.isLob || value === null || value.length <= limit) return value;
    if (this.stops) {
      throw new TaskError(
        table.name,
        `carry ${table.name}.${column.name}`,
        `a value is larger than LobMaxSize, ${this.kib} KiB; raise it and start over, or purge the row`,
      );
    }
    onCut();
    const cut = value.slice(0, limit);
    // Half of a character is none.
    return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
  }

  /** DMS counts two bytes for a character, four for one beyond the first plane: as JavaScript's lengths do. */
  private get characters(): number {
    return (this.kib * 1024) / 2;
  }
}
