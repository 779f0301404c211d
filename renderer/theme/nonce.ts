/** The nonce of this answer for style elements made at run time; the host puts it into index.html. */
export function styleNonce(): string {
  const meta = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]");
  return meta?.nonce || meta?.getAttribute("nonce") || "";
}

/** react-remove-scroll, which Mantine's dialogs use, looks for the nonce under this name. */
export function announceStyleNonce(): void {
  Object.assign(globalThis, { __webpack_nonce__: styleNonce() });
}
