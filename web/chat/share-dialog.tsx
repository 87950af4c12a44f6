/** The read-only link of a chat: made, copied, made anew, taken back. The link itself is told once, when it is made. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { LinkIcon } from "@phosphor-icons/react/dist/csr/Link";
import { makeShare, readShare, revokeShare, toErrorText } from "../api.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { formatMoment } from "../ui/format.ts";
import { SkeletonLines } from "../ui/page-state.tsx";

function useShare(sessionId: string) {
  const client = useQueryClient();
  const queryKey = ["share", sessionId];
  const refresh = () => client.invalidateQueries({ queryKey });
  const state = useQuery({ queryKey, queryFn: () => readShare(sessionId) });
  const make = useMutation({ mutationFn: () => makeShare(sessionId), onSuccess: refresh });
  const revoke = useMutation({
    mutationFn: () => revokeShare(sessionId),
    onSuccess: () => {
      make.reset();
      return refresh();
    },
  });
  return { state, make, revoke };
}

type Share = ReturnType<typeof useShare>;

function NewLink({ url }: { readonly url: string }) {
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex items-center gap-1">
        <input
          readOnly
          value={url}
          aria-label="Link"
          onFocus={(event) => event.target.select()}
          className="field min-w-0 flex-1 font-mono text-[13px]!"
        />
        <CopyButton label="Copy link" read={() => url} />
      </div>
      <p role="status" className="text-[13px] text-ink-soft">
        The link works now. Copy it: it is not shown again.{" "}
        <a
          href={url}
          target="_blank"
          rel="noopener"
          className="font-medium text-accent underline underline-offset-2"
        >
          Look at it
        </a>
      </p>
    </div>
  );
}

function Body({ share, onClose }: { readonly share: Share; readonly onClose: () => void }) {
  const { state, make, revoke } = share;
  const error = state.error ?? make.error ?? revoke.error;
  const isBusy = make.isPending || revoke.isPending;
  const isShared = state.data?.isShared === true;
  const createdAt = state.data?.createdAt ?? null;
  return (
    <div className="flex flex-col gap-4 text-sm">
      <p className="text-ink-soft">
        Whoever has the link can read this chat as it is shown, also what is added later, without signing in.
        Files, thoughts, prices and reasons are left out.
      </p>
      {state.isPending && <SkeletonLines count={1} />}
      {make.data !== undefined && <NewLink url={make.data.url} />}
      {make.data === undefined && isShared && (
        <p className="flex items-center gap-2">
          <LinkIcon aria-hidden size={18} className="shrink-0 text-accent" />
          <span>
            There is a link{createdAt !== null && `, made on ${formatMoment(Date.parse(createdAt))}`}. A new
            one takes its place.
          </span>
        </p>
      )}
      {error !== null && (
        <p role="alert" className="text-bad">
          {toErrorText(error)}
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Close</Button>
        {state.error !== null && <Button onClick={() => void state.refetch()}>Try again</Button>}
        {isShared && (
          <Button disabled={isBusy} onClick={() => revoke.mutate()} className="text-bad!">
            Revoke the link
          </Button>
        )}
        {state.data !== undefined && (
          <Button look="primary" disabled={isBusy} onClick={() => make.mutate()}>
            {isShared ? "Make a new link" : "Make a link"}
          </Button>
        )}
      </div>
    </div>
  );
}

/** The dialog for sharing. A link that was just made goes with it, and so it closes by its button alone. Rule WB124. */
export function ShareDialog({
  sessionId,
  onClose,
}: {
  readonly sessionId: string;
  readonly onClose: () => void;
}) {
  const share = useShare(sessionId);
  return (
    <Dialog title="Share this chat" onClose={onClose} isKept={share.make.data !== undefined}>
      <Body share={share} onClose={onClose} />
    </Dialog>
  );
}
