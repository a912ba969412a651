/**
 * What is true of a move with AWS DMS: which tables a task carries, with which settings, and what it cannot carry. The
 * program makes the real task of it, the rehearsal its stand-in.
 */

/** Tables that no task carries: `queries` has a tsvector, which DMS does not migrate, and texts of any length. */
export const CARRIED_TABLES = ["queries"] as const;

/** Whether a table of Redash is carried, and not the task's. */
export const isCarried = (table: string): boolean =>
  (CARRIED_TABLES as readonly string[]).includes(table);

/** Folder of the journal's bucket into which DMS writes its assessment of the task. */
export const ASSESSMENT_FOLDER = "assessments";

/**
 * A rule that selects tables.
 * https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TableMapping.SelectionTransformation.Selections.html
 */
export interface SelectionRule {
  readonly "rule-type": "selection";
  /** A number, unique in the document. */
  readonly "rule-id": string;
  /** Unique in the document. */
  readonly "rule-name": string;
  /** Case matters; `%` stands for any characters. */
  readonly "object-locator": { readonly "schema-name": string; readonly "table-name": string };
  readonly "rule-action": "include" | "exclude";
  readonly filters: readonly never[];
}

/** The table-mapping document of a task. */
export interface TableMappings {
  readonly rules: readonly SelectionRule[];
}

/**
 * All tables of Redash but the carried ones, and the table of markers. Exclusions alone would select nothing, and the
 * task would look well.
 */
export function tableMappings(): TableMappings {
  const selections: [name: string, schema: string, table: string, SelectionRule["rule-action"]][] =
    [
      ["include-public", "public", "%", "include"],
      ["include-marker", "redash_move", "marker", "include"],
      ...CARRIED_TABLES.map((table): (typeof selections)[number] => [
        `exclude-${table}`,
        "public",
        table,
        "exclude",
      ]),
      ["exclude-dms", "public", "awsdms%", "exclude"],
    ];
  return {
    rules: selections.map(([name, schema, table, action], index) => ({
      "rule-type": "selection",
      "rule-id": String(index + 1),
      "rule-name": name,
      "object-locator": { "schema-name": schema, "table-name": table },
      "rule-action": action,
      filters: [],
    })),
  };
}

/**
 * The task-settings document. Where a field has one value only, another one loses rows or stops the move.
 * https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TaskSettings.html
 */
export interface TaskSettings {
  readonly TargetMetadata: {
    readonly SupportLobs: true;
    readonly FullLobMode: false;
    readonly LimitedSizeLobMode: true;
    /** KiB after which a LOB is cut off. */
    readonly LobMaxSize: number;
    /** KiB; 0 with limited mode. */
    readonly InlineLobMaxSize: 0;
    /** KiB; of full mode only, but a larger value can fail a task. */
    readonly LobChunkSize: 64;
    /** Batches fail for a table with a primary key and a unique constraint, such as `users`. */
    readonly BatchApplyEnabled: false;
  };
  readonly FullLoadSettings: {
    /** The other two fail at foreign keys, or make tables without constraints. */
    readonly TargetTablePrepMode: "DO_NOTHING";
    readonly CreatePkAfterFullLoad: false;
    readonly StopTaskCachedChangesApplied: false;
    readonly StopTaskCachedChangesNotApplied: false;
    /** Tables that are loaded at a time. */
    readonly MaxFullLoadSubTasks: number;
    /** Seconds to wait for transactions that are open at the start. */
    readonly TransactionConsistencyTimeout: number;
    /** Rows that are transferred together. */
    readonly CommitRate: number;
  };
  readonly ControlTablesSettings: {
    /** Schema on the target of the tables that DMS makes for itself. */
    readonly ControlSchema: string;
    readonly StatusTableEnabled: true;
    readonly SuspendedTablesTableEnabled: true;
    readonly HistoryTableEnabled: true;
  };
  /** Redash's schema does not change during a move. */
  readonly ChangeProcessingDdlHandlingPolicy: {
    readonly HandleSourceTableDropped: false;
    readonly HandleSourceTableTruncated: false;
    readonly HandleSourceTableAltered: false;
  };
  readonly ErrorBehavior: {
    readonly FailOnNoTablesCaptured: true;
    readonly DataErrorPolicy: "STOP_TASK";
    readonly DataTruncationErrorPolicy: "STOP_TASK" | "LOG_ERROR";
    readonly TableErrorPolicy: "STOP_TASK" | "SUSPEND_TABLE";
    readonly ApplyErrorInsertPolicy: "STOP_TASK";
    readonly ApplyErrorUpdatePolicy: "STOP_TASK";
    readonly ApplyErrorDeletePolicy: "STOP_TASK";
    readonly ApplyErrorEscalationPolicy: "STOP_TASK";
    /** A row that was written during the load arrives twice: with the load, and as a change. */
    readonly FullLoadIgnoreConflicts: true;
    /**
     * How often a lost connection is tried again; -1 for ever. The cutover cuts the task off by its login, and a way
     * back must find it alive: five tries are over in less than three minutes.
     */
    readonly RecoverableErrorCount: -1;
  };
  readonly ValidationSettings: {
    readonly EnableValidation: true;
    readonly ThreadCount: number;
    readonly SkipLobColumns: false;
    /** KiB; must equal `LobMaxSize`, or LOBs of limited mode are not validated. */
    readonly ValidationPartialLobSize: number;
    readonly FailureMaxCount: number;
    readonly TableFailureMaxCount: number;
    readonly HandleCollationDiff: true;
  };
  /** Without a log group or stream, even as null: the provider refuses them. */
  readonly Logging: {
    readonly EnableLogging: true;
    readonly LogComponents: readonly { readonly Id: string; readonly Severity: string }[];
  };
}

