/**
 * `npm run docs`: writes docs/settings.md and the `config:` schema of Pulumi.yaml from the keys; a test fails when
 * either is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AnyKey } from "./key";
import { KEY_GROUPS, KEYS } from "./keys";

const code = (value: unknown) =>
  `\`${typeof value === "string" ? value : JSON.stringify(value)}\``.replaceAll("|", "\\|");

function defaultText(key: AnyKey): string {
  if (key.required) return "required";
  if (key.modeDefault !== undefined) return "by mode";
  return key.default === undefined ? "none" : code(key.default);
}

/** docs/settings.md. */
export function settingsPage(): string {
  const byMode = Object.entries(KEYS).filter(([, key]) => key.modeDefault !== undefined);
  return `${[
    "<!-- Written by `npm run docs` from settings/keys/. Do not edit. -->",
    "",
    "# Settings",
    "",
    "All keys are in the namespace `redash:`; set one with `pulumi config set redash:<key> <value>`, lists and maps in",
    "the stack file. An empty text, list or map means “not set”. `aws:region` must be set too. Whatever is wrong is said at once, before",
    "anything changes; `npm run preview -- --config redash:<key>=<value>` tries a value without an account.",
    "",
    "## What differs between rehearsal and production",
    "",
    "Nothing else does: a key that is set wins over its mode.",
    "",
    "| key | rehearsal | production |",
    "| --- | --- | --- |",
    ...byMode.map(
      ([name, key]) =>
        `| \`${name}\` | ${shortened(key.modeDefault?.rehearsal)} | ${shortened(key.modeDefault?.production)} |`,
    ),
    ...Object.entries(KEY_GROUPS).flatMap(([title, keys]) => [
      "",
      `## ${title}`,
      ...Object.entries(keys as Record<string, AnyKey>).flatMap(([name, key]) => [
        "",
        `### \`redash:${name}\``,
        "",
        key.description + (key.effect === undefined ? "" : ` *A change ${key.effect}.*`),
        "",
        `- type: ${key.type}${key.unit === undefined ? "" : `, in ${key.unit}`}`,
        `- default: ${defaultText(key)}`,
        `- allowed: ${key.allowed.replaceAll("|", "\\|").replaceAll("<", "&lt;")}`,
        `- example: ${code(key.example)}`,
      ]),
    ]),
  ].join("\n")}\n`;
}

/** Lists of workers are told apart by their kinds and counts. */
function shortened(value: unknown): string {
  if (!Array.isArray(value)) return code(value);
  return value
    .map((kind: { name: string; count: number }) => `${kind.count} × ${kind.name}`)
    .join(", ");
}

/** Where the generated part of Pulumi.yaml begins. */
const MARK =
  "# The keys, written by `npm run docs` from settings/keys/; docs/settings.md says more.\nconfig:\n";

/** Pulumi.yaml with the keys of today. */
export function projectFile(current: string): string {
  const start = current.indexOf(MARK);
  if (start < 0) throw new Error(`Pulumi.yaml lacks the line that begins the keys: ${MARK}`);
  return current.slice(0, start) + MARK + Object.entries(KEYS).map(schemaLines).join("");
}

/**
 * One key as the engine checks it. A key without `default` would be required by the engine, so an optional one, or
 * one that the mode decides, defaults to an empty value, and a scalar is then typed as text: settings.ts checks it.
 */
function schemaLines([name, key]: [string, AnyKey]): string {
  const unit = key.unit === undefined ? "" : ` In ${key.unit}.`;
  const empty = key.type === "array" ? [] : key.type === "object" ? {} : "";
  const lines = [`  ${name}:`];
  const scalar = key.type !== "array" && key.type !== "object";
  const plain = key.required ?? key.default !== undefined;
  lines.push(`    type: ${scalar && !plain ? "string" : key.type}`);
  if (key.type === "array") {
    lines.push(
      `    items: { type: ${typeof (key.example as unknown[])[0] === "object" ? "object" : "string"} }`,
    );
  }
  lines.push(
    `    description: ${JSON.stringify(`${key.description}${unit} Allowed: ${key.allowed}`)}`,
  );
  if (!key.required) lines.push(`    default: ${JSON.stringify(key.default ?? empty)}`);
  return `${lines.join("\n")}\n`;
}

if (require.main === module) {
  const root = join(__dirname, "..");
  const project = join(root, "Pulumi.yaml");
  writeFileSync(join(root, "docs", "settings.md"), settingsPage());
  writeFileSync(project, projectFile(readFileSync(project, "utf8")));
}
