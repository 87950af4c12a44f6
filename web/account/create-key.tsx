/** Makes an API key and shows its secret, once. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { CreatedApiKey } from "../../src/protocol/account.ts";
import { createKey, toErrorText } from "../api.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Dialog } from "../ui/dialog.tsx";

/** A bound of the wire: `CreateApiKeyBody` in src/protocol/account.ts. */
const MAX_NAME_CHARACTERS = 100;

function CreatedDialog({
  created,
  onClose,
}: {
  readonly created: CreatedApiKey;
  readonly onClose: () => void;
}) {
  // A page that is left takes the key with it.
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, []);
  return (
    <Dialog title="Your new key" isKept onClose={onClose}>
      <p className="text-sm text-ink-soft">
        Copy it now: it is stored only as a hash and cannot be shown again.
      </p>
      <div className="mt-4 flex items-center gap-1 rounded-lg border border-line bg-code p-1 pl-3">
        <code aria-label="API key" className="min-w-0 flex-1 font-mono text-[13px] break-all">
          {created.key}
        </code>
        <CopyButton label="Copy key" read={() => created.key} />
      </div>
      <div className="mt-6 flex justify-end">
        <Button look="primary" onClick={onClose}>
          I have copied it
        </Button>
      </div>
    </Dialog>
  );
}

/** A name and a button; then a dialog with the key. */
export function CreateKey() {
  const [name, setName] = useState("");
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: () => createKey(name.trim()),
    onSuccess: () => {
      setName("");
      return client.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  return (
    <form
      aria-label="Create a key"
      className="card flex flex-wrap items-end gap-3 p-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") create.mutate();
      }}
    >
      <div className="min-w-48 flex-1">
        <label htmlFor="key-name" className="mb-1 block text-sm font-medium">
          Name of the key
        </label>
        <input
          id="key-name"
          value={name}
          maxLength={MAX_NAME_CHARACTERS}
          onChange={(event) => setName(event.target.value)}
          placeholder="What will use it?"
          autoComplete="off"
          className="field"
        />
      </div>
      <Button type="submit" look="primary" disabled={name.trim() === "" || create.isPending}>
        Create key
      </Button>
      {create.error !== null && (
        <p role="alert" className="w-full text-sm text-bad">
          {toErrorText(create.error)}
        </p>
      )}
      {create.data !== undefined && <CreatedDialog created={create.data} onClose={create.reset} />}
    </form>
  );
}
