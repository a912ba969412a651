import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { bindingOf } from "../../../cutover/preflight/facts/dataSource";

const HOST = "it names a host that only the source's machine knows";
const PROFILE =
  "it has no credentials of its own and uses the instance profile of the source's machine";
const FILES = "it reads files of the source's machine";

const BOUND: readonly [type: string, options: Record<string, unknown>, reason: string][] = [
  ["pg", { host: "localhost", port: 5432 }, HOST],
  ["pg", { host: "postgres" }, HOST],
  ["pg", { host: " 127.0.0.1 " }, HOST],
  ["mysql", { host: "host.docker.internal" }, HOST],
  ["mssql", { server: "sqlserver:1433" }, HOST],
  ["cassandra", { host: "::1" }, HOST],
  ["elasticsearch", { server: "http://elastic:9200" }, HOST],
  ["prometheus", { url: "http://[::1]:9090/api" }, HOST],
  ["mongodb", { connectionString: "mongodb://me:p@ss@db1.example.com,mongo:27017/shop" }, HOST],
  ["pg", { host: "db.internal", ssh_tunnel: { ssh_host: "bastion", ssh_port: 22 } }, HOST],
  ["athena", { region: "eu-west-1" }, PROFILE],
  ["athena", { aws_access_key: "" }, PROFILE],
  [
    "amazon_elasticsearch_service",
    { access_key: "AKIA", use_aws_iam_profile: true, server: "https://es.example.com" },
    PROFILE,
  ],
  ["redshift_iam", { host: "cluster.example.com" }, PROFILE],
  ["sqlite", { dbpath: "/data/shop.db" }, FILES],
  ["script", { path: "/opt/scripts" }, FILES],
];

const FREE: readonly [type: string, options: Record<string, unknown>][] = [
  ["pg", { host: "db.example.com", dbname: "postgres", user: "redash" }],
  ["pg", { host: "10.0.3.7", password: "localhost" }],
  ["pg", { host: "2001:db8::7" }],
  ["pg", { host: "localhost", ssh_tunnel: { ssh_host: "bastion.example.com", ssh_port: 22 } }],
  ["pg", { host: "", ssh_tunnel: null }],
  ["elasticsearch", { server: "https://es.example.com:9200/localhost" }],
  ["athena", { aws_access_key: "AKIA", s3_staging_dir: "s3://results.example.com/athena" }],
  ["bigquery", { projectId: "shop", jsonKeyFile: "aGVsbG8=" }],
  ["results", {}],
];

describe("data sources that are bound to the old machine", () => {
  for (const [type, options, reason] of BOUND) {
    it(`are told by their options: ${type} ${JSON.stringify(options)}`, () => {
      assert.equal(bindingOf(type, options), reason);
    });
  }
  for (const [type, options] of FREE) {
    it(`are no others: ${type} ${JSON.stringify(options)}`, () => {
      assert.equal(bindingOf(type, options), undefined);
    });
  }
});
