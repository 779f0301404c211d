/** Under which type the palette hands a call (`service.function`) to the canvas when it is dragged there. */
export const PALETTE_DRAG_TYPE = "application/x-antigraph-call";
