import { type Check, fail, pass } from "../../../../preflight/check";
import { known } from "../../../../preflight/fact";
import { listed } from "../../../../preflight/wording";
import type { AwsFacts } from "../facts/facts";

/** The most that Lambda gives: a longer act is taken up by the next run. */
const LIMIT_SECONDS = 900;

/** What the move itself is made of on AWS. */
export const moveItselfChecks: readonly Check<AwsFacts>[] = [
  {
    id: "function-ready",
    title: "The function of the move is up to date",
    why: "While Lambda changes it, a run may be of the old program or the new one.",
    judge: ({ moveFunction }) => {
      const { state, lastUpdate } = known(moveFunction);
      // A function that was idle for long is made ready by its next run.
      return ["Active", "Inactive"].includes(state) && lastUpdate === "Successful"
        ? pass("it is")
        : fail(
            `it is ${state}, its last update ${lastUpdate}`,
            "wait a minute, or run pulumi up again",
          );
    },
  },
  {
    id: "function-time-limit",
    title: "The function of the move has all the time that Lambda gives",
    why: "With less a run would have to end in the middle of what cannot be divided.",
    judge: ({ moveFunction }) => {
      const { limitSeconds } = known(moveFunction);
      return limitSeconds >= LIMIT_SECONDS
        ? pass(`${limitSeconds} s`)
        : fail(`${limitSeconds} s`, `run pulumi up, which sets it to ${LIMIT_SECONDS} s`);
    },
  },
  {
    id: "journal-versioned",
    title: "The journal's bucket keeps every version",
    why: "An entry that somebody overwrites or deletes would be gone, and with it what was done.",
    judge: ({ versioning, description }) => {
      const status = known(versioning) ?? "off";
      return status === "Enabled"
        ? pass(description.journalBucket)
        : fail(`versioning is ${status}`, "run pulumi up, which switches it on");
    },
  },
  {
    id: "secrets-readable",
    title: "The move can read and decrypt its secrets",
    why: "Without them it reaches neither the databases nor the queue.",
    judge: ({ secrets }) => {
      const unreadable = Object.entries(secrets).flatMap(([name, fact]) =>
        fact.isKnown ? [] : [`${name}: ${fact.reason}`],
      );
      return unreadable.length === 0
        ? pass(Object.keys(secrets).join(", "))
        : fail(
            listed(unreadable),
            "let the function's role read them, and use their key: pulumi up, or ask the key's owner",
          );
    },
  },
  {
    id: "redash-has-its-role",
    title: "Redash's URL names the application's role on the target",
    why: "The fence holds back that role: with another one users would write on, or the move itself would be held back.",
    judge: ({ secrets, description }) => {
      const role = known(secrets.databaseUrl);
      const wanted = description.target.database.applicationRole;
      return role === wanted
        ? pass(wanted)
        : fail(
            `it names ${role === undefined || role === "" ? "nobody" : role}, not ${wanted}`,
            "run pulumi up, which writes the URL anew, and starts tasks with it",
          );
    },
  },
];
