/** Catches what a page throws while drawing, a piece of code that could not be loaded included. */
import { Component } from "react";
import type { ErrorInfo, ReactNode } from "react";
import { Button } from "./button.tsx";

interface Props {
  readonly children: ReactNode;
}
interface State {
  readonly isBroken: boolean;
}

/** Shows a way on instead of an empty page; the detail goes to the browser's console. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { isBroken: false };

  static getDerivedStateFromError(): State {
    return { isBroken: true };
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    console.error("a page failed while drawing", error, info.componentStack);
  }

  override render(): ReactNode {
    if (!this.state.isBroken) return this.props.children;
    return (
      <main role="alert" className="flex h-full flex-col items-center justify-center gap-3 p-4 text-center">
        <h1 className="text-xl font-semibold tracking-tight">This page broke</h1>
        <p className="max-w-sm text-ink-soft">
          Your chats are safe on the server. Reload to go on; after an update of Breakwater that is all it
          takes.
        </p>
        <Button look="primary" onClick={() => location.reload()}>
          Reload
        </Button>
      </main>
    );
  }
}
