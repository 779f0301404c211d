/** Everything below /profiles. */
import { lazy } from "react";
import { Route, Routes } from "react-router";
import { NotFound } from "../frame/not-found.tsx";
import { ProfileListPage } from "./profile-list.tsx";

const ProfileFormPage = lazy(() =>
  import("./profile-form-page.tsx").then((module) => ({ default: module.ProfileFormPage })),
);

export function ProfilesPage() {
  return (
    <Routes>
      <Route index element={<ProfileListPage />} />
      <Route path="new" element={<ProfileFormPage />} />
      <Route path="named/:name" element={<ProfileFormPage />} />
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}
