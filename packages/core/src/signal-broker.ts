/**
 * A signal broker to run or to embed.
 *
 * @packageDocumentation
 */
export * from "@p2pd/signal/broker";