/** KiB of LOBs that a task may hold in memory: half of a `dms.t3.medium`. */
const LOB_MEMORY_KIB = 2 * 1024 * 1024;
/** LOB columns of `query_results`, the table with the largest ones. */
const LOB_COLUMNS = 2;

/**
 * Settings with which a task stops rather than lose something.
 * @param lobMaxSizeKib largest LOB that is carried whole: what `lobMaxSizeKib` says of the measured one
 */
export function taskSettings({
  lobMaxSizeKib: size,
}: {
  readonly lobMaxSizeKib: number;
}): TaskSettings {
  return {
    TargetMetadata: {
      SupportLobs: true,
      FullLobMode: false,
      LimitedSizeLobMode: true,
      LobMaxSize: size,
      InlineLobMaxSize: 0,
      LobChunkSize: 64,
      BatchApplyEnabled: false,
    },
    FullLoadSettings: {
      TargetTablePrepMode: "DO_NOTHING",
      CreatePkAfterFullLoad: false,
      StopTaskCachedChangesApplied: false,
      StopTaskCachedChangesNotApplied: false,
      MaxFullLoadSubTasks: 8,
      TransactionConsistencyTimeout: 600,
      // DMS allocates the largest size for every LOB of every row of a batch, and swaps if that does not fit.
      CommitRate: Math.min(1000, Math.floor(LOB_MEMORY_KIB / (LOB_COLUMNS * size))),
    },
    ControlTablesSettings: {
      ControlSchema: "awsdms",
      StatusTableEnabled: true,
      SuspendedTablesTableEnabled: true,
      HistoryTableEnabled: true,
    },
    ChangeProcessingDdlHandlingPolicy: {
      HandleSourceTableDropped: false,
      HandleSourceTableTruncated: false,
      HandleSourceTableAltered: false,
    },
    ErrorBehavior: {
      FailOnNoTablesCaptured: true,
      DataErrorPolicy: "STOP_TASK",
      DataTruncationErrorPolicy: "STOP_TASK",
      TableErrorPolicy: "STOP_TASK",
      ApplyErrorInsertPolicy: "STOP_TASK",
      ApplyErrorUpdatePolicy: "STOP_TASK",
      ApplyErrorDeletePolicy: "STOP_TASK",
      ApplyErrorEscalationPolicy: "STOP_TASK",
      FullLoadIgnoreConflicts: true,
      RecoverableErrorCount: -1,
    },
    ValidationSettings: {
      EnableValidation: true,
      ThreadCount: 5,
      SkipLobColumns: false,
      ValidationPartialLobSize: size,
      FailureMaxCount: 1000,
      TableFailureMaxCount: 100,
      HandleCollationDiff: true,
    },
    Logging: {
      EnableLogging: true,
      LogComponents: ["SOURCE_CAPTURE", "SOURCE_UNLOAD", "TARGET_LOAD", "TARGET_APPLY"].map(
        (Id) => ({ Id, Severity: "LOGGER_SEVERITY_DEFAULT" }),
      ),
    },
  };
}

/** KiB that cost nothing, and the most that DMS accepts. */
const LOB_KIB = { least: 63, most: 102_400 } as const;

/** The largest value that limited mode carries whole, at three times its size. */
export const LARGEST_LOB_BYTES = Math.floor((LOB_KIB.most * 1024) / 3);

/**
 * `LobMaxSize` for a database: three times its largest LOB, because DMS counts two bytes for a character that has one,
 * and advises three.
 * https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.LOBSupport.html
 * @param largestBytes `max(octet_length(…))` over every column of a LOB type, read as text
 * @throws Error if limited mode cannot carry it
 */
export function lobMaxSizeKib(largestBytes: number): number {
  const size = Math.ceil((3 * largestBytes) / 1024);
  if (size > LOB_KIB.most) {
    throw new Error(
      `a value of ${largestBytes} bytes is too large for DMS, which carries ${LARGEST_LOB_BYTES}; purge old query results, or move with transport logical`,
    );
  }
  return Math.max(LOB_KIB.least, size);
}

/** PostgreSQL settings of an endpoint, by the provider's names. */
export interface EndpointSettings {
  readonly captureDdls: boolean;
  /** Seconds. */
  readonly executeTimeout: number;
  readonly failTasksOnLobTruncation: boolean;
  readonly heartbeatEnable: boolean;
  /** Minutes. */
  readonly heartbeatFrequency: number;
  readonly mapBooleanAsBoolean: boolean;
  readonly mapJsonbAsClob: boolean;
  /** KiB of the files in which rows reach the target. */
  readonly maxFileSize: number;
  readonly pluginName: "test-decoding";
  readonly afterConnectScript?: string;
}

/**
 * Every setting with its value: given one of them, the provider sends the others as 0 or false, and a `maxFileSize` of
 * 0 breaks replication (https://github.com/hashicorp/terraform-provider-aws/issues/47884). Neither DDL capture nor
 * heartbeat, which leave tables, a function and a trigger in the source's schema.
 * https://docs.aws.amazon.com/dms/latest/APIReference/API_PostgreSQLSettings.html
 */
export function endpointSettings(side: "source" | "target"): EndpointSettings {
  return {
    captureDdls: false,
    executeTimeout: 60,
    failTasksOnLobTruncation: true,
    heartbeatEnable: false,
    heartbeatFrequency: 5,
    mapBooleanAsBoolean: false,
    mapJsonbAsClob: false,
    maxFileSize: 32_768,
    // The other one, pglogical, is not in the official image of PostgreSQL.
    pluginName: "test-decoding",
    ...(side === "target" && { afterConnectScript: "SET session_replication_role='replica'" }),
  };
}
