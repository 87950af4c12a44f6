/**
 * What can be asked for here: the model classes and the targets of the configured providers, and the parser of a
 * requested model. Not the prices (price.ts), not the choice among candidates (routing). Rules PR20 to PR26.
 */
import { z } from "zod";
import type { ProviderId } from "../base/id.ts";
import { parseJson } from "../base/parse-json.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { ModelClassName } from "../protocol/model-list.ts";
import { KNOWN_CLASSES, KNOWN_MODELS } from "./known-models.ts";
import type { KnownClass } from "./known-models.ts";
import { toProviderId } from "./provider-config.ts";
import type { ProviderConfig } from "./provider-config.ts";

/** Who is asked, for which model. */
export interface Target {
  readonly provider: ProviderId;
  /** The provider's own name for it; may hold slashes. */
  readonly modelId: string;
}

/** A target with what is known of it; null and false where nothing is. */
export interface CatalogTarget extends Target {
  readonly displayName: string;
  readonly contextTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly vision: boolean;
  readonly tools: boolean;
  readonly reasoning: boolean;
  /** True when a stand-in answers for this model. */
  readonly sandbox: boolean;
}

export interface ModelClass {
  readonly name: string;
  readonly description: string;
  /** In the order they are tried; only configured providers. May be empty. */
  readonly targets: readonly CatalogTarget[];
  /** By target name, for every target; null in a class in which nobody set a weight. */
  readonly weights: ReadonlyMap<string, number> | null;
}

/** A class as an operator writes it. */
export interface ClassDefinition extends Omit<KnownClass, "targets"> {
  /** In the order they are tried, unless one of them has a weight: then those without one weigh 1. */
  readonly targets: readonly ClassEntry[];
}

type ClassEntry = string | { readonly target: string; readonly weight: number };

export interface Catalog {
  readonly providers: readonly ProviderId[];
  readonly classes: readonly ModelClass[];
  readonly targets: readonly CatalogTarget[];
  /** The wire that each provider speaks. */
  readonly wires: ReadonlyMap<string, string>;
}

export type RequestedModel =
  | { readonly kind: "class"; readonly modelClass: ModelClass }
  /** `known` is false for an id that the catalog does not list: it is passed on as it is, at an unknown price. */
  | { readonly kind: "pinned"; readonly target: CatalogTarget; readonly known: boolean };

const MAX_REQUESTED_CHARACTERS = 200;
/** A class is a list a person can read; an attempt chain is far shorter. */
const MAX_CLASS_TARGETS = 20;
const MAX_CONFIGURED_CLASSES = 20;
/** A share of a thousandth is as fine as anybody splits traffic. */
const MAX_WEIGHT = 1_000;

const TargetName = z
  .string()
  .regex(/^[a-z0-9-]+\/\S+$/)
  .max(MAX_REQUESTED_CHARACTERS);
/** Weight 0: asked only when nobody else can be. */
const WeightedTarget = z.strictObject({ target: TargetName, weight: z.number().min(0).max(MAX_WEIGHT) });

/** `MODEL_CLASSES`: classes of an operator's own, which also replace the built-in ones of the same name. */
const ConfiguredClasses = z
  .record(
    ModelClassName,
    z.strictObject({
      description: z.string().max(200).default(""),
      targets: z
        .array(z.union([TargetName, WeightedTarget]))
        .min(1)
        .max(MAX_CLASS_TARGETS),
    }),
  )
  .refine((classes) => Object.keys(classes).length <= MAX_CONFIGURED_CLASSES);

/**
 * Parses the variable `MODEL_CLASSES`: JSON, `{"coding": {"description": "…", "targets": ["openai/gpt-6-sol"]}}`. A
 * target may carry a weight: `{"target": "openai/gpt-6-sol", "weight": 3}`.
 */
export function parseModelClasses(text: string | undefined): Result<readonly ClassDefinition[], string> {
  if (text === undefined || text.trim() === "") return succeed([]);
  const shape =
    'MODEL_CLASSES must be JSON like {"coding":{"description":"…","targets":["openai/gpt-6-sol"]}}';
  const json = parseJson(text);
  // The parser's own message quotes the text; the operator needs the shape.
  if (!json.ok) return fail(shape);
  const parsed = ConfiguredClasses.safeParse(json.value);
  if (!parsed.success) return fail(`${shape}: ${z.prettifyError(parsed.error)}`);
  return succeed(
    Object.entries(parsed.data).map(([name, { description, targets }]) => ({ name, description, targets })),
  );
}

/** The name of a target on every wire: `provider/model-id`. */
export function toTargetName(target: { readonly provider: string; readonly modelId: string }): string {
  return `${target.provider}/${target.modelId}`;
}

function toUnknownTarget(config: ProviderConfig, modelId: string): CatalogTarget {
  return {
    provider: config.id,
    modelId,
    displayName: modelId,
    contextTokens: null,
    maxOutputTokens: null,
    vision: false,
    // Most models served behind the chat wire take tools; those that do not say so with a 400.
    tools: true,
    reasoning: false,
    sandbox: config.sandbox,
  };
}

function toConfigTargets(config: ProviderConfig): readonly CatalogTarget[] {
  const known = KNOWN_MODELS.filter((model) => model.provider === config.id).map((model) => ({
    ...model,
    provider: config.id,
    sandbox: config.sandbox,
  }));
  return [...known, ...config.models.map((modelId) => toUnknownTarget(config, modelId))];
}

