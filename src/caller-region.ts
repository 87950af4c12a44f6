/**
 * Where the callers of this isolate are. One isolate may serve two regions (a place near 20° E, or near 100° W), and
 * what it knows of one says nothing about the other. Rule CB60.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { z } from "zod";
import { toRegion, type Region } from "./circuit/regions.ts";

const Place = z.object({ continent: z.string().optional(), longitude: z.string().optional() });

/** Goes with a request through everything it waits for; another one may come meanwhile from elsewhere. */
const regionOfRequest = new AsyncLocalStorage<Region | null>();
/** For what no request is at work on: an object's events say nothing about a place. Null: the world's circuits. */
let latestRegion: Region | null = null;

/** Does the work of a request for its region; `cf` is what the platform says of where it comes from. */
export function workForCaller<Done>(cf: unknown, work: () => Done): Done {
  latestRegion = toRegion(Place.safeParse(cf).data ?? {});
  return regionOfRequest.run(latestRegion, work);
}

/** One of its kind for each region, made when first needed. What is returned gives the one of the caller. */
export function keepForEachRegion<Kept>(make: (region: Region | null) => Kept): () => Kept {
  const kept = new Map<Region | null, Kept>();
  return () => {
    const own = regionOfRequest.getStore();
    const region = own === undefined ? latestRegion : own;
    let found = kept.get(region);
    if (found === undefined) {
      found = make(region);
      kept.set(region, found);
    }
    return found;
  };
}
