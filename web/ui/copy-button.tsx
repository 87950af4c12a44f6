/** Copies a text and says so for a moment. */
import { useEffect, useState } from "react";
import { CheckIcon } from "@phosphor-icons/react/dist/csr/Check";
import { CopyIcon } from "@phosphor-icons/react/dist/csr/Copy";
import { IconButton } from "./button.tsx";
import { useToaster } from "./toast.tsx";

/** Long enough to be seen after the hand left the mouse. */
const SAID_MS = 1_500;

/** An icon button that copies what `read` gives at the moment of the press. */
export function CopyButton({ label, read }: { readonly label: string; readonly read: () => string }) {
  const [isCopied, setIsCopied] = useState(false);
  const { complain } = useToaster();
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setIsCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(read());
      setIsCopied(true);
    } catch {
      complain("The browser did not allow copying. Select the text and copy it by hand.");
    }
  }
  return (
    <IconButton small label={isCopied ? "Copied" : label} onClick={() => void copy()}>
      {isCopied ? (
        <CheckIcon aria-hidden size={16} className="text-good" />
      ) : (
        <CopyIcon aria-hidden size={16} />
      )}
    </IconButton>
  );
}
