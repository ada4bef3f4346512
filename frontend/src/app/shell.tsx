import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  Menu,
  NavLink,
  Text,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconActivity,
  IconFileText,
  IconFolders,
  IconLanguage,
  IconLogout,
  IconMoon,
  IconPhoto,
  IconSearch,
  IconSun,
  IconUsers,
} from "@tabler/icons-react";
import { Suspense, useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Outlet, NavLink as RouterLink, useLocation, useNavigate } from "react-router";
import { signOut, useSession } from "../api/session";
import { SignIn } from "../views/signin/signin";
import { Busy } from "./busy";
import { choose, LANGUAGES, type Language } from "./i18n";
import classes from "./shell.module.css";
import { useSlash } from "./slash";

const VIEWS = [
  { path: "/", name: "read", Icon: IconFileText },
  { path: "/photos", name: "photos", Icon: IconPhoto },
  { path: "/search", name: "search", Icon: IconSearch },
  { path: "/people", name: "people", Icon: IconUsers },
  { path: "/rescans", name: "rescans", Icon: IconFolders },
  { path: "/system", name: "system", Icon: IconActivity },
] as const;

export function Shell() {
  const { t } = useTranslation();
  const [open, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const away = pathname !== "/search"; // there the field listens itself
  useSlash(useCallback(() => void (away && navigate("/search", { state: { called: true } })), [away, navigate]));
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 200, breakpoint: "sm", collapsed: { mobile: !open } }}
      padding="md"
    >
      <AppShell.Header>
        <a href="#content" className={classes.skip}>
          {t("skip")}
        </a>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t("menu")} />
            <UnstyledButton component={RouterLink} to="/" onClick={close}>
              <Group gap={8} wrap="nowrap">
                <span className={classes.lamp} aria-hidden />
                <Text fw={650} size="lg">
                  Darkroom
                </Text>
              </Group>
            </UnstyledButton>
          </Group>
          <Choices />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label={t("menu")}>
        {VIEWS.map(({ path, name, Icon }) => (
          <NavLink
            key={path}
            component={RouterLink}
            to={path}
            onClick={close}
            label={t(name)}
            leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
            active={path === "/" ? pathname === "/" || pathname.startsWith("/read") : pathname.startsWith(path)}
            className={classes.link}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <SignIn>
          <Suspense fallback={<Busy />}>
            <Outlet />
          </Suspense>
        </SignIn>
      </AppShell.Main>
    </AppShell>
  );
}

function Choices() {
  const { t, i18n } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  const { credential } = useSession();
  return (
    <Group gap={4} wrap="nowrap">
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("language")}>
            <IconLanguage size={20} stroke={1.6} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {Object.entries(LANGUAGES).map(([code, name]) => (
            <Menu.Item
              key={code}
              lang={code}
              onClick={() => choose(code as Language)}
              fw={i18n.language === code ? 650 : 400}
            >
              {name}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={t("theme")}
        onClick={() => setColorScheme(dark ? "light" : "dark")}
      >
        {dark ? <IconSun size={20} stroke={1.6} /> : <IconMoon size={20} stroke={1.6} />}
      </ActionIcon>
      {credential && (
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("signOut")} onClick={signOut}>
          <IconLogout size={20} stroke={1.6} />
        </ActionIcon>
      )}
    </Group>
  );
}
