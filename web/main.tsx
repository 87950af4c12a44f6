/** Starts the pages. */
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api.ts";
import { App } from "./app.tsx";
import { ToastProvider } from "./ui/toast.tsx";
import "./app.css";

/** An answer of the server stands; only what did not arrive, or broke there, is worth asking again. */
const MAX_RETRIES = 2;
const isWorthRetrying = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 0 || error.status >= 500);

/** Asked also while the browser thinks that it is offline: then the page says so, instead of waiting without a word. */
const networkMode = "always";

/** A sign-in that ran out is heard of first by whatever is asked next: the gate of the page looks then. Rule WB123. */
function noteRefusal(error: Error): void {
  if (error instanceof ApiError && error.status === 401) void client.invalidateQueries({ queryKey: ["me"] });
}

const client = new QueryClient({
  queryCache: new QueryCache({
    // The gate hears of its own.
    onError: (error, { queryKey }) => (queryKey[0] === "me" ? undefined : noteRefusal(error)),
  }),
  mutationCache: new MutationCache({ onError: noteRefusal }),
  defaultOptions: {
    queries: {
      networkMode,
      retry: (count, error) => count < MAX_RETRIES && isWorthRetrying(error),
      refetchOnReconnect: true,
      staleTime: 5_000,
    },
    mutations: { networkMode, retry: false },
  },
});

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element with the id root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <ToastProvider>
        <App />
      </ToastProvider>
    </QueryClientProvider>
  </StrictMode>,
);
