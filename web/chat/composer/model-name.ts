/** What a model is called where people read it. The catalog knows; without one it is called by its id. */
import { createContext, useContext } from "react";
import type { ModelCatalog } from "../../../src/protocol/model-list.ts";

export type NameModel = (provider: string, model: string) => string;

/** By the catalog's names. */
export function toModelNames(catalog: ModelCatalog | undefined): NameModel {
  const names = new Map(catalog?.targets.map(({ target, displayName }) => [target, displayName]));
  return (provider, model) => names.get(`${provider}/${model}`) ?? model;
}

export const ModelNames = createContext<NameModel>((_provider, model) => model);

/** The names for the receipts under a component. */
export function useModelNames(): NameModel {
  return useContext(ModelNames);
}
