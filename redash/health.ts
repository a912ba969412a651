/**
 * Container health checks that tell the truth about *this* task. None of the checks in the image does:
 * `workers_healthcheck` counts the workers of the whole fleet and passes when Redis is down, `rq healthcheck`
 * is a supervisord listener that never exits, and supervisord lives on with all its workers FATAL
 * (redash/bin/docker-entrypoint, worker.conf; getredash/redash#5885).
 *
 * Each script runs on the Python of the image, prints one line and exits 0 or 1.
 */

/**
 * The web server answers. `/ping` sees neither database nor Redis, and here that is right: restarting web tasks
 * cures no database. What it does not see is watched elsewhere (docs/architecture.md, "What tells that it works").
 * @param port gunicorn's port
 */
export function serverHealthScript(port: number): string {
  return [
    "import sys, urllib.request as u",
    `r = u.urlopen("http://127.0.0.1:${port}/ping", timeout=4)`,
    "sys.exit(0 if r.status == 200 else 1)",
  ].join("\n");
}

/**
 * All workers of this container live: processes that run `rq worker`, without the work-horses that they fork
 * (whose parent is such a process too). Not RQ's registry, although it names the host: a suspended worker does
 * not beat, its entry expires after 480 s and comes back without a host name (rq/worker.py,
 * check_for_suspension), so during a move a check of the registry would kill every healthy worker.
 * @param proc where the kernel shows processes; another folder only in tests
 */
export function workerHealthScript(proc = "/proc"): string {
  return [
    "import os, re, sys",
    `proc = ${JSON.stringify(proc)}`,
    "parent = {}",
    "for pid in filter(str.isdigit, os.listdir(proc)):",
    "    try:",
    '        line = open("%s/%s/cmdline" % (proc, pid)).read().replace("\\0", " ")',
    '        stat = open("%s/%s/stat" % (proc, pid)).read().rsplit(")", 1)[1].split()',
    "    except OSError: continue",
    '    if re.search(r"\\brq[ :]worker\\b", line) and stat[0] != "Z": parent[pid] = stat[1]',
    "alive = [pid for pid in parent if parent[pid] not in parent]",
    'wanted = int(os.environ["WORKERS_COUNT"])',
    'print("%d of %d workers alive" % (len(alive), wanted))',
    "sys.exit(0 if len(alive) >= wanted else 1)",
  ].join("\n");
}

/**
 * The scheduler ticks: rq-scheduler keeps one key per instance that expires 15 s after its last beat and is
 * marked with its death (rq_scheduler/scheduler.py; before 0.10 the key is `rq:scheduler`). There is one
 * scheduler only, so any living key is ours.
 */
export const SCHEDULER_HEALTH_SCRIPT = [
  "import os, sys, redis",
  'c = redis.Redis.from_url(os.environ["REDASH_REDIS_URL"], socket_timeout=4, socket_connect_timeout=4)',
  'keys = list(c.scan_iter("rq:scheduler_instance:*", 1000)) + [b"rq:scheduler"]',
  'alive = [k for k in keys if c.exists(k) and not c.hexists(k, "death")]',
  'print("scheduler beats" if alive else "no scheduler heartbeat")',
  "sys.exit(0 if alive else 1)",
].join("\n");