/**
 * The catalog of what is configured. Models that an operator lists by hand (Ollama, a compatible endpoint) come
 * last in every built-in class: they answer when nothing else does, and make a machine with only Ollama complete.
 */
export function createCatalog(
  configs: readonly ProviderConfig[],
  configuredClasses: readonly ClassDefinition[] = [],
): Catalog {
  const targets = configs.flatMap(toConfigTargets);
  const byName = new Map(targets.map((target) => [toTargetName(target), target]));
  const byProvider = new Map<string, ProviderConfig>(configs.map((config) => [config.id, config]));
  const listed = configs.flatMap((config) => config.models.map((modelId) => `${config.id}/${modelId}`));
  const overridden = new Set(configuredClasses.map(({ name }) => name));
  const builtIn = KNOWN_CLASSES.filter(({ name }) => !overridden.has(name)).map((known) => ({
    ...known,
    targets: [...known.targets, ...listed],
  }));
  const findTarget = (name: string): readonly CatalogTarget[] => {
    const found = byName.get(name);
    if (found !== undefined) return [found];
    const { provider, modelId } = splitTarget(name);
    const config = byProvider.get(provider);
    return config === undefined ? [] : [toUnknownTarget(config, modelId)];
  };
  const definitions: readonly ClassDefinition[] = [...builtIn, ...configuredClasses];
  const classes = definitions.map(({ name, description, targets: entries }) => ({
    name,
    description,
    targets: [...new Set(entries.map(toEntryName))].flatMap(findTarget),
    weights: toWeights(entries),
  }));
  const wires = new Map<string, string>(configs.map(({ id, wire }) => [id, wire]));
  return { providers: configs.map(({ id }) => id), classes, targets, wires };
}

const toEntryName = (entry: ClassEntry): string => (typeof entry === "string" ? entry : entry.target);

function toWeights(entries: readonly ClassEntry[]): ReadonlyMap<string, number> | null {
  if (entries.every((entry) => typeof entry === "string")) return null;
  return new Map(entries.map((entry) => [toEntryName(entry), typeof entry === "string" ? 1 : entry.weight]));
}

/** True for a model whose abilities Breakwater knows, and not only its name. */
export function isKnownModel({ provider, modelId }: Target): boolean {
  return KNOWN_MODELS.some((model) => model.provider === provider && model.modelId === modelId);
}

function splitTarget(name: string): { provider: string; modelId: string } {
  const slash = name.indexOf("/");
  return { provider: name.slice(0, slash), modelId: name.slice(slash + 1) };
}

/** Finds a target that the catalog lists; null otherwise. */
export function findCatalogTarget(catalog: Catalog, provider: string, modelId: string): CatalogTarget | null {
  return catalog.targets.find((target) => target.provider === provider && target.modelId === modelId) ?? null;
}

/** What a caller asks for in order, by `models` or by `model` alone; empty when neither is there. */
export function toRequestedNames(asked: {
  readonly model?: string | undefined;
  readonly models?: readonly string[] | undefined;
}): readonly string[] {
  return asked.models ?? (asked.model === undefined ? [] : [asked.model]);
}

/**
 * Parses what a caller put into `model`: a class, or a pinned `provider/model-id`. The error is a sentence for the
 * caller that says what can be asked for.
 */
export function parseRequestedModel(catalog: Catalog, text: string): Result<RequestedModel, string> {
  const asked = text.trim();
  const choices = `Ask for a class (${catalog.classes.map(({ name }) => name).join(", ")}) or pin a model as provider/model-id`;
  // It stands in a header of the answer, which takes no control characters and no half of a sign.
  if (asked === "" || asked.length > MAX_REQUESTED_CHARACTERS || /[\s\p{Cc}\p{Cs}]/u.test(asked)) {
    return fail(`The model's name is empty, too long or has spaces or control characters in it. ${choices}.`);
  }
  if (!asked.includes("/")) {
    const modelClass = catalog.classes.find(({ name }) => name === asked);
    if (modelClass !== undefined) return succeed({ kind: "class", modelClass });
    const named = catalog.targets.find(({ modelId }) => modelId === asked);
    const hint = named === undefined ? "" : ` Did you mean ${toTargetName(named)}?`;
    return fail(`There is no model class "${asked}".${hint} ${choices}.`);
  }
  const { provider, modelId } = splitTarget(asked);
  if (modelId === "") return fail(`"${asked}" names no model. ${choices}.`);
  if (!catalog.providers.some((id) => id === provider)) {
    const configured = catalog.providers.length === 0 ? "none" : catalog.providers.join(", ");
    return fail(`No provider "${provider}" is configured (configured: ${configured}). ${choices}.`);
  }
  const found = findCatalogTarget(catalog, provider, modelId);
  if (found !== null) return succeed({ kind: "pinned", target: found, known: true });
  const sandbox = catalog.targets.some((target) => target.provider === provider && target.sandbox);
  return succeed({
    kind: "pinned",
    known: false,
    target: {
      provider: toProviderId(provider),
      modelId,
      displayName: modelId,
      contextTokens: null,
      maxOutputTokens: null,
      vision: false,
      tools: true,
      reasoning: false,
      sandbox,
    },
  });
}
