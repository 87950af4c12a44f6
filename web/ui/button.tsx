/** Buttons: one with words, one with an icon and a label for those who cannot see it. */
import type { ComponentProps, ReactNode } from "react";

export type ButtonLook = "primary" | "secondary" | "quiet" | "danger";

const LOOK: Record<ButtonLook, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong disabled:bg-hover disabled:text-ink-faint",
  secondary:
    "border border-line-strong bg-surface text-ink hover:bg-hover disabled:text-ink-faint disabled:hover:bg-surface",
  quiet: "text-ink-soft hover:bg-hover hover:text-ink disabled:text-ink-faint disabled:hover:bg-transparent",
  danger: "bg-bad text-surface hover:opacity-90 disabled:opacity-50",
};

interface ButtonProps extends ComponentProps<"button"> {
  readonly look?: ButtonLook;
  readonly small?: boolean;
}

/** A button with words. `type` is `button` unless told otherwise, so that it never submits by surprise. */
export function Button({ look = "secondary", small = false, className = "", ...rest }: ButtonProps) {
  const size = small ? "min-h-8 px-2.5 text-[13px]" : "min-h-10 px-4 text-sm";
  return (
    <button
      type="button"
      {...rest}
      className={`inline-flex items-center justify-center gap-1.5 rounded-lg font-medium whitespace-nowrap transition-colors ${size} ${LOOK[look]} ${className}`}
    />
  );
}

interface IconButtonProps extends Omit<ComponentProps<"button">, "aria-label" | "title"> {
  /** Its name, also shown as the browser's tooltip. */
  readonly label: string;
  readonly look?: ButtonLook;
  readonly small?: boolean;
  readonly children: ReactNode;
}

/** A square button with only an icon in it. */
export function IconButton({
  label,
  look = "quiet",
  small = false,
  className = "",
  ...rest
}: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      className={`inline-flex shrink-0 items-center justify-center rounded-lg transition-colors ${small ? "size-8" : "size-10"} ${LOOK[look]} ${className}`}
    />
  );
}
