/** The chosen model of a chat for React, with the catalog it is chosen from. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { readModels } from "../../api.ts";
import type { ModelCatalog } from "../../../src/protocol/model-list.ts";
import { DEFAULT_MODEL, readModelChoice, saveModelChoice } from "./model-choice.ts";

/** Health in the picker is a hint; the router looks for itself. */
const REFRESH_MS = 30_000;

export interface ModelChoice {
  readonly model: string;
  readonly choose: (model: string) => void;
  /** Undefined until it is read. */
  readonly catalog: ModelCatalog | undefined;
}

/** A choice that the catalog no longer has falls back to the default class, or to the first one there is. */
export function useModelChoice(sessionId: string): ModelChoice {
  const { data: catalog } = useQuery({
    queryKey: ["models"],
    queryFn: readModels,
    refetchInterval: REFRESH_MS,
  });
  const [choice, setChoice] = useState(() => ({ sessionId, model: readModelChoice(sessionId) }));
  const wanted = choice.sessionId === sessionId ? choice.model : readModelChoice(sessionId);
  const names = catalog && [
    ...catalog.classes.map(({ name }) => name),
    ...catalog.targets.map(({ target }) => target),
  ];
  const fallback = names?.includes(DEFAULT_MODEL) === false ? (names[0] ?? DEFAULT_MODEL) : DEFAULT_MODEL;
  const model = names === undefined || names.includes(wanted) ? wanted : fallback;
  return {
    model,
    catalog,
    choose(next) {
      saveModelChoice(sessionId, next);
      setChoice({ sessionId, model: next });
    },
  };
}
