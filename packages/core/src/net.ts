/**
 * What every package shares: families, endpoints, the socket contract, clocks, deadlines and argument checks.
 *
 * @packageDocumentation
 */
export * from "@p2pd/net";
