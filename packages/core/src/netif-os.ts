/**
 * `@p2pd/netif/os` through the facade.
 *
 * @packageDocumentation
 */
export * from "@p2pd/netif/os";
