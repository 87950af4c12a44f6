/**
 * The Workers' global types that Node-side code meets when it imports from src/. All of them at once would clash
 * with Node's own fetch, URL and streams.
 */
type D1Database = import("@cloudflare/workers-types").D1Database;
