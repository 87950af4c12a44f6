/**
 * From regions to the world: a provider may be unreachable from one place only. Each region has circuits of its
 * own; this decides when enough of them are open for the provider to count as down everywhere. Pure. Rules CB60 to CB64.
 */
import { z } from "zod";
import { CircuitStatus } from "../protocol/circuit.ts";
import type { CircuitPolicy } from "./policy.ts";
import type { RegionOrders } from "./region-orders.ts";

/** What a region last said of itself. PERSISTED. */
export const RegionReport = z.object({
  status: CircuitStatus,
  reason: z.string(),
  reportedAtMs: z.number(),
});
export type RegionReport = z.infer<typeof RegionReport>;

/** Cloudflare's location hints (https://developers.cloudflare.com/durable-objects/reference/data-location/). */
export const REGIONS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;
export type Region = (typeof REGIONS)[number];

/** A region that has said nothing for this long has no traffic, and no say. */
const SILENT_AFTER_MS = 15 * 60_000;

export interface WorldView {
  /** True: the provider counts as open in every region. */
  readonly down: boolean;
  /** One sentence for a person. */
  readonly reason: string;
  /** What people decided, for regions; left out where it is not handed on. */
  readonly orders?: RegionOrders;
}

/** Whether what the regions say makes the provider down everywhere. */
export function decideWorldView(
  regions: ReadonlyMap<string, RegionReport>,
  policy: Pick<CircuitPolicy, "globalShare" | "globalRegions">,
  nowMs: number,
): WorldView {
  const heard = [...regions].filter(([, report]) => nowMs - report.reportedAtMs < SILENT_AFTER_MS);
  const open = heard.filter(([, report]) => report.status !== "CLOSED").map(([name]) => name);
  const down = open.length >= policy.globalRegions && open.length >= heard.length * policy.globalShare;
  return {
    down,
    reason:
      open.length === 0
        ? "Reachable from every region."
        : `Open in ${open.length} of ${heard.length} regions (${open.join(", ")})${down ? ": down everywhere" : ""}.`,
  };
}

/** A region's place by what Cloudflare says of a request: `cf.continent`, and for North America its longitude. */
export function toRegion(place: {
  readonly continent?: string | undefined;
  readonly longitude?: string | undefined;
}): Region | null {
  switch (place.continent) {
    case "NA":
      return Number(place.longitude ?? "-80") < -100 ? "wnam" : "enam";
    case "EU":
      return Number(place.longitude ?? "0") > 20 ? "eeur" : "weur";
    case "AS":
      return Number(place.longitude ?? "100") < 60 ? "me" : "apac";
    case "SA":
      return "sam";
    case "OC":
      return "oc";
    case "AF":
      return "afr";
    default:
      return null;
  }
}
