import { expect, it } from "vitest";
import { HealthWorld } from "./health-world.ts";

it("[CB61] a region whose object was reset still holds a provider for open that is open everywhere", async () => {
  const world = new HealthWorld();
  const west = world.object("openai@weur");
  const east = world.object("openai@eeur");
  const asia = world.object("openai@apac");
  for (const region of [west, east, asia]) await region.succeed("small", 3);
  await world.clock.advance(1_000);
  world.cutOff.add("openai@weur");
  world.cutOff.add("openai@eeur");
  await west.fail("small", 3, { scope: "provider" });
  await east.fail("small", 3, { scope: "provider" });
  await world.clock.advance(1_000);
  expect(asia.statusOf(null)).toBe("OPEN");
  asia.crash();
  const seen: (string | undefined)[] = [];
  for (let second = 0; second < 70; second += 5) {
    seen.push(asia.statusOf(null));
    await world.clock.advance(5_000);
  }
  expect(seen.filter((status) => status !== "OPEN").length).toBeLessThanOrEqual(1);
});
