import { GetServiceQuotaCommand, type ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { found, type Read } from "./read";

/** Quotas whose use AWS does not tell beside them, by service and code. */
export const QUOTAS = {
  fargateVcpus: ["fargate", "L-3032A538"],
  networkInterfaces: ["vpc", "L-DF5E4CA3"],
  interfaceEndpoints: ["vpc", "L-29B6F2EB"],
} as const;

/** https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html */
export async function quota(
  read: Read,
  client: ServiceQuotasClient,
  name: keyof typeof QUOTAS,
): Promise<number> {
  const [ServiceCode, QuotaCode] = QUOTAS[name];
  const { Quota } = await read(
    "servicequotas:GetServiceQuota",
    `${ServiceCode}/${QuotaCode}`,
    (abortSignal) =>
      client.send(new GetServiceQuotaCommand({ ServiceCode, QuotaCode }), { abortSignal }),
  );
  return found(Quota?.Value, `quota ${ServiceCode}/${QuotaCode}`);
}
