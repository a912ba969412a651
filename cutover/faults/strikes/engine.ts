import { execFile } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { over, pause, type Strike } from "../strike";

/** How long a step may be at work when its process is killed; most take less. */
const AT_WORK_MS = 40;

/** Every other time right at the beginning, else while it is at work. */
export const killedInStep: Strike = async ({ move, goOn, fault }) => {
  const workedMs = fault.draw < 0.5 ? 0 : Math.round((fault.draw - 0.5) * 2 * AT_WORK_MS);
  if (workedMs > 0) {
    goOn();
    await pause(workedMs);
  }
  move.kill();
  const { code } = await move.ended;
  return code === null
    ? over({ signal: "SIGKILL", workedMs })
    : over({ code, workedMs }, { missed: "it had ended before it was killed" });
};

export const killedAfterStep: Strike = async ({ move }) => {
  move.kill();
  await move.ended;
  return over({ signal: "SIGKILL" });
};

const HOUR_MS = 3_600_000;

/** More than the hour within which an act is taken up without a word, and than the day for which a comparison counts. */
export const clockJumped: Strike = ({ goOn, fault }) => {
  const jumpMs = (fault.draw < 0.5 ? -26 : 26) * HOUR_MS;
  goOn({ clockJumpMs: jumpMs });
  return Promise.resolve(over({ jumpMs }));
};

/** Bytes of the next line that still find room. */
const LAST_BYTES = 20;

/**
 * The file cannot grow beyond a size (RLIMIT_FSIZE), for this process alone: its next line does not fit, and no write
 * after it fails with EFBIG, as it would with ENOSPC on a full disk. Whoever runs the act again has room.
 */
export const journalFull: Strike = async ({ move, state }) => {
  const path = join(state, "journal.jsonl");
  const bytes = statSync(path).size;
  await promisify(execFile)("prlimit", [`--pid=${move.pid}`, `--fsize=${bytes + LAST_BYTES}`], {
    timeout: 5000,
  });
  return async () => {
    await move.ended;
    const left = readFileSync(path).length - bytes;
    return {
      evidence: { limitBytes: bytes + LAST_BYTES, written: left },
      outageMs: 0,
      ...(left <= LAST_BYTES ? {} : { violation: `${left} bytes were written to a full disk` }),
    };
  };
};

export const secondOperator: Strike = async ({ program, state, move, fault }) => {
  const { code, stdout, stderr } = await program.start(state, [fault.act]).ended;
  const isRefused = code === 2 && stderr.includes(`process ${move.pid} on `);
  return over(
    { code: code ?? "killed" },
    isRefused ? {} : { violation: `a second operator was not refused: ${stdout}${stderr}` },
  );
};

/** The stage has shortened the limit when the process started (faultedAct.ts); what is left is to see that it was met. */
export const deadlineTooShort: Strike = () => Promise.resolve(over({}));

/** The limit of a step that is to be too short: from 1 to 10 ms. */
export const shortLimitMs = (draw: number): number => 1 + Math.floor(draw * 10);
