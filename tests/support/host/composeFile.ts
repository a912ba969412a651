import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";

/** The merged file as both versions print it, as far as images go. */
export function configOf(files: readonly string[]): string {
  const images = new Map<string, string>();
  for (const file of files) {
    const { services } = parse(readFileSync(file, "utf8")) as {
      services: Record<string, { image?: string } | undefined>;
    };
    for (const [service, its] of Object.entries(services))
      if (its?.image !== undefined) images.set(service, its.image);
  }
  const lines = [...images].map(([service, image]) => `  ${service}:\n    image: ${image}\n`);
  return `name: redash\nservices:\n${lines.join("")}`;
}

/** Compose merges lists of ports, and v1 wants one version in all of its files. */
export function merged(files: readonly string[], service: string, isFirst: boolean) {
  const versions = new Set<unknown>();
  const ports: string[] = [];
  let image: string | undefined;
  for (const file of files) {
    if (!existsSync(file)) throw new Error(`no configuration file provided: ${file} not found`);
    const content = parse(readFileSync(file, "utf8"), { merge: true }) as {
      version?: string;
      services: Record<string, { image?: string; ports?: string[] } | undefined>;
    };
    versions.add(content.version);
    const its = content.services[service];
    ports.push(...(its?.ports ?? []));
    image = its?.image ?? image;
  }
  if (isFirst && versions.size > 1) throw new Error("Version mismatch between compose files");
  return { ports: [...new Set(ports)], image };
}
