import { randomUUID } from "node:crypto";
import type { Application } from "../ports";

/** Redash's own numbers for the state of a job (facts: 1 queued, 2 started, 3 finished, 4 failed, 5 cancelled). */
const FINISHED = 3;
const FAILED = 4;
const POLL_MS = 50;

export interface RedashApiOptions {
  /** Where people knock: the load balancer. */
  readonly url: string;
  /** API key of a user who may execute queries; undefined where none is asked for. Never logged. */
  readonly apiKey?: string;
  /** Data source on which the test query runs. */
  readonly dataSourceId: number;
  /** What it runs; must cost next to nothing there. @default SELECT 1 */
  readonly query?: string;
}

/** Redash through its HTTP API (redash/handlers/query_results.py, JobResource). */
export const redashApi = (options: RedashApiOptions): Application => ({
  executeQuery: async (signal) => {
    const { url, apiKey, dataSourceId, query = "SELECT 1" } = options;
    const headers = {
      "content-type": "application/json",
      ...(apiKey === undefined ? {} : { authorization: `Key ${apiKey}` }),
    };
    const ask = async (path: string, body?: object) => {
      const answer = await fetch(`${url}${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers,
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
      return (await answer.json()) as { job: { id: string; status: number; error?: string } };
    };
    // A text of its own: a job of the same query that is under way already would answer for this one.
    const text = `${query} /* ${randomUUID()} */`;
    let { job } = await ask("/api/query_results", {
      data_source_id: dataSourceId,
      query: text,
      max_age: 0,
      parameters: {},
    });
    while (job.status !== FINISHED) {
      if (job.status >= FAILED) throw new Error(`the executed query failed: ${job.error ?? ""}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      ({ job } = await ask(`/api/jobs/${job.id}`));
    }
  },
});
