/**
 * All of @p2pd/address: IP values, ranges, targets and names, with every error class.
 *
 * @packageDocumentation
 */
export * from "@p2pd/address";
