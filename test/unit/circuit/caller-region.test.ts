import { describe, expect, it } from "vitest";
import { keepForEachRegion, workForCaller } from "../../../src/caller-region.ts";

const WEST = { continent: "EU", longitude: "8" };
const EAST = { continent: "EU", longitude: "30" };

/** Each region's part is its own name. */
const readHere = keepForEachRegion((region) => region ?? "world");

describe("what is kept for each region", () => {
  it("[CB60] is that of the request at work, through its waits, whoever else comes from elsewhere meanwhile", async () => {
    const waiting = Promise.withResolvers<undefined>();
    const east = workForCaller(EAST, async () => {
      const atFirst = readHere();
      await waiting.promise;
      return [atFirst, readHere()];
    });
    const west = workForCaller(WEST, async () => {
      waiting.resolve(undefined);
      await east;
      return readHere();
    });
    expect([await east, await west]).toEqual([["eeur", "eeur"], "weur"]);
  });

  it.each([
    { name: "says nothing of its place", cf: undefined },
    { name: "comes from no known continent", cf: { continent: "T1" } },
    { name: "has a place that is none", cf: { continent: 7 } },
  ])("[CB60] is the world's for a request that $name, whoever comes after it", async ({ cf }) => {
    const waiting = Promise.withResolvers<undefined>();
    const placeless = workForCaller(cf, async () => {
      await waiting.promise;
      return readHere();
    });
    workForCaller(WEST, () => waiting.resolve(undefined));
    expect(await placeless).toBe("world");
  });

  it("[CB60] is that of the latest request for work that belongs to none", () => {
    workForCaller(EAST, readHere);
    workForCaller(WEST, readHere);
    expect(readHere()).toBe("weur");
  });

  it("[CB60] is made once, and not before it is needed", () => {
    const made: unknown[] = [];
    const read = keepForEachRegion((region) => made.push(region));
    expect(made).toEqual([]);
    for (const cf of [WEST, EAST, WEST, undefined, EAST]) workForCaller(cf, read);
    expect(made).toEqual(["weur", "eeur", null]);
  });
});
