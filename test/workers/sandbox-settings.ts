/** The Worker's settings as a test wants them, until it is over; and an isolate that knows of no circuit. */
import { runInDurableObject } from "cloudflare:test";
import { onTestFinished } from "vitest";
import type { Settings } from "../../src/env.ts";
import type { TurnDeadlines } from "../../src/routing/attempt/deadlines.ts";
import { openWiring, type Wiring } from "../../src/wiring.ts";
import { healthOf, PROVIDERS } from "./sandbox-circuits.ts";
import { readEnv } from "./sandbox-environment.ts";
import type { Visitor } from "./sandbox-people.ts";

/** The wiring that all objects of this isolate share. */
export async function readWiring(visitor: Visitor): Promise<Wiring> {
  const chat = await visitor.createChat();
  return runInDurableObject(chat.stub(), (instance) => openWiring(readEnv(instance)));
}

interface SettingsChange extends Partial<
  Pick<Settings, "continuesAfterCrash" | "contextTokens" | "upkeepModel" | "hedging">
> {
  readonly deadlines?: Partial<TurnDeadlines>;
}

/** For chats whose object is made from now on: each reads the settings when it wakes up. */
export async function changeSettings(
  visitor: Visitor,
  { deadlines = {}, ...change }: SettingsChange,
): Promise<void> {
  const { settings } = await readWiring(visitor);
  const before = { ...settings };
  const deadlinesBefore = { ...settings.deadlines };
  onTestFinished(() => {
    Object.assign(settings.deadlines, deadlinesBefore);
    Object.assign(settings, before);
  });
  Object.assign(settings, change);
  Object.assign(settings.deadlines, deadlines);
}

/** Every circuit is closed, and the isolate has forgotten what it knew of them. */
export async function closeCircuits(visitor: Visitor): Promise<void> {
  const wiring = await readWiring(visitor);
  for (const provider of PROVIDERS) {
    await healthOf(provider).control(provider, "reset", "for the next test", "tests", null);
  }
  const deps: unknown = Reflect.get(wiring.circuits(), "deps");
  const cache: unknown = typeof deps === "object" && deps !== null ? Reflect.get(deps, "cache") : null;
  if (!(cache instanceof Map)) throw new Error("the isolate's circuits are somewhere else");
  cache.clear();
}
