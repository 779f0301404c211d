/** The application's menu. Its Edit entries are what makes copy and paste work on macOS. */

import { app, Menu, type MenuItemConstructorOptions } from "electron";

/** @param show shows a page, given its path */
export function installMenu(show: (pagePath: string) => void): void {
  const page = (label: string, pagePath: string, number: number): MenuItemConstructorOptions => ({
    label,
    accelerator: `CmdOrCtrl+${number}`,
    click: () => show(pagePath),
  });
  const isMac = process.platform === "darwin";
  const template: MenuItemConstructorOptions[] = [
    ...(isMac ? [{ role: "appMenu" as const }] : []),
    { label: "&File", submenu: [isMac ? { role: "close" } : { role: "quit" }] },
    { role: "editMenu" },
    {
      label: "&Go",
      submenu: [
        page("Journeys", "/journeys", 1),
        page("Flows", "/flows", 2),
        page("Services", "/services", 3),
        page("Cluster", "/cluster", 4),
        page("Activity", "/activity", 5),
      ],
    },
    {
      label: "&View",
      submenu: [
        { role: "reload" },
        { type: "separator" },
        { role: "resetZoom" },
        { role: "zoomIn" },
        { role: "zoomOut" },
        { type: "separator" },
        { role: "togglefullscreen" },
        ...(app.isPackaged ? [] : [{ role: "toggleDevTools" as const }]),
      ],
    },
    { role: "windowMenu" },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
