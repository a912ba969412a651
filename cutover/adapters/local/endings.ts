/** What must end in any case: processes and folders would outlive us. */
export class Endings {
  private readonly ends: (() => Promise<unknown>)[] = [];

  /** @param of what they belong to, in words */
  constructor(private readonly of: string) {}

  add(end: () => Promise<unknown>): void {
    this.ends.push(end);
  }

  /** Ends everything, what came last first, once. @throws Error that names what could not be ended, after everything else was */
  async all(): Promise<void> {
    const failures: string[] = [];
    for (const end of this.ends.splice(0).reverse())
      await end().catch((error: unknown) => failures.push((error as Error).message));
    if (failures.length > 0)
      throw new Error(`not everything of the ${this.of} could be removed: ${failures.join("; ")}`);
  }
}
