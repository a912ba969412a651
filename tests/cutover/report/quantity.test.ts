import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { bytes, counted, duration, rate, roughly } from "../../../cutover/report/quantity";

describe("figures for people", () => {
  it("show durations in the unit that fits, rounded before the unit is chosen", () => {
    const told = [
      0, 0.4, 12.6, 999.4, 999.7, 3449, 119_940, 119_970, 125_000, 7_199_700, 12_000_000,
    ];
    assert.deepEqual(told.map(duration), [
      "0 ms",
      "0 ms",
      "13 ms",
      "999 ms",
      "1.0 s",
      "3.4 s",
      "119.9 s",
      "2 min 0 s",
      "2 min 5 s",
      "2 h 0 min",
      "3 h 20 min",
    ]);
  });

  it("show estimates with two digits", () => {
    assert.deepEqual([183, 1440, 84_400, 95_000, 4_440_000, 12_345_678, 1e9].map(roughly), [
      "about 180 ms",
      "about 1.4 s",
      "about 84 s",
      "about 1.6 min",
      "about 74 min",
      "about 3.4 h",
      "about 280 h",
    ]);
  });

  it("count one thing and several in words", () => {
    assert.deepEqual(
      [0, 1, 5681].map((it) => counted(it, "read")),
      ["0 reads", "1 read", "5,681 reads"],
    );
  });

  it("show bytes and rates in decimal units", () => {
    assert.deepEqual([0, 512, 1000, 23_240_704, 433_386_496, 1.4e9].map(bytes), [
      "0 B",
      "512 B",
      "1.0 kB",
      "23.2 MB",
      "433 MB",
      "1.4 GB",
    ]);
    assert.equal(rate(50_000_000, "bytes", 2000), "25.0 MB/s");
    assert.equal(rate(9242, "rows", 239.8), "38,500 rows/s");
  });
});
