/** Rule WB26. */
import { expect, it } from "vitest";
import { toCsv } from "../../../web/admin/csv.ts";

it("[WB26] quotes what needs quotes and leaves unknown figures empty", () => {
  expect(
    toCsv(
      ["name", "count"],
      [
        ["a,b", 1],
        ['say "hi"', null],
        ["two\nlines", 0],
      ],
    ),
  ).toBe('name,count\r\n"a,b",1\r\n"say ""hi""",\r\n"two\nlines",0\r\n');
});

it("[WB26] begins no cell of text as a formula, and leaves negative numbers alone", () => {
  expect(toCsv(["a"], [["=1+1"], ["+1"], ["-1"], ["@sum"], [-1]])).toBe(
    "a\r\n'=1+1\r\n'+1\r\n'-1\r\n'@sum\r\n-1\r\n",
  );
});
