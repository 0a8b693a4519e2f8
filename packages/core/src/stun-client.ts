/**
 * All of @p2pd/stun-client: the client, the choice of servers, and every error class.
 *
 * @packageDocumentation
 */
export * from "@p2pd/stun-client";
