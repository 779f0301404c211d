import { Component, type ReactNode } from "react";
import { ErrorState } from "./states.tsx";

/** Keeps a page's failure on that page: the frame stays usable, and the operator can try again. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    return (
      <ErrorState
        what="This page failed."
        error={this.state.error}
        onRetry={() => this.setState({ error: undefined })}
      />
    );
  }
}
