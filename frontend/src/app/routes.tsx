import { Anchor, Stack, Title } from "@mantine/core";
import { lazy } from "react";
import { useTranslation } from "react-i18next";
import { createBrowserRouter, isRouteErrorResponse, Link, useRouteError } from "react-router";
import { Shell } from "./shell";
import { Trouble } from "./trouble";

const Read = lazy(() => import("../views/read/read"));
const Photos = lazy(() => import("../views/photos/photos"));
const Search = lazy(() => import("../views/search/search"));
const People = lazy(() => import("../views/people/people"));
const Person = lazy(() => import("../views/people/person"));
const Rescans = lazy(() => import("../views/rescans/rescans"));
const Rescan = lazy(() => import("../views/rescans/rescan"));
const System = lazy(() => import("../views/system/system"));

export const router = createBrowserRouter([
  {
    path: "/",
    Component: Shell,
    ErrorBoundary: Broken,
    children: [
      { index: true, Component: Read },
      { path: "read/:job", Component: Read },
      { path: "photos", Component: Photos },
      { path: "photos/:job", Component: Photos },
      { path: "search", Component: Search },
      { path: "people", Component: People },
      { path: "people/:person", Component: Person },
      { path: "rescans", Component: Rescans },
      { path: "rescans/:job", Component: Rescan },
      { path: "system", Component: System },
      { path: "*", Component: Nowhere },
    ],
  },
]);

function Nowhere() {
  const { t } = useTranslation();
  return (
    <Stack>
      <Title order={2}>{t("notFound")}</Title>
      <Anchor component={Link} to="/">
        {t("home")}
      </Anchor>
    </Stack>
  );
}

function Broken() {
  const error = useRouteError();
  return isRouteErrorResponse(error) && error.status === 404 ? (
    <Nowhere />
  ) : (
    <Trouble error={error} retry={() => location.reload()} />
  );
}
