/**
 * `@p2pd/stun-client/transport` through the facade.
 *
 * @packageDocumentation
 */
export * from "@p2pd/stun-client/transport";
