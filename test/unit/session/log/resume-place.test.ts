/** Where somebody who comes back goes on, and what is taken back from them. */
import { describe, expect, it } from "vitest";
import { toResumePlace } from "../../../../src/session/log/resume-place.ts";

/** A turn that lives for the third time; the last crash left ten chunks. */
const TURN = { generation: 2, rewoundTo: 10 };

describe("a place in the log", () => {
  it("[SE11] without a cursor is its beginning, whatever happened meanwhile", () => {
    for (const isLive of [true, false]) {
      expect(toResumePlace({}, TURN, isLive)).toEqual({ next: 0, rewindTo: null });
      expect(toResumePlace({ generation: 1 }, TURN, isLive)).toEqual({ next: 0, rewindTo: null });
    }
  });

  it("[SE11] is right behind the cursor while nothing has crashed", () => {
    const whole = { generation: 0, rewoundTo: 0 };
    expect(toResumePlace({ lastSequence: 41 }, whole, true)).toEqual({ next: 42, rewindTo: null });
    expect(toResumePlace({ lastSequence: 0, generation: 0 }, whole, true)).toEqual({
      next: 1,
      rewindTo: null,
    });
  });

  it("[SE52] is right behind a cursor of this generation", () => {
    expect(toResumePlace({ lastSequence: 30, generation: 2 }, TURN, true)).toEqual({
      next: 31,
      rewindTo: null,
    });
  });

  it.each([
    [8, { next: 9, rewindTo: null }],
    [9, { next: 10, rewindTo: null }],
    [10, { next: 10, rewindTo: 9 }],
    [99, { next: 10, rewindTo: 9 }],
  ])(
    "[SE52] behind %i of the generation before the crash is what the crash has left",
    (lastSequence, place) => {
      expect(toResumePlace({ lastSequence, generation: 1 }, TURN, true)).toEqual(place);
    },
  );

  it.each([0, 3, 99, undefined])(
    "[SE52] of generation %s, two crashes or a lie ago, is the beginning",
    (generation) => {
      const frame = generation === undefined ? { lastSequence: 3 } : { lastSequence: 3, generation };
      expect(toResumePlace(frame, TURN, true)).toEqual({ next: 0, rewindTo: -1 });
    },
  );

  it("[SE52] of somebody who does not say which generation it saw is one of the first", () => {
    const once = { generation: 1, rewoundTo: 4 };
    expect(toResumePlace({ lastSequence: 7 }, once, true)).toEqual({ next: 4, rewindTo: 3 });
    expect(toResumePlace({ lastSequence: 3 }, once, true)).toEqual({ next: 4, rewindTo: null });
  });

  it("[SE52] after a crash that left nothing takes everything back", () => {
    expect(toResumePlace({ lastSequence: 5 }, { generation: 1, rewoundTo: 0 }, true)).toEqual({
      next: 0,
      rewindTo: -1,
    });
  });

  it("[SE52] on the stock wire is never taken back: nothing was shown that can be lost", () => {
    expect(toResumePlace({ lastSequence: 99 }, TURN, false)).toEqual({ next: 100, rewindTo: null });
    expect(toResumePlace({ lastSequence: 3, generation: 1 }, TURN, false)).toEqual({
      next: 4,
      rewindTo: null,
    });
  });
});
