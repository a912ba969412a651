import { hostCommands, MOVE_ACTS } from "./hostScript";

/** How long an act may take on the host, seconds; a start waits for processes, a stop for requests. */
export const ACT_TIMEOUT_SECONDS = 600;

/**
 * Content of the SSM document by which the function acts on the host of the source: nobody can give it another script,
 * nor anything but base64 to it. SSM counts what it is given to its 64 KB
 * (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html).
 * @param script `hostScript(MOVE_PARTS, …)`
 */
export const hostDocument = (script: string) => ({
  schemaVersion: "2.2",
  description: "Redash's move: starts, stops and looks at the processes of the source",
  parameters: {
    act: { type: "String", description: "What is done", allowedValues: [...MOVE_ACTS] },
    payload: {
      type: "String",
      description: "Lines name=value, in base64",
      default: "",
      allowedPattern: "^[A-Za-z0-9+/=]*$",
    },
  },
  mainSteps: [
    {
      action: "aws:runShellScript",
      name: "act",
      precondition: { StringEquals: ["platformType", "Linux"] },
      inputs: {
        timeoutSeconds: String(ACT_TIMEOUT_SECONDS),
        runCommand: hostCommands(script, "{{ act }}", "{{ payload }}"),
      },
    },
  ],
});
