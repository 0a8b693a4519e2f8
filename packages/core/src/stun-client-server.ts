/**
 * `@p2pd/stun-client/server` through the facade.
 *
 * @packageDocumentation
 */
export * from "@p2pd/stun-client/server";
