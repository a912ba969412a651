import { type Case, type Given, UNKNOWN } from "./cases";

/** A policy document as JSON text with one statement, which allows everybody everything but for what is given. */
export const document = (statement: Record<string, unknown> = {}): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: "*", Action: "*", Resource: "*", ...statement }],
  });

/** Cases of a rule that lets no document admit everybody. */
export function publicDocuments(type: string, path = "policy"): Record<string, Case> {
  const given = (text: unknown): Given => ({ type, props: { [path]: text } });
  const open = (statement: Record<string, unknown>): Case => ({
    given: given(document(statement)),
    finds: [`${path} is open to everybody`],
  });
  const closed = (statement: Record<string, unknown>): Case => ({
    given: given(document(statement)),
  });
  const tied = (operator: string, key: string, value: unknown) => ({
    Condition: { [operator]: { [key]: value } },
  });
  const cases: Record<string, Case> = {
    "refuses everybody": open({}),
    "refuses everybody under AWS": open({ Principal: { AWS: ["arn:aws:iam::1:root", "*"] } }),
    "refuses everybody else": open({ Principal: undefined, NotPrincipal: { AWS: "1" } }),
    "refuses a condition that ties to nothing": open(tied("Bool", "aws:SecureTransport", "true")),
    "refuses a condition that holds without the key": open(
      tied("StringEqualsIfExists", "aws:SourceAccount", "1"),
    ),
    "refuses a condition that everybody else meets": open(
      tied("StringNotEquals", "aws:SourceAccount", "1"),
    ),
    "refuses a condition on any account": open(tied("StringLike", "aws:PrincipalAccount", "*")),
    "refuses a condition that a request without the key meets": open(
      tied("ForAllValues:StringEquals", "aws:PrincipalOrgID", ["o-1"]),
    ),
    "refuses a role of any account": open(
      tied("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*"),
    ),
    "accepts everybody of an account": closed(tied("StringEquals", "aws:sourceaccount", "1")),
    "accepts everybody of an organisation": closed(
      tied("ForAnyValue:StringEquals", "aws:PrincipalOrgID", ["o-1"]),
    ),
    "accepts a service": closed({ Principal: { Service: "logs.eu-west-1.amazonaws.com" } }),
    "accepts a role": closed({ Principal: { AWS: "arn:aws:iam::123456789012:role/a" } }),
    "accepts a denial of everybody": closed({ Effect: "Deny" }),
    "accepts no document": { given: given(undefined) },
    "refuses what is no JSON": { given: given("{"), finds: [`${path} is not JSON`] },
    "waits for a document that is made of outputs": {
      given: given(UNKNOWN),
      finds: [`undecided: ${path} is not known before the update`],
    },
  };
  return Object.fromEntries(
    Object.entries(cases).map(([title, it]) => [`${title} (${type.split(":").at(-1) ?? ""})`, it]),
  );
}
