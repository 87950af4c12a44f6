/** The document's first words: what holds for every operation. Markdown. */
export const INTRODUCTION = `
One API over many model providers. An answer whose provider dies is gone on with by another one; a stream that broke
never looks finished; who answered, why and at what price is on record.

## Who you are

Programs send an API key, made on the page **API keys**, as \`Authorization: Bearer KEY\` or \`x-api-key: KEY\`. Pages
send the cookie of whoever is signed in. What is for people, or for admins, refuses keys.

## What to ask for

\`model\` is a class (\`fast\`, \`balanced\`, \`frontier\`, \`reasoning\`), served by the first healthy candidate, or a
target \`provider/model-id\`. \`models\` is an ordered list of either, tried in turn. Unknown fields are refused by name.

## How answers end

Every answer ends in one of \`complete\`, \`incomplete\`, \`failed\`, \`cancelled\`. The last object of every answer has
\`breakwater\`: that state, the legs (who gave which part, tokens and cost of each), the number of calls, and the id of
the selection, which says who could have answered and why in this order.

## Errors

On \`/v1/*\` an error is \`{"error": {"message", "type", "param", "code"}}\`, elsewhere problem details (RFC 9457). Both
name what to change. Every answer carries \`x-request-id\`, which is what the log knows a request by.
`.trim();
