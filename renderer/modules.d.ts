declare module "*.module.css" {
  /** Class names as written in the file -> as they stand in the page. */
  const classes: Readonly<Record<string, string>>;
  export default classes;
}
declare module "*.css";

/** One icon a file; the package's main entry would make the bundler read all six thousand. */
declare module "@tabler/icons-react/dist/esm/icons/*.mjs" {
  const icon: typeof import("@tabler/icons-react").IconCheck;
  export default icon;
}
