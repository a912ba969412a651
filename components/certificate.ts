import * as acm from "@pulumi/aws/acm";
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";

/** Makes a certificate for one host name; the ARN resolves once it is issued, so whoever takes it waits by value. */
export function certificate(
  name: string,
  args: { readonly host: string; readonly hostedZoneId: string },
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const requested = new acm.Certificate(
    `${name}-certificate`,
    { domainName: args.host, validationMethod: "DNS" },
    { parent },
  );
  // One host name has one option.
  const option = requested.domainValidationOptions.apply(([first]) => {
    if (!first) throw new Error(`ACM asked for no validation record of ${args.host}`);
    return first;
  });
  const record = new route53.Record(
    `${name}-certificate-validation`,
    {
      zoneId: args.hostedZoneId,
      name: option.resourceRecordName,
      type: option.resourceRecordType,
      records: [option.resourceRecordValue],
      ttl: 300,
      // ACM asks for the same record for each certificate of a host in one account.
      allowOverwrite: true,
    },
    { parent },
  );
  return new acm.CertificateValidation(
    `${name}-certificate`,
    { certificateArn: requested.arn, validationRecordFqdns: [record.fqdn] },
    { parent },
  ).certificateArn;
}
