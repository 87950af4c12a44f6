/** What of an answer's angle brackets is a tag and what is words. Rule WB92. */
import { Marked } from "marked";
import { describe, expect, it } from "vitest";
import { toTagHtml, unpairTags } from "../../../web/chat/answer/answer-tags.ts";

const marked = new Marked({ gfm: true, walkTokens: unpairTags, renderer: { html: toTagHtml } });
const draw = (text: string) => marked.parse(text, { async: false }).trim();

describe("angle brackets in an answer", () => {
  it.each([
    ["a type", "Use List<String> or Option<A>.", "<p>Use List&lt;String> or Option&lt;A>.</p>"],
    ["a place to fill in", "Write <your-name> there.", "<p>Write &lt;your-name> there.</p>"],
    ["a tag that is told of", "The <header> and the <input>", "<p>The &lt;header> and the &lt;input></p>"],
    ["a comment", "a <!-- note --> b", "<p>a &lt;!-- note --> b</p>"],
    ["a script", "<script>\nalert(1)\n</script>", "<p>&lt;script><br>alert(1)<br>&lt;/script></p>"],
    ["a program", "<?php echo 1 ?>", "<p>&lt;?php echo 1 ?></p>"],
    ["a picture", '<img src="x" onerror="y">', '<p>&lt;img src="x" onerror="y"></p>'],
    ["a tag in a cell", "| a |\n|---|\n| Map<K> |", "<td>Map&lt;K></td>"],
    ["a tag in a heading", "# The <T> of it", "<h1>The &lt;T> of it</h1>"],
  ])("[WB92] %s is words", (_what, text, html) => {
    expect(draw(text)).toContain(html);
  });

  it.each([
    ["before", "It opens with <details> and goes on", "<p>It opens with &lt;details> and goes on</p>"],
    ["behind", "It closes with </details>.", "<p>It closes with &lt;/details>.</p>"],
    ["inside", "<b>The <a> tag</b>", "<p><b>The &lt;a> tag</b></p>"],
    ["in a cell", "| <b> | x |\n|---|---|\n| y | z |", "<th>&lt;b></th>"],
  ])("[WB92] a tag without a partner is words, %s", (_where, text, html) => {
    expect(draw(text)).toContain(html);
  });

  it.each([
    ["H<sub>2</sub>O", "<p>H<sub>2</sub>O</p>"],
    ["one<br>two<br/>three", "<p>one<br>two<br/>three</p>"],
    [
      '<b>bold</b> <a href="https://example.org">link</a>',
      '<p><b>bold</b> <a href="https://example.org">link</a></p>',
    ],
    [
      "<details><summary>More</summary>\n\nin\n\n</details>",
      "<details><summary>More</summary><p>in</p>\n</details>",
    ],
    ["`<T>` and 1 < 2", "<p><code>&lt;T&gt;</code> and 1 &lt; 2</p>"],
  ])("[WB92] %s is drawn", (text, html) => {
    expect(draw(text)).toBe(html);
  });
});
