import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, dirname, join } from "node:path";
import { binary } from "../adapters/local/binary";
import { bundle } from "../adapters/local/bundle";
import type { Answer, Cue, Stage } from "./stage";

const ROOT = join(__dirname, "..", "..");
/** No act of a small world takes as long, whatever meets it. */
const LONGEST_MS = 180_000;

/** How a process of `npm run move` ended. */
export interface MoveEnd {
  /** Its exit code; null if it was killed. */
  readonly code: number | null;
  /** Whether it was ended because it took longer than any act may. */
  readonly isStuck: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line of the move, built once: hundreds of its processes are started. */
export class MoveProgram {
  private constructor(
    private readonly path: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  static async build(): Promise<MoveProgram> {
    const path = bundle("cutover/faults/stagedMove.ts");
    // The program looks for pg_dump on PATH, then where its sources lie, which it does not know any more.
    const programs = dirname(await binary("pgDump"));
    return new MoveProgram(path, {
      ...process.env,
      PATH: [programs, process.env["PATH"] ?? ""].join(delimiter),
    });
  }

  /** @param state folder of the settings, the journal and the lock */
  start(
    state: string,
    args: readonly string[],
    stage: Stage = {},
    onCue?: (cue: Cue) => void,
  ): MoveProcess {
    const child = spawn(process.execPath, [this.path, ...args, "--state", state], {
      cwd: ROOT,
      env: { ...this.environment, FAULTS_STAGE: JSON.stringify(stage) },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    return new MoveProcess(child, onCue);
  }
}

/** One process of `npm run move`. */
export class MoveProcess {
  readonly ended: Promise<MoveEnd>;

  constructor(
    private readonly child: ChildProcess,
    onCue: (cue: Cue) => void = () => undefined,
  ) {
    child.on("message", (cue: Cue) => {
      onCue(cue);
    });
    this.ended = this.end();
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  isRunning = (): boolean => this.child.exitCode === null && this.child.signalCode === null;

  /** Ends it without a word. */
  kill(): void {
    this.child.kill("SIGKILL");
  }

  /** Lets it go on from where it waits; nothing if it is gone. */
  answer(answer: Answer): void {
    if (this.child.connected) this.child.send(answer, () => undefined);
  }

  private async end(): Promise<MoveEnd> {
    let stdout = "";
    let stderr = "";
    let isStuck = false;
    this.child.stdout?.on("data", (data: Buffer) => (stdout += data.toString()));
    this.child.stderr?.on("data", (data: Buffer) => (stderr += data.toString()));
    const timer = setTimeout(() => {
      isStuck = true;
      this.kill();
    }, LONGEST_MS);
    const [code] = (await once(this.child, "close")) as [number | null];
    clearTimeout(timer);
    return { code, isStuck, stdout, stderr };
  }
}
