/**
 * Loaded before Portkey, which answers every streamed call with 500 on Node: it sets headers on the response that `fetch`
 * gave it, and those cannot be changed there. With a copy in its place its streams run, and can be measured.
 */
const plainFetch = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const response = await plainFetch(input, init);
  const { status, statusText, headers } = response;
  return new Response(response.body, { status, statusText, headers: new Headers(headers) });
};
