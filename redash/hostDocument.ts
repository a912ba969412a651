/**
 * The document of Systems Manager by which the move runs its script on the source's host: the script is part of the
 * document, so whoever may send the command can run nothing else.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html
 * @param script in bash; gets the name of the act as its only argument
 */
export const hostDocument = (script: string): object => ({
  schemaVersion: "2.2",
  description: "Redash migration: an act on the host of the source",
  parameters: {
    act: { type: "String", description: "Name of the act", allowedPattern: "^[a-z_]+$" },
  },
  mainSteps: [
    {
      action: "aws:runShellScript",
      name: "act",
      precondition: { StringEquals: ["platformType", "Linux"] },
      inputs: { runCommand: ["set -- '{{ act }}'", script] },
    },
  ],
});
