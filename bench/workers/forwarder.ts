/**
 * The limit of `npm run bench -- http`: a Worker that sends each request on to the provider and gives its answer back. It
 * reads nothing, knows nobody and writes nothing down.
 */
interface ForwarderBindings {
  readonly UPSTREAM_URL: string;
}

export default {
  fetch: (request, env) => {
    const { pathname } = new URL(request.url);
    return fetch(`${env.UPSTREAM_URL}${pathname.replace(/^\/v1/, "")}`, request);
  },
} satisfies ExportedHandler<ForwarderBindings>;
