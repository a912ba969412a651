import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const ROOT = join(__dirname, "..");

/** The stacks that have a file, in the order of the alphabet. */
export function stackNames(): string[] {
  return readdirSync(ROOT)
    .map((file) => /^Pulumi\.([\w.-]+)\.yaml$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();
}

/**
 * The config of a stack as the engine hands it to the program: text for scalars, JSON for lists and maps.
 * @throws if there is no such stack file, or if it holds encrypted values, which only the engine can read
 */
export function stackConfig(stack: string): Record<string, string> {
  const file = join(ROOT, `Pulumi.${stack}.yaml`);
  if (!existsSync(file)) {
    throw new Error(`there is no Pulumi.${stack}.yaml; stacks: ${stackNames().join(", ")}`);
  }
  const { config = {} } = (parse(readFileSync(file, "utf8")) ?? {}) as {
    config?: Record<string, unknown>;
  };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      if (typeof value === "object" && value !== null && "secure" in value) {
        throw new Error(
          `${key} in Pulumi.${stack}.yaml is encrypted, which only the engine can read; give it with --config ${key}=...`,
        );
      }
      return [key, typeof value === "string" ? value : JSON.stringify(value)];
    }),
  );
}
