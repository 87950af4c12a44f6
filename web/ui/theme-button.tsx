/** Goes from the system's theme to light, to dark and back. */
import { DesktopIcon } from "@phosphor-icons/react/dist/csr/Desktop";
import { MoonIcon } from "@phosphor-icons/react/dist/csr/Moon";
import { SunIcon } from "@phosphor-icons/react/dist/csr/Sun";
import { IconButton } from "./button.tsx";
import { useTheme } from "./theme.ts";

const ICON = { system: DesktopIcon, light: SunIcon, dark: MoonIcon } as const;

/** The button that changes the theme; its name says which one is on. */
export function ThemeButton() {
  const { choice, chooseNext } = useTheme();
  const Icon = ICON[choice];
  return (
    <IconButton small label={`Theme: ${choice}`} onClick={chooseNext}>
      <Icon aria-hidden size={18} />
    </IconButton>
  );
}
