/** `GET /v1/models` and `GET /v1/models/{id}`: the classes, and every target as it can be pinned. Rules HT55, HT125 to HT127. */
import type { Hono } from "hono";
import {
  parseRequestedModel,
  toTargetName,
  type CatalogTarget,
  type ModelClass,
} from "../../providers/catalog.ts";
import type { AppEnv } from "../app-env.ts";
import type { DoorDeps } from "../door/open-answer.ts";
import { refuseCall } from "./openai-error.ts";

/** Nobody knows when a model was made; clients want a number. */
const CREATED = 0;

export function addModelListRoutes(routes: Hono<AppEnv>, deps: DoorDeps): void {
  const { catalog } = deps;
  routes.get("/models", (context) => {
    const classes = catalog.classes.map(toClassEntry);
    const targets = catalog.targets.map((target) => toTargetEntry(deps, target));
    return context.json({ object: "list", data: [...classes, ...targets] });
  });
  // A target has a slash in its name, which comes as it is or encoded.
  routes.get("/models/:model{.+}", (context) => {
    const asked = parseRequestedModel(catalog, context.req.param("model"));
    if (!asked.ok) {
      return refuseCall(context, { code: "model-not-found", param: "model", message: asked.error });
    }
    if (asked.value.kind === "class") return context.json(toClassEntry(asked.value.modelClass));
    const { target, known } = asked.value;
    if (known) return context.json(toTargetEntry(deps, target));
    const message = `Nothing is known of ${toTargetName(target)} here. It can be asked for all the same: its provider decides.`;
    return refuseCall(context, { code: "model-not-found", param: "model", message });
  });
}

function toClassEntry({ name, description, targets }: ModelClass): object {
  return {
    id: name,
    object: "model",
    created: CREATED,
    owned_by: "breakwater",
    description,
    targets: targets.map(toTargetName),
  };
}

function toTargetEntry({ isSandbox }: DoorDeps, target: CatalogTarget): object {
  return {
    id: toTargetName(target),
    object: "model",
    created: CREATED,
    owned_by: target.provider,
    description: target.displayName,
    sandbox: isSandbox(target.provider),
  };
}
