/** The sample services, by name. */
export const SAMPLE_NAMES = ["user", "license", "membership", "order", "ticket", "card"];
