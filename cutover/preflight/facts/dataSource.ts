import type pg from "pg";
import { Fernet } from "../../redash/fernet";

/** A data source that works where Redash runs today, and perhaps not where it will run. */
export interface BoundDataSource {
  readonly id: number;
  readonly name: string;
  /** What binds it to the old machine; never a value of its options. */
  readonly reason: string;
}

/**
 * Data sources that are bound to the machine on which Redash runs today.
 * @param secretKey REDASH_SECRET_KEY of the source
 * @throws Error if options do not decrypt
 */
export async function boundDataSources(
  client: pg.Client,
  secretKey: string,
): Promise<readonly BoundDataSource[]> {
  const { rows } = await client.query<{ id: number; name: string; type: string; token: Buffer }>(
    "SELECT id, name, type, encrypted_options AS token FROM data_sources ORDER BY id",
  );
  const fernet = new Fernet(secretKey);
  return rows.flatMap(({ id, name, type, token }) => {
    const reason = bindingOf(type, JSON.parse(fernet.decrypt(token)) as Record<string, unknown>);
    return reason === undefined ? [] : [{ id, name, reason }];
  });
}

/** Types that read files or run programs of the machine. */
const FILE_TYPES = ["sqlite", "script"];
/** Type → option with which it has credentials of its own (facts: Athena and Elasticsearch fall back on boto3's chain). */
const OWN_CREDENTIALS: Readonly<Record<string, string>> = {
  athena: "aws_access_key",
  amazon_elasticsearch_service: "access_key",
  redshift_iam: "aws_access_key_id",
};
/** Options that name a machine, alone or with a port. */
const HOST_OPTIONS = /^(?:host|hostname|server|servers|address|ssh_host)$/i;

/** @returns what binds a data source to the machine on which Redash runs, if anything does */
export function bindingOf(
  type: string,
  options: Readonly<Record<string, unknown>>,
): string | undefined {
  if (FILE_TYPES.includes(type)) return "it reads files of the source's machine";
  const credentials = OWN_CREDENTIALS[type];
  const usesProfile = options["use_aws_iam_profile"] === true;
  if (usesProfile || (credentials !== undefined && !options[credentials]))
    return "it has no credentials of its own and uses the instance profile of the source's machine";
  // Through a tunnel the host is looked up at its other end.
  const tunnel = options["ssh_tunnel"];
  const near = typeof tunnel === "object" && tunnel !== null ? tunnel : options;
  const hosts = Object.entries(near).flatMap(([name, value]: [string, unknown]) =>
    typeof value === "string" ? hostsIn(name, value) : [],
  );
  return hosts.some(isLocal) ? "it names a host that only the source's machine knows" : undefined;
}

/** Hosts that an option names: those of URLs (MongoDB's has several), and of options that are a host. */
function hostsIn(name: string, value: string): string[] {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#]+)/i.exec(value.trim())?.[1];
  const list = authority ?? (HOST_OPTIONS.test(name) ? value : "");
  return list
    .split(",")
    .map((it) =>
      it
        .trim()
        .toLowerCase()
        .replace(/^\[(.*)\](?::\d+)?$/, "$1"),
    )
    .map((it) => (/^[^:]*:\d+$/.test(it) ? it.replace(/:\d+$/, "") : it))
    .filter((it) => it !== "");
}

/** A name without a dot is a service of the compose file, or stands in /etc/hosts. */
const isLocal = (host: string) =>
  /^127\./.test(host) ||
  ["::1", "0.0.0.0", "host.docker.internal", "172.17.0.1"].includes(host) ||
  /^[^.:]+$/.test(host);
