/**
 * Loaded into a process that a test starts: at SIGUSR2 its clock that never jumps (engine/clock.ts) jumps after all, so
 * that a silence of minutes is over at once.
 */
const LATER_MS = 100_000;
const real = performance.now.bind(performance);
process.once("SIGUSR2", () => {
  performance.now = () => real() + LATER_MS;
});
