/**
 * All of @p2pd/nat: discovery, the numbers and texts of NAT types and deltas, and predictions.
 *
 * @packageDocumentation
 */
export * from "@p2pd/nat";
