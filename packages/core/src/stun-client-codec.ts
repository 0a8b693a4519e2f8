/**
 * `@p2pd/stun-client/codec` through the facade.
 *
 * @packageDocumentation
 */
export * from "@p2pd/stun-client/codec";
