/**
 * Builds the pages in web/ into dist/web, which the Worker serves as static assets. `npx vite` serves them with
 * hot reload and passes everything else to a Breakwater that runs on its usual port.
 */
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import type { Plugin } from "vite";

/** Each Phosphor icon carries six weights; the pages draw three of them. Dropping the others halves the icons. */
function keepUsedIconWeights(): Plugin {
  return {
    name: "keep-used-icon-weights",
    apply: "build",
    transform: {
      filter: { id: /@phosphor-icons\/react\/dist\/defs\// },
      handler: (code) => ({
        code: code.replace(
          /\n {2}\[\n {4}"(?:thin|light|duotone)",[\s\S]*?\n {2}\](?=,?\n)/g,
          '\n  ["", null]',
        ),
        map: null,
      }),
    },
  };
}

const BACKEND = "http://127.0.0.1:8787";

export default defineConfig({
  root: fileURLToPath(new URL("web", import.meta.url)),
  plugins: [keepUsedIconWeights(), react(), tailwindcss()],
  build: {
    outDir: fileURLToPath(new URL("dist/web", import.meta.url)),
    emptyOutDir: true,
    target: "es2023",
    // The content security policy allows scripts from this origin only: nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The chat page comes in one file on purpose: it needs all of it, and one file compresses best.
    chunkSizeWarningLimit: 700,
  },
  server: {
    host: "127.0.0.1",
    // With their slash: web/api.ts is a file of the pages.
    proxy: {
      "/api/": { target: BACKEND, ws: true },
      "/v1/": BACKEND,
      "/health": BACKEND,
      "/openapi.json": BACKEND,
    },
  },
});
