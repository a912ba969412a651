import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { sourceEnvironment, stackLines } from "../../../cutover/source/environment";
import { nextTimeMs } from "../../../cutover/source/restartTime";
import { scramVerifier } from "../../../cutover/source/scramVerifier";
import { sealed } from "../../../cutover/source/sealed";

describe("the environment of the source's server", () => {
  it("gives a set-up without a key of its own the cookie secret, with which it encrypts", () => {
    const { secretKey, cookieSecret } = sourceEnvironment("REDASH_COOKIE_SECRET=cookie=1\n");
    assert.deepEqual([secretKey, cookieSecret], ["cookie=1", "cookie=1"]);
  });

  it("is refused without a cookie secret", () => {
    assert.throws(() => sourceEnvironment("PATH=/bin\n"), /has no REDASH_COOKIE_SECRET/);
  });

  it("leaves out what the program decides, and shows no value of a secret", () => {
    const found = sourceEnvironment(
      [
        "REDASH_COOKIE_SECRET=cookie",
        "REDASH_DATABASE_URL=postgresql://postgres:secret@postgres/postgres",
        "REDASH_REDIS_URL=redis://redis:6379/0",
        "REDASH_HOST=https://old.example.com",
        "REDASH_GOOGLE_CLIENT_SECRET=a client secret",
        "REDASH_GOOGLE_CLIENT_ID=a client",
        "REDASH_EMPTY=",
        "POSTGRES_PASSWORD=of the database",
      ].join("\n"),
    );
    assert.deepEqual(found.plain, { REDASH_GOOGLE_CLIENT_ID: "a client" });
    assert.deepEqual(found.secrets, { REDASH_GOOGLE_CLIENT_SECRET: "a client secret" });
    assert.deepEqual(stackLines(found, { keys: "arn:keys", others: "arn:others" }), [
      "  redash:sourceSecretsArn: arn:keys",
      "  redash:environment:",
      '    REDASH_GOOGLE_CLIENT_ID: "a client"',
      "  redash:secretEnvironment:",
      '    REDASH_GOOGLE_CLIENT_SECRET: "arn:others:REDASH_GOOGLE_CLIENT_SECRET::"',
    ]);
  });
});

describe("a verifier of SCRAM-SHA-256", () => {
  it("is what RFC 7677 computes of its example", () => {
    // Server and stored key follow from the salt and the password of the RFC's exchange.
    const verifier = scramVerifier("pencil", Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"));
    assert.equal(
      verifier,
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    );
  });

  it("is not made of a password that would have to be normalized", () => {
    assert.throws(() => scramVerifier("pässword"), /neither letters, digits nor signs/);
  });
});

describe("a sealed text", () => {
  it("is opened by the key that it was made for, and by no other", async () => {
    const { createPublicKey, publicEncrypt, constants } = await import("node:crypto");
    const [mine, other] = [sealed(), sealed()];
    const key = createPublicKey({
      key: Buffer.from(mine.publicKey, "base64"),
      format: "der",
      type: "spki",
    });
    const block = publicEncrypt(
      { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" },
      Buffer.from("ümlaut"),
    ).toString("base64");
    assert.equal(mine.open(`${block}\n`), "ümlaut");
    assert.throws(() => other.open(`${block}\n`));
  });
});

describe("the time of a restart", () => {
  const now = new Date(2026, 7, 20, 21, 0, 30).getTime();

  it("is today if it is still to come, else tomorrow", () => {
    assert.equal(nextTimeMs("22:15", now), new Date(2026, 7, 20, 22, 15).getTime());
    assert.equal(nextTimeMs("06:05", now), new Date(2026, 7, 21, 6, 5).getTime());
  });

  it("is refused if it is none", () => {
    for (const text of ["24:00", "7:00", "now", "10:60"])
      assert.throws(() => nextTimeMs(text, now), {
        message: `--at is ${text}; allowed: a time of day such as 22:30`,
      });
  });
});
