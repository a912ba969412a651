import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { buildSync } from "esbuild";

/** File and export of the bundle, as Lambda calls it. */
export const HANDLER = "index.handler";

/**
 * The move as one file, with all that it imports. The same sources give the same bytes wherever they lie, so that an
 * update changes the function only when the move has changed: no path and no time is part of them.
 * @param root folder of the project
 * @throws Error with what does not build
 */
export function bundleText(root: string): string {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: ["cutover/function/handler.ts"],
    bundle: true,
    write: false,
    platform: "node",
    target: "node22",
    format: "cjs",
    // Without it the comments name the folders of modules.
    minify: true,
    legalComments: "none",
    // pg's other driver, which it asks for and does without.
    external: ["pg-native"],
    logLevel: "silent",
  });
  return outputFiles.map(({ text }) => text).join("");
}

let built: string | undefined;

/** The bundle of this project as the function's code. */
export function moveBundle(): pulumi.asset.Archive {
  built ??= bundleText(join(__dirname, ".."));
  return new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset(built) });
}
