/** Light, dark or as the system has it. public/theme.js sets it before the first paint with the same key and words. */
import { useSyncExternalStore } from "react";
import { readStored, saveStored } from "./storage.ts";

export type ThemeChoice = "system" | "light" | "dark";

const KEY = "breakwater.theme";
const ORDER: readonly ThemeChoice[] = ["system", "light", "dark"];
const listeners = new Set<() => void>();
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

let current: ThemeChoice = ORDER.find((choice) => choice === readStored(KEY)) ?? "system";

function apply(): void {
  const isDark = current === "dark" || (current === "system" && systemIsDark.matches);
  document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
  for (const listener of listeners) listener();
}
systemIsDark.addEventListener("change", apply);

function choose(choice: ThemeChoice): void {
  current = choice;
  saveStored(KEY, choice);
  apply();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The choice and a function that goes on to the next one: system, light, dark. */
export function useTheme(): { readonly choice: ThemeChoice; readonly chooseNext: () => void } {
  const choice = useSyncExternalStore(subscribe, () => current);
  return { choice, chooseNext: () => choose(ORDER[(ORDER.indexOf(choice) + 1) % ORDER.length] ?? "system") };
}
