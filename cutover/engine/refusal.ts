/** Why something was not even begun: nothing has been changed, and the message says what to do. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}
