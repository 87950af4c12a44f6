/** Which page an address shows. The chat comes with the first load; the others are fetched when they are wanted. */
import { lazy, Suspense } from "react";
import { Route, Switch, useRoute } from "wouter";
import { SignForm } from "./account/sign-form.tsx";
import { ChatPage } from "./chat/chat-page.tsx";
import { ErrorBoundary } from "./ui/error-boundary.tsx";
import { Logo } from "./ui/logo.tsx";
import { NotFound } from "./ui/not-found.tsx";

const ConsolePage = lazy(async () => ({ default: (await import("./admin/console-page.tsx")).ConsolePage }));
const KeysPage = lazy(async () => ({ default: (await import("./account/keys-page.tsx")).KeysPage }));
const DocsPage = lazy(async () => ({ default: (await import("./docs/docs-page.tsx")).DocsPage }));
const SharedPage = lazy(async () => ({ default: (await import("./shared/shared-page.tsx")).SharedPage }));

function Loading() {
  return (
    <main className="flex h-full items-center justify-center">
      <div role="status" aria-label="Loading" className="animate-pulse">
        <Logo size={48} />
      </div>
    </main>
  );
}

/** The pages by address. */
export function App() {
  const [isHome] = useRoute("/");
  const [isChat, chat] = useRoute("/c/:sessionId");
  return (
    <ErrorBoundary>
      <Suspense fallback={<Loading />}>
        {isHome || isChat ? (
          // One element for both, so that the list of chats stays as it is while the chat beside it changes.
          <ChatPage sessionId={chat?.sessionId ?? null} />
        ) : (
          <Switch>
            <Route path="/sign-in">
              <SignForm key="sign-in" kind="sign-in" />
            </Route>
            <Route path="/sign-up">
              <SignForm key="sign-up" kind="sign-up" />
            </Route>
            <Route path="/console/*?">
              <ConsolePage />
            </Route>
            <Route path="/keys">
              <KeysPage />
            </Route>
            <Route path="/docs/:operationId?">
              {({ operationId }) => <DocsPage operationId={operationId ?? null} />}
            </Route>
            <Route path="/shared/:token">{({ token }) => <SharedPage key={token} token={token} />}</Route>
            <Route>
              <NotFound />
            </Route>
          </Switch>
        )}
      </Suspense>
    </ErrorBoundary>
  );
}
