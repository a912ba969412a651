import tseslint from "typescript-eslint";

/** Import directions (docs/architecture.md): one block per folder, each names what it must not import. */
const forbid = (files, ...rules) => ({
  files,
  rules: {
    "no-restricted-imports": [
      "error",
      {
        paths: [
          {
            name: "@pulumi/aws",
            message: "import @pulumi/aws/<service>: the root costs the type checker seconds",
          },
        ],
        patterns: rules.map(([group, message]) => ({ group, message })),
      },
    ],
  },
});
const to = (folder) => [`**/${folder}`, `**/${folder}/**`];
const cutover = [
  [["@pulumi/*", "@pulumi/**"], "the cutover also runs inside a function: no Pulumi"],
  [
    [...to("components"), ...to("settings"), ...to("policies"), ...to("preview"), ...to("tests")],
    "the cutover reads stack outputs, never the program",
  ],
];

export default tseslint.config(
  { ignores: ["node_modules", "dist", "out", ".cache", "**/*.mjs"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // The engine runs programs as CommonJS; `export =` is how one exports the program function.
      "@typescript-eslint/no-require-imports": "off",
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: true },
      ],
    },
  },
  forbid(
    ["index.ts"],
    [
      [...to("preview"), ...to("policies"), ...to("cutover"), ...to("tests")],
      "index.ts composes settings and components, nothing else",
    ],
  ),
  forbid(
    ["settings.ts", "settings/**"],
    [
      [...to("components"), ...to("policies"), ...to("cutover"), ...to("preview"), ...to("tests")],
      "settings import redash only",
    ],
  ),
  forbid(
    ["components/**"],
    [
      ["./Redash*", "**/components/Redash*"],
      "components never import each other: pass outputs as arguments",
    ],
    [
      [...to("settings"), ...to("policies"), ...to("cutover"), ...to("preview"), ...to("tests")],
      "components import redash and @pulumi only: they take arguments",
    ],
  ),
  forbid(
    ["policies/**"],
    [
      ["../**", "@pulumi/aws", "@pulumi/aws/**"],
      "the pack stands alone, as it is published: @pulumi/policy and its own files",
    ],
  ),
  forbid(["cutover/faults/**"], ...cutover),
  forbid(["cutover/*.ts", "cutover/!(faults)/**"], ...cutover, [
    to("faults"),
    "what breaks a move is no part of it",
  ]),
  forbid(
    ["preview/**"],
    [[...to("cutover"), ...to("tests")], "the preview never touches the move"],
  ),
  forbid(
    ["redash/**"],
    [["@pulumi/**", "../**", "pg", "zod"], "redash/ is pure: it imports nothing"],
  ),
  {
    files: ["tests/**"],
    rules: {
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [{ from: "package", package: "mocha", name: ["it", "describe"] }],
        },
      ],
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    // The one place that touches Pulumi internals, whose typings are loose.
    files: ["tests/support/**", "preview/internals.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
);
