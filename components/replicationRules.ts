import * as pulumi from "@pulumi/pulumi";
import { POSTGRESQL_PORT } from "./ports";
import { egress, ingress, tcp } from "./securityGroupRule";

/** The source's PostgreSQL, as the firewall knows it. */
export type SourcePostgres = {
  /** TCP port on the host's private address. */
  readonly databasePort: number;
} & (
  | { readonly securityGroupId: pulumi.Input<string> }
  | {
      /** Private IPv4 address of a host whose security group nobody gave: its owner lets replication in. */
      readonly address: pulumi.Input<string>;
    }
);

/** Who replicates with the source. */
export interface Replicators {
  /** The managed database subscribes to the source, and the source to it on the way back. */
  readonly database: pulumi.Input<string>;
  /** AWS DMS. @default none */
  readonly replicationInstance?: pulumi.Input<string> | undefined;
}

/**
 * The way of rows: between the source's PostgreSQL and the managed one in both directions, and from the source to
 * AWS DMS.
 * @param name prefix of the rules, such as "redash-source"
 */
export function replicationRules(
  name: string,
  source: SourcePostgres,
  { database, replicationInstance }: Replicators,
  parent: pulumi.Resource,
): void {
  const group = "securityGroupId" in source ? source.securityGroupId : undefined;
  const peer =
    "securityGroupId" in source
      ? { referencedSecurityGroupId: source.securityGroupId }
      : { cidrIpv4: pulumi.interpolate`${source.address}/32` };
  const readers = { database, ...(replicationInstance && { replication: replicationInstance }) };
  for (const [role, reader] of Object.entries(readers)) {
    egress(`${name}-${role}-egress`, parent, {
      securityGroupId: reader,
      ...peer,
      ...tcp(source.databasePort),
      description: "PostgreSQL of the migration's source",
    });
    if (group !== undefined) {
      ingress(`${name}-from-${role}`, parent, {
        securityGroupId: group,
        referencedSecurityGroupId: reader,
        ...tcp(source.databasePort),
        description: "Replication to the managed Redash",
      });
    }
  }
  ingress(`${name}-database-ingress`, parent, {
    securityGroupId: database,
    ...peer,
    ...tcp(POSTGRESQL_PORT),
    description: "Replication back to the migration's source",
  });
}
